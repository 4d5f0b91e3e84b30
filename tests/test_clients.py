"""The clients people use, as they come: each asks the real service over a socket, and must understand it."""

import io
import json
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import pytest

from conftest import missing
from serving import GRAPH, serve, write_release

A = "http://example.org/a"
TEXT = 'two, "words"\r\nand\ta tab'
NAMES = f"SELECT ?name WHERE {{ <{A}> <http://example.org/name> ?name }} ORDER BY ?name"
ASK = f"ASK {{ <{A}> ?p ?o }}"
CONSTRUCT = f"CONSTRUCT WHERE {{ <{A}> ?p ?o }}"
DESCRIBE = f"DESCRIBE <{A}>"
NODE_MODULES = Path(__file__).resolve().parent.parent / "api" / "web" / "node_modules"

GRAPHS = [
    f"{GRAPH}{name}" for name in ("doc/curated", "doc/inferred", "external", "meta", "ontology", "registry")
]

pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings(
        "ignore:Sending Accept header:RuntimeWarning"
    ),  # SPARQLWrapper, of its own "rdf"
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    with serve(write_release(folder / "dist"), folder / "log") as server:
        yield server


# SPARQLWrapper

WAYS = [("GET", "urlencoded"), ("POST", "urlencoded"), ("POST", "postdirectly")]


def wrapped(server, query, kind, method="GET", requesting="urlencoded", **parameters):
    """Ask through SPARQLWrapper; give the answer's type and what it makes of the body."""
    from SPARQLWrapper import SPARQLWrapper

    endpoint = SPARQLWrapper(server.sparql, returnFormat=kind)
    endpoint.setMethod(method)
    endpoint.setRequestMethod(requesting)
    for name, values in parameters.items():
        for value in values:
            endpoint.addParameter(name.replace("_", "-"), value)
    endpoint.setQuery(query)
    result = endpoint.query()
    return result.info()["content-type"].partition(";")[0], result.convert()


@pytest.mark.parametrize(("way", "query"), list(product(WAYS, [NAMES, ASK])))
@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("json", "application/sparql-results+json"),
        ("xml", "application/sparql-results+xml"),
        ("csv", "text/csv"),
        ("tsv", "text/tab-separated-values"),
    ],
)
def test_sparqlwrapper_reads_every_type_of_table(server, way, query, kind, media_type):
    given, result = wrapped(server, query, kind, *way)

    assert given == media_type
    words = "true" if query == ASK else "物联网"
    if kind == "json":
        assert result.get("boolean", True) is True
        assert words == "true" or [row["name"]["value"] for row in result["results"]["bindings"]] == [
            TEXT,
            words,
        ]
    else:
        assert words in (result.toxml() if kind == "xml" else result.decode())


@pytest.mark.parametrize(("way", "query"), list(product(WAYS, [CONSTRUCT, DESCRIBE])))
@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("turtle", "text/turtle"),
        ("n3", "text/turtle"),
        ("json-ld", "application/ld+json"),
        ("rdf", "application/rdf+xml"),
        ("rdf+xml", "application/rdf+xml"),
        ("xml", "application/rdf+xml"),
    ],
)
def test_sparqlwrapper_reads_every_type_of_graph(server, way, query, kind, media_type):
    from rdflib import Graph, URIRef

    given, result = wrapped(server, query, kind, *way)
    graph = Graph().parse(data=result, format="turtle") if isinstance(result, bytes) else result

    assert given == media_type
    assert (URIRef(A), URIRef("http://example.org/knows"), URIRef("http://example.org/b")) in graph
    assert len(graph) == 4


@pytest.mark.parametrize("way", WAYS)
def test_sparqlwrapper_chooses_the_dataset(server, way):
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    graphs = [f"{GRAPH}doc/curated", f"{GRAPH}ontology"]
    _, result = wrapped(server, query, "json", *way, default_graph_uri=graphs)

    assert result["results"]["bindings"][0]["n"]["value"] == "3"


def test_sparqlwrapper_is_told_what_is_wrong(server):
    """It shows people the body of a refusal: where the query is wrong, and how."""
    from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

    with pytest.raises(QueryBadFormed, match="LIMITS is no word of SPARQL; did you mean LIMIT"):
        wrapped(server, f"{NAMES} LIMITS 5", "json")


