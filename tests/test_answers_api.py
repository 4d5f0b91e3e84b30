"""Canned queries over HTTP, at a real socket on the real release."""

import csv
import io
import json
import re
import zipfile
from hashlib import sha256

import httpx
import pytest
from pyoxigraph import QueryResultsFormat, parse_query_results

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(served):
    with httpx.Client(base_url=served.url) as client:
        yield client


def names(client):
    return [query["name"] for query in client.get("/queries", headers={"Accept": "application/json"}).json()]


def test_the_list_comes_as_json_and_as_a_page(client, layout):
    listed = client.get("/queries", headers={"Accept": "application/json"}).json()
    assert {query["name"] for query in listed} == {path.stem for path in layout.answers}
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
        ("/queries/targets?limit=0", 422, "limit: '0' is not allowed; it is a whole number from 1 to 10000"),
        ("/queries/targets?limit=-1", 422, "limit: '-1'"),
        ("/queries/targets?limit=10001", 422, "limit: '10001'"),
        ("/queries/targets.csv?limit=ten", 422, "limit: 'ten'"),
        ("/queries/targets.csv?limit=١", 422, "limit: '١'"),
        ("/queries/targets.csv?offset=-1", 422, "offset: '-1'"),
        ("/queries/targets?offset=99999999999999999999", 422, "offset: '999"),
        ("/queries/targets.csv?offset=1&offset=2", 422, "offset stands more than once"),
        ("/queries/targets.csv?bom=yes", 422, "bom: 'yes'"),
        ("/queries/targets.csv?release=xyz", 422, "release: 'xyz' is no hash"),
        ("/queries/targets/choices?plan=nowhere", 422, "plan: 'nowhere' is none of them"),
        ("/queries/targets/cite?plan=nowhere", 422, "plan: 'nowhere' is none of them"),
        ("/queries/no-such/cite", 404, "there is no canned query"),
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


def relations(answer):
    found = re.findall(r'<([^>]*)>; rel="([a-z-]+)"', answer.headers["link"])
    return {relation: address for address, relation in found}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "xml"])
def test_pages_of_an_answer_make_the_whole(client, suffix):
    """Followed from first to last, the links give each row once, in the order of the whole."""

    def rows(answer):
        if suffix == "csv":
            return list(csv.reader(io.StringIO(answer.text)))[1:]
        kind = QueryResultsFormat.from_extension({"json": "srj", "xml": "srx"}.get(suffix, suffix))
        found = parse_query_results(answer.content, format=kind)
        return [tuple(row[name] for name in found.variables) for row in found]

    whole = client.get(f"/queries/targets.{suffix}")
    assert "x-truncated" not in whole.headers
    assert set(relations(whole)) == {"cite-as"}
    address, gathered, backwards = f"/queries/targets.{suffix}?limit=30", [], []
    while address:
        part = client.get(address)
        assert part.headers["x-total-count"] == str(len(rows(whole)))
        assert part.headers["x-truncated"] == f"rows {len(gathered) + 1}-{min(len(gathered) + 30, 67)} of 67"
        assert part.headers["x-result-sha256"] == whole.headers["x-result-sha256"]
        gathered += rows(part)
        backwards.append(relations(part).get("prev"))
        last, address = address, relations(part).get("next")
    assert gathered == rows(whole)
    assert relations(part)["last"] == last
    assert client.get(backwards[-1]).headers["x-truncated"] == "rows 31-60 of 67"
    beyond = client.get(f"/queries/targets.{suffix}?limit=30&offset=1000")
    assert (beyond.status_code, rows(beyond)) == (200, [])
    assert beyond.headers["x-truncated"] == "no rows of 67"


def test_the_page_shows_where_one_is(client):
    page = client.get("/queries/where-a-technology-stands?lang=en&offset=200", headers=HTML)
    assert "Rows 201–400 of 1,190" in page.text
    assert page.text.count("<tr>") == 201
    assert (
        'href="/queries/where-a-technology-stands?limit=200&amp;offset=400&amp;lang=en" rel="next"'
        in page.text
    )
    assert page.headers["x-truncated"] == "rows 201-400 of 1190"
    short = client.get("/queries/targets?lang=en", headers=HTML).text
    assert 'rel="next"' not in short


def test_the_hash_of_an_answer_can_be_checked(client):
    answer = client.get("/queries/targets.tsv?plan=standards")
    assert answer.headers["x-result-sha256"] == sha256(answer.content).hexdigest()
    assert re.fullmatch("[0-9a-f]{64}", answer.headers["x-release"])


@pytest.mark.parametrize("accept", [HTML["Accept"], "text/csv"])
def test_a_cited_answer_is_given_or_said_to_be_another(client, accept):
    """An address that names its answer gives that answer, in whichever release it stands, or none."""
    headers = {"Accept": accept}
    cited = relations(client.get("/queries/targets.tsv?plan=standards"))["cite-as"]
    path = cited.removeprefix("https://w3id.org/iotkg")
    sent = client.get(path, headers=headers)
    assert sent.status_code == 303
    here = sent.headers["location"]
    release, result = (re.search(f"{name}=([0-9a-f]+)", here)[1] for name in ("release", "result"))
    assert client.get(here, headers=headers).status_code == 200
    other = here.replace(release, "0" * 16)
    answer = client.get(other, headers=headers)
    assert answer.status_code == 200
    assert ("its answer is the same" in answer.text) == (accept != "text/csv")
    for wrong in (here.replace(result, "0" * 16), other.partition("&result=")[0]):
        gone = client.get(wrong, headers=headers)
        assert gone.status_code == 410
        assert "国家标准" not in gone.text
        assert gone.headers["cache-control"] == "no-store"
    if accept == "text/csv":
        assert gone.json()["type"].endswith("/other-release")
        assert gone.json()["served"].startswith(release)


