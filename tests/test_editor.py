"""The SPARQL editor as a browser gets it: complete without scripts, and a maintained editor with them."""

import html
import json
import re
from pathlib import Path

import httpx
import pytest

from conftest import missing
from serving import PATIENCE_S

ROOT = Path(__file__).resolve().parent.parent
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
PLANS = """\
PREFIX iotkg: <https://w3id.org/iotkg/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?plan ?name WHERE { ?plan a iotkg:ActionPlan ; skos:prefLabel ?name FILTER(LANG(?name) = "zh") }
ORDER BY ?plan"""


def page(served, **parameters):
    """Get the editor as a browser does."""
    return httpx.get(served.sparql, params=parameters, headers=BROWSER, timeout=PATIENCE_S)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_query_that_the_page_offers_runs(served, lang):
    shown = page(served, lang=lang)
    assert shown.status_code == 200
    query = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", shown.text, re.DOTALL)[1])
    rows = served.ask(query, headers={"Accept": "application/sparql-results+json"}).json()["results"][
        "bindings"
    ]
    assert len(rows) == 10
    assert {row["name"]["xml:lang"] for row in rows} == {lang}


def test_every_canned_query_is_an_example(served):
    offered = re.findall(r'<option value="([a-z0-9-]+)"', page(served).text)
    assert sorted(offered) == sorted(path.stem for path in (ROOT / "queries" / "answers").glob("*.rq"))
    name = offered[-1]
    shown = page(served, example=name)
    text = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", shown.text, re.DOTALL)[1])
    assert text.strip() == (ROOT / "queries" / "answers" / f"{name}.rq").read_text().strip()


def test_an_example_that_there_is_none_of_is_named(served):
    shown = page(served, example="tasks-of-a-plam", lang="en")
    assert shown.status_code == 404
    assert "there is no canned query" in shown.text
    assert "tasks-of-a-plan" in shown.text


def test_without_scripts_the_answer_stands_on_the_page(served):
    shown = page(served, query=PLANS, lang="zh")
    assert shown.status_code == 200
    assert "人才培养专项行动计划" in shown.text
    assert shown.text.count('<td><a href="/doc/plan/') == 10
    csv = html.unescape(re.search(r'href="([^"]*)" data-format="csv"', shown.text)[1])
    assert httpx.get(f"{served.url}{csv}", timeout=PATIENCE_S).text.count("\n") == 11


def test_truth_values_graphs_and_long_results_are_drawn(served):
    assert "<strong>yes</strong>" in page(served, query="ASK {}", lang="en").text
    graph = page(served, query="CONSTRUCT { ?s a <http://e/T> } WHERE { ?s ?p ?o } LIMIT 3", lang="en").text
    assert "&lt;http://e/T&gt;" in graph
    assert 'data-format="turtle"' in graph
    long = page(served, query="SELECT ?s WHERE { ?s ?p ?o } LIMIT 1500", lang="en").text
    assert re.search(r"1,?500 rows · the first 1,?000 are shown", long)
    assert long.count("<tr><td>") == 1000


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("SELECT ?s WHERE { ?s ?p }", 400, "line 1"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", 400, "SERVICE is refused"),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", 400, "read-only"),
        ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", 400, "no graph"),
    ],
)
def test_what_is_wrong_is_said_on_the_page_and_the_query_is_kept(served, query, status, words):
    shown = page(served, query=query, lang="en")
    assert shown.status_code == status
    assert words in html.unescape(
        re.search(r'<p class="wrong" role="alert">(.*?)</p>', shown.text, re.DOTALL)[1]
    )
    assert html.escape(query, quote=False) in shown.text.replace("&#34;", '"').replace("&#39;", "'")


def test_markup_in_a_query_is_shown_and_never_run(served):
    evil = "SELECT ('</script><script>alert(1)</script>' AS ?x) {} # </textarea><script>alert(2)</script>"
    text = page(served, query=evil).text
    assert "<script>alert" not in text


def test_the_scripts_get_their_words_where_there_are_scripts(served):
    found = re.search(r'data-words="([^"]*)"', page(served).text)
    if found is None:
        assert not (ROOT / "api" / "iotkg_api" / "static" / "built-editor.js").exists()
        missing("the bundle of scripts (make web)")
    words = json.loads(html.unescape(found[1]))
    assert words["prefixes"]["iotkg"] == "https://w3id.org/iotkg/ontology#"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (f"SELECT {' '.join(f'?v{n}' for n in range(2000))} {{ ?s ?p ?o }} LIMIT 900", "<th scope"),
        ("CONSTRUCT WHERE { ?s ?p ?o } LIMIT 20000", '<pre class="sparql"'),
    ],
    ids=["wide", "long"],
)
def test_what_is_too_much_for_a_page_is_shown_in_part(served, query, shown):
    answer = page(served, query=query, lang="en")
    assert answer.status_code == 200
    assert shown in answer.text
    assert "A part of it is shown; the downloads have all." in answer.text
    assert len(answer.content) < 2_000_000
    assert "A part of it is shown" not in page(served, query=PLANS, lang="en").text
