"""Search as its users meet it: page, JSON, suggestions, a browser's own box and the command, on a real served."""

import re
import shutil
import subprocess
import sys
from html import unescape
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest
from html5rdf import HTMLParser

from browsing import opened
from iotkg import search
from iotkg.searchable import KINDS
from iotkg.vocab import ID
from iotkg_api import searching
from iotkg_api.wording import WORDING

OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


@pytest.fixture(scope="module")
def ask(served):
    """Ask the server: JSON unless the headers say otherwise."""
    with httpx.Client(base_url=served.url, timeout=60, headers={"Accept": "application/json"}) as client:

        def get(path="/search", *, html=False, **parameters):
            headers = {"Accept": "text/html"} if html else {}
            return client.get(path, params=parameters or None, headers=headers)

        yield get


def marks(told):
    return {told["text"][start:end] for start, end in told["marks"]}


def plain(html):
    """Give what a reader sees."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def hits(html):
    return re.findall(r'<li class="hit">.*?</li>\n', html, re.DOTALL)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("无锡", "place/wuxi-zone"),
        ("國家標準", "instrument/national-standards"),
        ("ＲＦＩＤ", "technology/rfid"),
        ("工信部", "actor/miit"),
        (f"{ID}task/iot-2013_standards_2", "task/iot-2013_standards_2"),
        ('"smart grid"', "sector/smart-grid"),
    ],
)
def test_page_and_json_give_the_same_answers(ask, question, first):
    told = ask(q=question).json()
    assert told["results"][0]["iri"] == ID + first
    for language in ("en", "zh"):
        html = ask(q=question, lang=language, html=True).text
        shown = hits(html)
        assert len(shown) == len(told["results"])
        for hit, result in zip(shown, told["results"], strict=True):
            assert f'href="{result["url"]}?lang={language}"' in hit
        for facet in (*told["kinds"], *told["plans"]):
            assert f"{facet['label'][language]} {facet['count']}" in plain(html)
        assert unescape(re.search(r'name="q" value="([^"]*)"', html)[1]) == question


def test_who_reads_english_reads_what_the_chinese_says(ask):
    """Where the words stand in a Chinese definition or sentence alone, its English stands beside it."""
    (hit,) = hits(ask(q="拟构建，与无锡示范区相联系", lang="en", html=True).text)
    assert "<mark>" in hit
    assert "Wuxi" in plain(hit)
    (hit,) = hits(ask(q="国内外物联网人才培训机构", kind="passage", lang="en", html=True).text)
    assert "IoT talent training institutions" in plain(hit)


def test_what_is_marked_is_what_was_asked_for(ask):
    """In the JSON as offsets, on the page as mark elements; through traditional characters and stems too."""
    for question, allowed in (("標準", {"标准"}), ("ｓtandards", None), ("无锡", {"无锡"})):
        told = ask(q=question, limit=100).json()
        found = {
            mark for it in told["results"] for text in (*it["names"], *it["texts"]) for mark in marks(text)
        }
        shown = set(map(unescape, re.findall(r"<mark>(.*?)</mark>", ask(q=question, html=True).text)))
        assert shown <= found
        assert found
        if allowed:
            assert {"".join(mark.split()) for mark in found} <= {"标准", "标准标准", "无锡"}
        else:
            assert all(mark.lower().startswith("standard") for mark in found)


def test_facets_and_pages_are_links_that_keep_their_promise(ask):
    html = ask(q="标准", lang="zh", html=True).text
    links = re.findall(
        r'<li><a href="([^"]+)">[^<]*(?:<span[^>]*>[^<]*</span>)? <span class="count">(\d+)</span>', html
    )
    assert len(links) > 15
    for href, count in links[::4]:
        there = ask(unescape(href), html=True).text
        assert f"共{count}条结果" in there
        assert 'aria-current="true"' in there
    following = unescape(re.search(r'rel="next" href="([^"]+)"', html)[1])
    assert "第21–40条" in ask(following, html=True).text
    told = ask(q="标准").json()
    seen = [it["iri"] for it in told["results"]]
    while told["next"]:
        told = ask(told["next"]).json()
        seen += [it["iri"] for it in told["results"]]
    assert len(seen) == told["total"] > 100


def test_a_sentence_leads_to_its_place_and_its_clauses(ask, served):
    told = ask(q="无锡", kind="passage", limit=100).json()
    text = httpx.post(
        served.sparql,
        data={"query": "SELECT ?t { ?s <https://w3id.org/iotkg/ontology#textContent> ?t }"},
        headers={"Accept": "text/csv"},
        timeout=60,
    )
    assert told["total"] == len(told["results"]) > 5
    for it in told["results"]:
        assert it["document"] == "iot-2013"
        assert it["start"] < it["end"] <= len(text.text)
        assert "无锡" in it["texts"][0]["text"].replace(" ", "")
        for line in it["texts"][1:]:
            assert ask(line["iri"].replace("https://w3id.org/iotkg/id/", "/doc/")).status_code == 200


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("smrt grid", "Nothing has all of this"),
        ("???", "There is no word in this to look for"),
        ("", "For example"),
        ("   ", "For example"),
        ("*", "no word"),
        ("((", "no word"),
        ('"', "no word"),
        ("\0", "For example"),
        ("😀", "no word"),
        ("مرحبا", "Nothing has all of this"),
        (" " * 10_000, "For example"),
        (" " * 5_000 + "无锡" + " " * 5_000, "37 answers"),
    ],
)
def test_what_finds_nothing_says_so(ask, question, says):
    answer = ask(q=question, lang="en", html=True)
    assert answer.status_code == 200
    assert says in plain(answer.text)
    HTMLParser(strict=True).parse(answer.text)
    assert ask(q=question).json()["total"] == len(hits(answer.text)) or "37" in says


def test_a_choice_that_leaves_nothing_says_what_is_there_without_it(ask):
    html = ask(q="863", kind="place", lang="en", html=True).text
    assert "Nothing has all of this" in html
    href = unescape(re.search(r'<a href="([^"]+)">6 answers without the choice', html)[1])
    assert len(hits(ask(href, html=True).text)) == 6
    past = ask(q="863", offset=500, lang="en", html=True).text
    assert "ends before this" in past


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"q": "标" * 201}, "q: has 201 characters; ask with at most 200"),
        ({"q": "a", "kind": "thing"}, "passage"),
        ({"q": "a", "plan": "tal"}, "iot-2013_talent"),
        ({"q": "a", "offset": "-1"}, "offset"),
        ({"q": "a", "offset": "x"}, "offset"),
        ({"q": "a", "offset": "9" * 30}, "offset"),
        ({"q": "a", "limit": "101"}, "limit: 101 is not from 1 to 100"),
        ({"q": "a", "limit": "٣"}, "limit"),
        ({"q": ["a", "b"]}, "q stands more than once"),
    ],
)
def test_wrong_parameters_are_named_with_the_mend(ask, parameters, says):
    answer = ask(**parameters)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_types_there_are_none_of_are_refused(ask, served):
    assert ask(q="a", format="csv").status_code == 406
    assert httpx.get(f"{served.url}/search?q=a", headers={"Accept": "text/turtle"}).status_code == 406


def test_hostile_questions_stay_text(ask):
    """In the page, in its links and in its title; the answer is well formed."""
    for question in ('</title><script>alert("x")</script>', '"><img src=x onerror=y>', "{{ 7*7 }} %s &amp;"):
        for where in ({"q": question}, {"q": question, "kind": "task"}):
            html = ask(**where, html=True, lang="en").text
            HTMLParser(strict=True).parse(html)
            assert "<script>alert" not in html
            assert "<img" not in html
            assert "49" not in plain(html).split("{{")[0]
            assert unescape(re.search(r'name="q" value="([^"]*)"', html)[1]) == question


def test_suggestions_for_our_boxes_and_for_browsers(ask):
    told = ask("/search/suggest", q="smart g").json()
    assert told["suggestions"][0]["text"] == "smart grid"
    assert told["suggestions"][0]["url"] == "/doc/sector/smart-grid"
    answer = ask("/search/suggest", q="标准", format="suggestions", lang="zh")
    assert answer.headers["Content-Type"] == "application/x-suggestions+json"
    question, texts, labels, addresses = answer.json()
    assert question == "标准"
    assert len(texts) == len(set(texts)) == len(labels) == len(addresses) > 4
    assert texts[0] == "标准"
    assert httpx.get(addresses[0], headers={"Accept": "text/html"}, timeout=60).status_code == 200
    assert ask("/search/suggest").json() == {"query": "", "suggestions": []}
    assert ask("/search/suggest", q="x" * 201).status_code == 422
    assert ask("/search/suggest", q="标准", format="html").status_code == 406


def test_a_browser_can_add_us_to_its_own_box(ask, served):
    html = ask("/", html=True).text
    href = re.search(r'type="application/opensearchdescription\+xml" href="([^"]+)"', html)[1]
    answer = ask(href)
    assert answer.headers["Content-Type"].startswith("application/opensearchdescription+xml")
    root = ET.fromstring(answer.content)
    assert root.tag == f"{OPENSEARCH}OpenSearchDescription"
    assert len(root.find(f"{OPENSEARCH}ShortName").text) <= 16
    templates = {it.get("type"): it.get("template") for it in root.iter(f"{OPENSEARCH}Url")}
    for kind in ("text/html", "application/json", "application/x-suggestions+json"):
        address = templates[kind].replace("{searchTerms}", quote("无锡"))
        assert address.startswith(served.url)
        found = httpx.get(address, headers={"Accept": "text/html, */*;q=0.5"}, timeout=60)
        assert found.headers["Content-Type"].startswith(kind)
        assert "无锡" in found.text


def test_every_page_has_a_search_box(ask):
    for path in ("/", "/search", "/queries", "/doc/task/iot-2013_standards_2"):
        html = ask(path, html=True, lang="zh").text
        assert html.count('role="search"') == 1
        assert '<input type="hidden" name="lang" value="zh">' in html


def test_every_kind_is_worded():
    assert {f"found-{kind}" for kind in KINDS} <= set(WORDING)


def test_the_examples_of_the_description_run(ask):
    described = ask("/openapi.json").json()["paths"]
    for path, item in searching.PATHS.items():
        assert described[path]["get"]["summary"] == item["get"]["summary"]
        parameters = {it["name"]: it["example"] for it in item["get"].get("parameters", ())}
        answer = ask(path, **parameters)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] in item["get"]["responses"]["200"]["content"]
    assert ask(
        **{it["name"]: it["example"] for it in searching.PATHS["/search"]["get"]["parameters"]}
    ).json()["total"]


def test_answers_are_kept_by_clients_that_have_them(ask, served):
    first = ask(q="无锡")
    again = httpx.get(
        f"{served.url}/search",
        params={"q": "无锡"},
        headers={"Accept": "application/json", "If-None-Match": first.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")


def test_the_command_finds_the_same(ask, dist, layout, tmp_path):
    shutil.copytree(layout.root / "ontology", tmp_path / "ontology")
    shutil.copytree(dist, tmp_path / "dist")

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-c", "from iotkg.cli import main; main()", "search", *arguments],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    done = run("无锡", "--format", "csv")
    assert done.returncode == 0, done.stderr
    told = ask(q="无锡").json()
    rows = done.stdout.splitlines()[1:]
    assert [row.rpartition(",")[2] for row in rows] == [it["iri"] for it in told["results"]]
    assert done.stderr.strip() == f"20 of {told['total']}"
    assert list((tmp_path / "dist").glob(".search-*"))
    assert run("smart", "grid", "--kind", "sector", "--limit", "1", "--format", "csv").stdout.count("\n") == 2
    for wrong in (("x", "--kind", "thing"), ("x", "--plan", "tal"), ("x" * (search.LONGEST + 1),)):
        assert run(*wrong).returncode == 2


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_the_box_is_a_combobox_that_the_keyboard_moves(served, browser, width):
    """Arrows choose, Escape closes, Enter opens what is chosen; nothing is refused, nothing overflows."""
    with opened(
        browser,
        served,
        "/doc/task/iot-2013_standards_2?lang=en",
        viewport={"width": width, "height": 900},
    ) as page:
        box = page.get_by_role("combobox")
        box.press_sequentially("smart g")
        page.wait_for_selector("[role=option]")
        assert box.get_attribute("aria-expanded") == "true"
        box.press("ArrowDown")
        chosen = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
        assert chosen.get_attribute("aria-selected") == "true"
        assert chosen.inner_text().startswith("smart grid")
        box.press("Escape")
        assert box.get_attribute("aria-expanded") == "false"
        assert not page.locator("[role=listbox]").is_visible()
        box.press("ArrowDown")
        page.wait_for_selector("[role=option]")
        box.press("ArrowDown")
        box.press("Enter")
        page.wait_for_url("**/doc/sector/smart-grid?lang=en")
        for address in ("/search?q=标准&lang=zh", "/search?q=smrt+grid", "/search"):
            page.goto(f"{served.url}{address}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("combobox").fill("无锡")
        page.get_by_role("combobox").press("Enter")
        page.wait_for_url("**q=%E6%97%A0%E9%94%A1*")