def test_an_answer_is_cited_in_the_form_asked_for(client):
    address = "/queries/targets/cite?plan=standards"
    for format_, kind, said in (
        ("gbt7714", "text/plain", "[DB/OL]"),
        ("bibtex", "application/x-bibtex", "@misc{iotkg-targets-"),
        ("csl", "application/vnd.citationstyles.csl+json", '"type": "dataset"'),
    ):
        for answer in (
            client.get(f"{address}&format={format_}"),
            client.get(address, headers={"Accept": kind}),
        ):
            assert answer.headers["content-type"].partition(";")[0] == kind
            assert said in answer.text
            assert "plan=iot-2013" in answer.text
    assert client.get("/queries/targets.bib?plan=standards").text.startswith("@misc")
    assert client.get(address, headers={"Accept": "image/png"}).status_code == 406
    page = client.get("/queries/targets?plan=standards", headers=HTML).text
    assert "[引用日期]" in page
    assert "@misc{iotkg-targets-" in page


def test_a_spreadsheet_gets_types_and_headings_in_both_languages(client):
    answer = client.get("/queries/targets.xlsx?plan=standards")
    assert answer.headers["content-disposition"] == 'attachment; filename="targets.xlsx"'
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    strings = book.read("xl/sharedStrings.xml").decode()
    for said in ("Plan\n计划", "Plan, in Chinese\n计划（中文）", "Words: first character\n原文：起始字符"):
        assert said in strings
    assert "https://w3id.org/iotkg/query/targets?plan=iot-2013_standards" in strings
    assert client.get("/queries/targets.csv?bom=1").content.startswith(b"\xef\xbb\xbfplan,")
    assert client.get("/queries/targets.csv").content.startswith(b"plan,")


def test_choices_come_with_the_rows_they_give(client):
    choices = client.get("/queries/demonstration-projects/choices").json()
    assert sum(choice["rows"] for choice in choices["plan"]) == 47
    some = client.get("/queries/demonstration-projects/choices?sector=logistics").json()
    assert sum(choice["rows"] for choice in some["plan"]) == 5
    assert some["sector"] == choices["sector"]
    page = client.get("/queries/demonstration-projects?lang=en", headers=HTML).text
    assert '<option value="logistics">logistics (5)</option>' in page
    assert "All (47)" in page


def test_the_list_can_be_searched_and_is_by_topic(client):
    page = client.get("/queries?lang=en", headers=HTML).text
    assert page.count("<section") == 11
    assert '<a href="#responsibility">Who is to act</a>' in page
    found = client.get("/queries?q=无锡", headers={"Accept": "application/json"}).json()
    assert {"where-wuxi-stands", "what-is-asked-for-the-wuxi-zone"} <= {query["name"] for query in found}
    assert len(found) < 20
    none = client.get("/queries", params={"q": "<script>", "lang": "en"}, headers=HTML).text
    assert "0 questions have these words" in none
    assert "<script>" not in none


def test_every_column_is_named_in_both_languages(client):
    for query in client.get("/queries", headers={"Accept": "application/json"}).json():
        for column in query["columns"]:
            assert re.search("[a-zA-Z]", column["label"]["en"])
            assert re.search("[\u4e00-\u9fff]", column["label"]["zh"]), column


def test_every_example_of_every_canned_query_runs(client):
    """What OpenAPI gives as an example is allowed by it and answers as it says."""
    described = client.get("/openapi.json").json()
    shared = described["components"]
    operations = {
        path: item["get"] for path, item in described["paths"].items() if path.startswith("/queries")
    }
    assert len(operations) == len(names(client)) + 4
    for path, operation in operations.items():
        own = [it for it in operation["parameters"] if "$ref" not in it]
        assert {it["$ref"].rpartition("/")[2] for it in operation["parameters"] if "$ref" in it} <= set(
            shared["parameters"]
        )
        given = {it["name"]: it["example"] for it in own if "example" in it and it["in"] == "query"}
        place = {it["name"]: it["example"] for it in own if it["in"] == "path"}
        for parameter in own:
            kind = parameter["schema"].get("$ref", "").rpartition("/")[2]
            if kind:
                keys = shared["schemas"][kind]["enum"]
                assert sum(f"_{key}".endswith(f"_{parameter['example']}") for key in keys) >= 1
        answer = client.get(path.format(**place), params=given)
        good = operation["responses"]["200"]
        assert answer.status_code == 200, (path, given, answer.text)
        assert answer.headers["content-type"].partition(";")[0] in good["content"]
        missing = [name for name in good.get("headers", {}) if name not in answer.headers]
        assert set(missing) <= {"X-Truncated"}


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
