"""Canned queries over HTTP, at a real socket on the real release."""

import csv
import io
import json

import httpx
import pytest
from pyoxigraph import QueryResultsFormat, parse_query_results

from iotkg import release
from iotkg.loading import load_queries
from serving import serve

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(graphs, layout, tmp_path_factory):
    """Serve the real release."""
    dist = tmp_path_factory.mktemp("release") / "dist"
    release.write(graphs, {name: q.text for name, q in load_queries(layout, layout.answers).items()}, dist)
    with serve(dist, dist.parent / "log") as server, httpx.Client(base_url=server.url) as client:
        yield client


def names(client):
    return [query["name"] for query in client.get("/queries", headers={"Accept": "application/json"}).json()]


def test_the_list_comes_as_json_and_as_a_page(client, layout):
    listed = client.get("/queries", headers={"Accept": "application/json"}).json()
    assert [query["name"] for query in listed] == [path.stem for path in layout.answers]
    assert {"name", "url", "summary", "parameters", "columns"} <= set(listed[0])
    page = client.get("/queries", headers=HTML).text
    for query in listed:
        assert f'href="/queries/{query["name"]}"' in page


def test_every_query_answers_in_every_format(client):
    for name in names(client):
        table = client.get(f"/queries/{name}.json")
        assert table.headers["content-type"] == "application/sparql-results+json"
        rows = table.json()["results"]["bindings"]
        assert rows
        assert len(list(csv.reader(io.StringIO(client.get(f"/queries/{name}.csv").text)))) == len(rows) + 1
        for suffix, kind in (("xml", QueryResultsFormat.XML), ("tsv", QueryResultsFormat.TSV)):
            found = parse_query_results(client.get(f"/queries/{name}.{suffix}").content, format=kind)
            assert len(list(found)) == len(rows)


def test_the_header_chooses_where_there_is_no_suffix(client):
    address = "/queries/tasks-by-owner-basis"
    for accept, kind in (
        ("text/csv", "text/csv"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/html", "text/html"),
        ("text/csv;q=0.5, text/tab-separated-values", "text/tab-separated-values"),
    ):
        answer = client.get(address, headers={"Accept": accept})
        assert answer.headers["content-type"].partition(";")[0] == kind
        assert "Accept" in answer.headers["vary"]
    refused = client.get(address, headers={"Accept": "image/png"})
    assert refused.status_code == 406
    assert "text/csv" in refused.json()["types"]


def test_parameters_are_bound_and_the_query_can_be_had_with_them(client, store):
    rows = client.get("/queries/tasks-of-a-plan.json?plan=talent").json()["results"]["bindings"]
    assert len(rows) == 15
    text = client.get("/queries/tasks-of-a-plan.rq?plan=talent")
    assert text.headers["content-type"].startswith("application/sparql-query")
    assert len(list(store.query(text.text))) == 15


def test_the_page_has_the_form_and_the_words(client):
    page = client.get("/queries/owner-and-deadline?plan=standards&lang=en", headers=HTML).text
    assert '<option value="iot-2013_standards" selected>' in page
    assert "国家标准委牵头" in page
    assert "the Standardization Administration of China is to take the lead" in page
    assert "the plan&#39;s safeguard measures" in page
    assert 'href="/source/iot-2013?char=3883,3890&amp;lang=en#char=3883,3890"' in page
    chinese = client.get("/queries/owner-and-deadline?plan=standards&lang=zh", headers=HTML).text
    assert "本计划保障措施" in chinese
    assert "is to take the lead" not in chinese.partition("</table>")[0]
    assert "每项任务的有效责任主体是谁" in chinese


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/queries/no-such-query", 404, "owner-and-deadline"),
        ("/queries/tasks-of-a-plan?plan=standrds", 422, "near are standards"),
        ("/queries/tasks-of-a-plan?colour=red", 422, "it takes: plan"),
        ("/queries/tasks-of-a-plan?plan=%3E%20%7D%20DROP%20ALL", 422, "is none of them"),
        ("/queries/tasks-of-a-plan?plan=standards&plan=talent", 422, "plan stands more than once"),
        ("/queries/tasks-of-a-plan?plan=standards&plan=", 422, "plan stands more than once"),
        ("/queries/tasks-of-a-plan?format=csv&format=tsv", 422, "format stands more than once"),
        ("/queries?lang=en&lang=zh", 422, "lang stands more than once"),
        ("/doc/basis/corpus?page-in=iotkg:basis&offset=1&offset=2", 422, "offset stands more than once"),
        (
            "/queries/tasks-of-a-plan.csv?format=json",
            406,
            "The suffix .csv and format=json ask for different",
        ),
        ("/queries/tasks-of-a-plan.rq?format=csv", 406, "The suffix .rq and format=csv ask for different"),
        ("/doc/actor/sac.ttl?format=nt", 406, "The suffix .ttl and format=nt ask for different"),
    ],
)
def test_a_wrong_request_says_what_is_allowed(client, path, status, said):
    problem = client.get(path, headers={"Accept": "application/json"})
    assert problem.status_code == status
    assert problem.headers["content-type"] == "application/problem+json"
    assert said in problem.json()["detail"]
    page = client.get(path, headers=HTML)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert "> } DROP" not in page.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/queries/tasks-of-a-plan.csv?format=csv", "text/csv"),
        (
            "/queries/tasks-of-a-plan.json?format=application/sparql-results%2Bjson",
            "application/sparql-results+json",
        ),
        ("/queries/tasks-of-a-plan.rq?format=rq", "application/sparql-query"),
        ("/doc/actor/sac.ttl?format=turtle", "text/turtle"),
        ("/doc/actor/sac?format=nt", "application/n-triples"),
    ],
)
def test_a_format_may_say_again_what_the_suffix_says(client, path, kind):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind


def test_openapi_describes_these_routes(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/queries", "/queries/{name}", "/sparql", "/doc/{kind}/{key}"} <= set(paths)
    assert json.dumps(paths)


def test_an_answer_is_not_sent_twice(client):
    first = client.get("/queries/plan-structure.csv")
    again = client.get("/queries/plan-structure.csv", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/queries/plan-structure.csv", "/queries", "/doc/actor/sac", "/", "/static/app.css"]
)
def test_a_client_that_has_any_answer_is_not_sent_one(client, path):
    answer = client.get(path, headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.content) == (304, b"")
    assert client.get("/queries/none", headers={"If-None-Match": "*"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/queries", "/queries/plan-structure", "/id/actor/sac", "/doc/actor/sac", "/static/app.css"]
)
def test_every_page_says_which_methods_it_has(client, path):
    asked = client.options(path)
    assert (asked.status_code, asked.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    refused = client.delete(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert client.options("/nowhere").status_code == 404
