"""Pictures: what is drawn is what the canned query answers, and the table beside it says the same."""

import html
import json
import re
from collections import Counter

import httpx
import pytest

from browsing import opened
from conftest import missing
from iotkg_api.pictures import PICTURES
from serving import PATIENCE_S


def page(served, path):
    answer = httpx.get(f"{served.url}{path}", headers={"Accept": "text/html"}, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    return answer.text


def drawn(text):
    """Read what the scripts are to draw."""
    found = re.search(r'data-drawing="([^"]*)"', text)
    if found is None:
        missing("the bundle of scripts (make web)")
    return json.loads(html.unescape(found[1]))


def rows(served, query, **parameters):
    """Ask the canned query itself."""
    url = f"{served.url}/queries/{query}.json"
    found = httpx.get(url, params=parameters, timeout=PATIENCE_S).json()["results"]["bindings"]
    return [{name: cell["value"] for name, cell in row.items()} for row in found]


def test_the_list_leads_to_every_picture(served):
    text = page(served, "/pictures?lang=zh")
    assert re.findall(r'href="/pictures/([a-z]+)', text) == list(PICTURES)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", PICTURES)
def test_each_has_its_words_its_table_and_its_data(served, name, lang):
    text = page(served, f"/pictures/{name}?lang={lang}")
    assert html.escape(drawn(text)["words"], quote=False) in text.replace("&#39;", "'")
    assert text.count("<tr>") > 5
    for form in ("csv", "json"):
        href = html.unescape(re.search(rf'href="([^"]*\.{form}[^"]*)"', text)[1])
        assert httpx.get(f"{served.url}{href}", timeout=PATIENCE_S).status_code == 200


@pytest.mark.parametrize(("name", "thing"), [("sectors", "sector"), ("technologies", "technology")])
def test_heat_maps_count_what_the_query_counts(served, name, thing):
    found = rows(served, PICTURES[name].query)
    plans = Counter(row[thing] for row in found)
    for least in (2, 3):
        data = drawn(page(served, f"/pictures/{name}?lang=en&least={least}"))
        kept = {key for key, number in plans.items() if number >= least}
        assert len(data["rows"]) == len(kept)
        assert sum(cell[2] for cell in data["cells"]) == sum(
            int(r["places"]) for r in found if r[thing] in kept
        )
        assert data["columns"][1] == "standards development"


def test_the_matrix_has_every_task_and_every_owner(served):
    found = rows(served, "owner-and-deadline")
    data = drawn(page(served, "/pictures/owners?lang=en"))
    assert len(data["columns"]) == 110
    assert len(data["cells"]) == len({(row["owner"], row["task"]) for row in found})
    assert Counter(data["bases"][cell[2]] for cell in data["cells"]) == Counter(
        basis for _, _, basis in {(row["owner"], row["task"], row["owner_basis_en"]) for row in found}
    )


def test_the_deadlines_count_each_task_once_for_each_owner(served):
    """What the picture says of its bases holds of the query: none rests on a task's own words."""
    found = rows(served, "owner-and-deadline")
    text = page(served, "/pictures/deadlines?lang=en")
    data = drawn(text)
    owned = {(row["owner_en"], row["task"], row["deadline"], row["deadline_basis_en"]) for row in found}
    assert {
        (data["rows"][row], day, data["bases"][basis]): number for row, day, basis, number, _ in data["dots"]
    } == Counter((owner, day, basis) for owner, _, day, basis in owned)
    for basis, number in Counter(
        basis for _, basis in {(row["task"], row["deadline_basis_en"]) for row in found}
    ).items():
        assert f"{basis} ({number})" in data["words"]
    assert not any(row["deadline_basis"].endswith("/task-text") for row in found)
    assert "No task has a date in its own words" in data["words"]
    cells = re.findall(r'<td data-label="Tasks">(\d+)</td>', re.sub(r"</?a[^>]*>", "", text))
    assert sum(map(int, cells)) == len(owned)


def test_the_network_has_every_cross_reference_once(served):
    found = rows(served, "cross-references")
    data = drawn(page(served, "/pictures/references?lang=en"))
    assert sum(link[3] for link in data["links"]) == len({row["reference"] for row in found}) == 93
    assert len(data["nodes"]) == 10


def test_the_tree_is_that_of_the_plan_asked_for(served):
    data = drawn(page(served, "/pictures/tree?plan=talent&lang=en"))
    assert data["leaves"] == len(rows(served, "tasks-of-a-plan", plan="talent")) == 15
    assert data["root"]["name"] == "Special action plan on talent cultivation"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/pictures/nothing", 404, "there is owners"),
        ("/pictures/sectors?least=0", 422, "least: '0' is no number from 1 to 10"),
        ("/pictures/sectors?least=many", 422, "least: 'many'"),
        ("/pictures/tree?plan=nothing", 422, "plan: 'nothing' is none of them"),
    ],
)
def test_what_cannot_be_drawn_is_said(served, path, status, words):
    answer = httpx.get(f"{served.url}{path}", timeout=PATIENCE_S)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


@pytest.mark.browser
@pytest.mark.parametrize("name", PICTURES)
def test_a_browser_draws_each_without_a_complaint(served, browser, name):
    """Marks stand in the picture, it has a name for screen readers, and the policy lets all of it through."""
    with opened(browser, served, f"/pictures/{name}?lang=zh") as tab:
        drawing = tab.locator("#picture svg[aria-label]").last
        drawing.wait_for()
        assert drawing.get_attribute("aria-label")
        assert drawing.locator("path, rect, circle").count() > 5