# rdflib


@pytest.fixture(params=["GET", "POST", "POST_FORM"])
def remote(server, request):
    """Give the service as a store of rdflib's."""
    from rdflib.plugins.stores.sparqlstore import SPARQLStore

    return SPARQLStore(server.sparql, method=request.param)


@pytest.mark.parametrize("kind", ["xml", "json", "csv", "tsv"])
def test_rdflib_asks_queries(server, kind):
    from rdflib import Graph
    from rdflib.plugins.stores.sparqlstore import SPARQLStore

    graph = Graph(SPARQLStore(server.sparql, returnFormat=kind))
    names = [str(row.name).replace("\r\n", "\n") for row in graph.query(NAMES)]

    assert names == [TEXT.replace("\r\n", "\n"), "物联网"]
    if kind in {"xml", "json"}:  # rdflib reads no ASK from the other two
        assert bool(graph.query(ASK)) is True
    if kind == "xml":  # with the others it accepts nothing but tables
        assert len(graph.query(CONSTRUCT).graph) == 4


def test_rdflib_sees_the_service_as_a_graph(remote):
    """It looks for triples, counts them, and knows the size of one of the graphs."""
    from rdflib import Graph, Literal, URIRef

    graph = Graph(remote)
    knows, b = URIRef("http://example.org/knows"), URIRef("http://example.org/b")

    assert set(graph.objects(URIRef(A), knows)) == {b}
    assert (URIRef(A), URIRef("http://example.org/name"), Literal("物联网", lang="zh")) in graph
    assert (b, knows, None) not in graph
    assert len(graph) == 5
    assert len(Graph(remote, URIRef(f"{GRAPH}doc/curated"))) == 2


def test_rdflib_names_the_graphs(remote):
    from rdflib import URIRef

    names = {str(getattr(context, "identifier", context)) for context in remote.contexts()}
    assert names == set(GRAPHS)
    size = (URIRef(A), URIRef("http://example.org/size"), None)
    inside = {str(getattr(context, "identifier", context)) for context in remote.contexts(size)}
    assert inside == {f"{GRAPH}doc/curated"}


# pandas


def test_pandas_reads_an_answer_from_its_address(server):
    import pandas as pd

    query = f"SELECT ?p ?o ?none WHERE {{ <{A}> ?p ?o }} ORDER BY ?p ?o"
    table = pd.read_csv(f"{server.sparql}?{urlencode({'query': query, 'format': 'csv'})}")

    assert list(table.columns) == ["p", "o", "none"]
    assert list(table["o"]) == ["http://example.org/b", TEXT, "物联网", "3"]
    assert table["none"].isna().all()
    sizes = urlencode({"query": "SELECT ?n { ?s <http://example.org/size> ?n }", "format": "tsv"})
    assert int(pd.read_csv(f"{server.sparql}?{sizes}", sep="\t")["?n"].sum()) == 3


def test_pandas_reads_a_canned_query_from_its_address(served):
    import pandas as pd

    table = pd.read_csv(f"{served.url}/queries/tasks-of-a-plan.csv?plan=talent")

    assert len(table) == 15
    assert pd.read_csv(f"{served.url}/queries/tasks-of-a-plan.tsv?plan=talent", sep="\t").shape == table.shape


# Comunica

COMUNICA = """
import {{ createRequire }} from 'node:module';
const {{ QueryEngine }} = createRequire({modules})('@comunica/query-sparql');
const engine = new QueryEngine();
const [url, kind] = process.argv.slice(-2);
const sources = [kind === 'bare' ? url : {{ type: 'sparql', value: url }}];
const names = await (await engine.queryBindings({names}, {{ sources }})).toArray();
const triples = await (await engine.queryQuads({construct}, {{ sources }})).toArray();
const graphs = await (await engine.queryBindings({graphs}, {{ sources }})).toArray();
console.log(JSON.stringify({{
  names: names.map(row => row.get('name').value),
  languages: names.map(row => row.get('name').language),
  triples: triples.length,
  known: await engine.queryBoolean({ask}, {{ sources }}),
  graphs: graphs.map(row => row.get('g').value).sort(),
}}));
"""


