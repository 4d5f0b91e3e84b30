"""The site as its readers meet it: a page of every kind in a real browser, and every link that leads on."""

import gzip
import html
import json
import re
import subprocess
from collections import Counter, deque
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from browsing import opened
from conftest import missing
from serving import PATIENCE_S

AXE = Path(__file__).parents[1] / "api" / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {
    "home": "/",
    "plan": "/doc/plan/iot-2013_standards",
    "task": "/doc/task/iot-2013_standards_2",
    "body": "/doc/actor/sac",
    "sector": "/doc/sector/agriculture",
    "technology": "/doc/technology/smart-sensor",
    "place": "/doc/place/wuxi-zone",
    "anchor": "/doc/anchor/iot-2013_3883-3890",
    "target": "/doc/target/iot-2013_application_10_care-institutions",
    "project": "/doc/initiative/iot-2013_application_10_hospital-management",
    "questions": "/queries",
    "question": "/queries/owner-and-deadline?plan=standards",
    "contents": "/source/iot-2013",
    "reader": "/source/iot-2013/standards",
    "search": "/search?q=RFID",
    "pictures": "/pictures",
    "picture": "/pictures/sectors",
    "deadlines": "/pictures/deadlines",
    "choose": "/compare",
    "compare": "/compare?plan=standards&plan=security",
    "quality": "/quality",
    "ontology": "/ontology",
    "explain": "/explain?s=task:iot-2013_standards_2&p=iotkg:ownedBy&o=actor:sac",
    "dumps": "/dumps",
    "api": "/docs",
    "nowhere": "/doc/task/nothing",
}
EDITOR = "/sparql"
STATES = {
    "editor": EDITOR,
    "answered": "/sparql?query=SELECT+%3Fs+%7B%3Fs+%3Fp+%3Fo%7D+LIMIT+3",
    "refused": "/sparql?query=SELECT",
    "drawn": "/sparql?query=CONSTRUCT+WHERE+%7B%3Fs+%3Fp+%3Fo%7D+LIMIT+3",
    "found nothing": "/search?q=qqqqqq",
    "to be explained": "/explain",
    "questions found": "/queries?q=task",
    "paged": "/queries/technologies-in-plans?offset=200",
    "window": "/doc/actor/sac?page-in=iotkg:identifies",
    "marked": "/source/iot-2013/standards?char=3883,3890&show=all&uncovered=1",
    "bodies": "/compare?body=miit&body=sac&show=differing",
}
"""What pages look like after something was asked of them."""
MOST_BYTES = 150_000
"""What a page may weigh, compressed, with its scripts and styles, the editor apart."""
OF_A_KIND = 6
"""Pages of one kind that the crawl opens; what they link to is asked for all the same kinds."""


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", [*PAGES, "editor"])
def test_a_page_is_for_everybody(served, browser, kind, lang):
    """axe-core finds nothing, by day and by night; nothing runs over on a phone; nothing leaves the site."""
    if not AXE.exists():
        missing("axe-core (make web)")
    path = {**PAGES, "editor": EDITOR}[kind]
    path += f"{'&' if '?' in path else '?'}lang={lang}"
    for scheme in ("light", "dark"):
        with opened(browser, served, path, color_scheme=scheme, bypass_csp=True) as tab:
            tab.wait_for_timeout(300)
            tab.evaluate(AXE.read_text())
            found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        told = [(it["id"], [node["html"][:160] for node in it["nodes"]][:4]) for it in found]
        assert told == [], scheme
    with opened(browser, served, path, viewport={"width": 390, "height": 800}) as tab:
        assert tab.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0


def test_pages_are_valid_html(served):
    """html-validate, strict, on every kind of page and what becomes of it, in both languages; see validate.mjs."""
    if not (AXE.parents[1] / "html-validate").exists():
        missing("html-validate (make web)")
    pages = {}
    for kind, path in {**PAGES, **STATES}.items():
        for lang in ("en", "zh"):
            told = {"Accept": "text/html", "Accept-Language": lang}
            page = httpx.get(f"{served.url}{path}", headers=told, timeout=PATIENCE_S)
            assert page.status_code == {"nowhere": 404, "refused": 400}.get(kind, 200)
            pages[f"{kind}, {lang}"] = page.text
    done = subprocess.run(
        ["node", AXE.parents[2] / "validate.mjs"],
        input=json.dumps(pages),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_light(served, kind):
    """The document with all that it loads, compressed."""
    page = httpx.get(f"{served.url}{PAGES[kind]}", headers={"Accept": "text/html"}, timeout=PATIENCE_S).text
    todo = deque(re.findall(r'(?:<script[^>]*\ssrc|<link rel="stylesheet" href)="([^"]*)"', page))
    loaded = {}
    while todo:
        path = html.unescape(todo.popleft())
        if path not in loaded:
            loaded[path] = httpx.get(f"{served.url}{path}", timeout=PATIENCE_S).text
            parts = re.findall(r'(?:from|import)\s*"\./(built-[^"]*)"', loaded[path])
            todo.extend(f"/static/{part}" for part in parts)
    assert sum(len(gzip.compress(text.encode())) for text in (page, *loaded.values())) < MOST_BYTES, list(
        loaded
    )


def test_every_link_leads_somewhere(served):
    """From the first page on, some pages of every kind: what they link to answers, and has the part they name."""
    todo, seen, broken = deque(["/?lang=en"]), {}, []
    wanted, opened_of = [], Counter()
    with httpx.Client(base_url=served.url, headers={"Accept": "text/html"}, timeout=PATIENCE_S) as client:
        while todo:
            path = todo.popleft()
            kind = "/".join(path.partition("?")[0].split("/")[:3])
            if path in seen or opened_of[kind] >= OF_A_KIND:
                continue
            opened_of[kind] += 1
            answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.1"})
            seen[path] = None if answer.is_redirect else set(re.findall(r'\sid="([^"]*)"', answer.text))
            if answer.status_code >= 400:
                broken.append((answer.status_code, path))
            if answer.is_redirect:
                todo.append(answer.headers["location"].removeprefix(served.url).partition("#")[0])
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            for link in re.findall(r'(?:href|src)="([^"]*)"', answer.text):
                target, _, part = html.unescape(link).removeprefix(served.url).partition("#")
                if target.startswith("/") or not target:
                    todo.append(target or path)
                    wanted.append((target or path, part, path))
    assert broken == []
    lost = [
        (target, part, path)
        for target, part, path in wanted
        if part and seen.get(target) is not None and not {part, unquote(part)} & seen[target]
    ]
    assert lost == []
    assert len(seen) > 200
    assert len(opened_of) > 40