@pytest.mark.parametrize("kind", ["bare", "sparql"])
def test_comunica_asks_the_endpoint(server, kind, tmp_path):
    """With a bare address it finds out from the service description that this is an endpoint."""
    node = shutil.which("node") or missing("node")
    if not (NODE_MODULES / "@comunica" / "query-sparql").is_dir():
        missing("@comunica/query-sparql (make web)")
    script = tmp_path / "ask.mjs"
    given = {
        "modules": f"{NODE_MODULES}/",
        "names": NAMES,
        "construct": CONSTRUCT,
        "ask": ASK,
        "graphs": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }",
    }
    script.write_text(
        COMUNICA.format(**{name: json.dumps(text) for name, text in given.items()}), encoding="utf-8"
    )
    done = subprocess.run(
        [node, script, server.sparql, kind], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "names": [TEXT, "物联网"],
        "languages": ["", "zh"],
        "triples": 4,
        "known": True,
        "graphs": GRAPHS,
    }


# curl


def curl(*arguments, check=True):
    """Run curl; give its output."""
    program = shutil.which("curl") or missing("curl")
    done = subprocess.run(
        [program, "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", *arguments],
        capture_output=True,
        check=check,
    )
    return done if not check else done.stdout.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--get", "--data-urlencode", f"query={NAMES}"],
        ["--data-urlencode", f"query={NAMES}"],
        ["--data", urlencode({"query": NAMES})],
        ["--header", "Content-Type: application/sparql-query", "--data-binary", NAMES],
        [
            "--header",
            "Content-Type: application/sparql-query",
            "--header",
            "Transfer-Encoding: chunked",
            "--data-binary",
            NAMES,
        ],
        ["--header", "Expect: 100-continue", "--data", urlencode({"query": NAMES})],
        ["--http1.0", "--get", "--data-urlencode", f"query={NAMES}"],
        ["--compressed", "--get", "--data-urlencode", f"query={NAMES}"],
    ],
    ids=[
        "-G --data-urlencode",
        "--data-urlencode",
        "-d",
        "--data-binary",
        "chunked",
        "100-continue",
        "HTTP/1.0",
        "--compressed",
    ],
)
def test_curl_asks_in_every_way(server, arguments):
    body = json.loads(curl(*arguments, server.sparql))

    assert [row["name"]["value"] for row in body["results"]["bindings"]] == [TEXT, "物联网"]


def test_curl_negotiates_and_sees_the_headers(server):
    asked = ["--get", "--data-urlencode", f"query={NAMES}", server.sparql]
    head = curl("--head", "--header", "Accept: text/csv", *asked)
    table = curl("--header", "Accept: text/csv", *asked)

    assert head.startswith("HTTP/1.1 200")
    assert "content-type: text/csv; charset=utf-8" in head.lower()
    assert table.splitlines()[0] == "name"
    refused = curl("--fail-with-body", "--header", "Accept: image/png", *asked, check=False)
    assert refused.returncode == 22  # curl's exit code for a status of 400 or more
    assert "text/csv" in json.loads(refused.stdout)["types"]


# Our own command line


def test_iotkg_asks_an_endpoint(server, served):
    def run(*arguments, **options):
        command = [Path(sys.executable).parent / "iotkg", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True, **options
        ).stdout

    asked = run("query", "-", "--format", "csv", "--endpoint", server.sparql, input=NAMES)
    assert "物联网" in asked
    long = f"{NAMES} #{'x' * 5000}"
    assert run("query", "-", "--format", "csv", "--endpoint", server.sparql, input=long) == asked
    canned = run(
        "run", "tasks-of-a-plan", "--plan", "talent", "--format", "json", "--endpoint", served.sparql
    )
    assert len(json.loads(canned)) == 15


def test_the_standard_library_alone_reads_a_table(server):
    import csv
    from urllib.request import urlopen

    with urlopen(f"{server.sparql}?{urlencode({'query': NAMES, 'format': 'csv'})}") as answer:
        rows = list(
            csv.reader(io.TextIOWrapper(answer, encoding=answer.headers.get_content_charset(), newline=""))
        )

    assert rows == [["name"], [TEXT], ["物联网"]]
