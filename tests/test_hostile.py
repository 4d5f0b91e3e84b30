"""What a hostile client sends is refused or ended, reaches nothing, and leaves the service as it was.

Each table is a list of attacks; the server is real, and so is the release whose pages are attacked.
"""

import gzip
import re
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest

from serving import PATIENCE_S, Wire, children, descendants, serve, wait_until, write_release

DIRECT = "application/sparql-query"
DEEP, LONG = 10_000, 100_000
A = "<http://example.org/a>"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Give two workers three seconds and 256 MiB for a query."""
    folder = tmp_path_factory.mktemp("hostile")
    with serve(
        write_release(folder / "a secret folder"),
        folder / "log",
        workers=2,
        deadline_s=3,
        memory_bytes=256 << 20,
    ) as server:
        yield server
    assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def trap():
    """Listen where nobody may come."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.setblocking(False)
        yield sock.getsockname()[1]
        with pytest.raises(BlockingIOError):
            sock.accept()


@pytest.fixture(scope="module")
def canary(tmp_path_factory):
    """Give a file that is there and must not be read."""
    path = tmp_path_factory.mktemp("canary") / "canary.ttl"
    path.write_text("<http://e/canary> <http://e/sings> 'aloud' .", encoding="utf-8")
    return path


def post(server, query, **headers):
    content = query.encode() if isinstance(query, str) else query
    sent = {"Content-Type": DIRECT, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(server.sparql, content=content, headers=sent, timeout=PATIENCE_S)


def clean(answer):
    """Check that an answer says nothing of the inside and nobody can make it a page or a script."""
    headers, policy = answer.headers, answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(policy.split("; "))
    for directive in policy.split("; "):
        name, *sources = directive.split()
        if name == "style-src-attr":  # the editor sets the places of what it shows by attributes
            assert headers["content-type"].startswith("text/html")
        else:
            allowed = {"'none'", "'self'", *(["data:"] if name == "img-src" else [])}
            assert {source for source in sources if not source.startswith("'sha256-")} <= allowed
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"]
    assert "server" not in headers
    assert "x-powered-by" not in headers
    assert "access-control-allow-credentials" not in headers
    for secret in (
        "Traceback",
        "site-packages",
        "iotkg_api",
        "a secret folder",
        "aloud",
        "root:x:0",
        'File "',
    ):
        assert secret not in answer.text
        assert secret not in str(headers)
    return answer


def well(server):
    """Say whether the service answers as ever."""
    answer = server.ask(f"SELECT ?o {{ {A} <http://example.org/size> ?o }}")
    return answer.status_code == 200 and answer.json()["results"]["bindings"][0]["o"]["value"] == "3"


# Reaching out

PLACES = {
    "a group": "SELECT * {{ {} }}",
    "OPTIONAL": "SELECT * {{ ?s ?p ?o OPTIONAL {{ {} }} }}",
    "UNION": "SELECT * {{ {{ ?s ?p ?o }} UNION {{ {} }} }}",
    "MINUS": "SELECT * {{ ?s ?p ?o MINUS {{ {} }} }}",
    "GRAPH": "SELECT * {{ GRAPH ?g {{ {} }} }}",
    "EXISTS": "SELECT * {{ ?s ?p ?o FILTER NOT EXISTS {{ {} }} }}",
    "an expression": "SELECT (EXISTS {{ {} }} AS ?x) {{}}",
    "a subselect": "SELECT * {{ {{ SELECT * {{ {} }} }} }}",
    "ORDER BY": "SELECT * {{ ?s ?p ?o }} ORDER BY EXISTS {{ {} }}",
    "HAVING": "SELECT ?s {{ ?s ?p ?o }} GROUP BY ?s HAVING (EXISTS {{ {} }})",
    "BIND": "SELECT * {{ BIND(EXISTS {{ {} }} AS ?x) }}",
    "ASK": "ASK {{ {} }}",
    "CONSTRUCT": "CONSTRUCT {{ ?s ?p ?o }} {{ {} }}",
    "DESCRIBE": "DESCRIBE ?s {{ {} }}",
    "another service": "SELECT * {{ SERVICE SILENT ?x {{ {} }} }}",
}
SPELLINGS = {
    "plain": "SERVICE <{}> {{ ?s ?p ?o }}",
    "silent": "SERVICE SILENT <{}> {{ ?s ?p ?o }}",
    "small": "service<{}>{{?s ?p ?o}}",
    "mixed": "sErViCe\n#\n<{}> {{ ?s ?p ?o }}",
    "escaped": "\\u0053ERVICE <{}> {{ ?s ?p ?o }}",
    "long escapes": "\\U00000053\\U00000045RVICE <{}> {{ ?s ?p ?o }}",
    "small and escaped": "\\u0073ervice silent <{}> {{ ?s ?p ?o }}",
    "after a literal": "?s ?p 'it''s', \"a\\\"b\" . SERVICE <{}> {{ ?s ?p ?o }}",
    "a variable": "VALUES ?x {{ <{}> }} SERVICE ?x {{ ?s ?p ?o }}",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_service_is_refused_wherever_it_stands(server, trap, place, spelling):
    query = place.format(spelling.format(f"http://127.0.0.1:{trap}/sparql"))
    answer = clean(post(server, query))

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "service-refused")


def graphs_elsewhere(port, path):
    """Give requests that name graphs to be fetched or read."""
    web, file = f"http://127.0.0.1:{port}/g", path.as_uri()
    for iri in (
        web,
        file,
        str(path),
        "/etc/passwd",
        "file:///etc/passwd",
        f"http:127.0.0.1:{port}",
        "ftp://127.0.0.1/x",
    ):
        yield {"query": f"SELECT * FROM <{iri}> {{ ?s ?p ?o }}"}
        yield {"query": f"SELECT * FROM NAMED <{iri}> {{ GRAPH ?g {{ ?s ?p ?o }} }}"}
        yield {"query": "SELECT * { ?s ?p ?o }", "default-graph-uri": iri}
        yield {"query": "SELECT * { GRAPH ?g { ?s ?p ?o } }", "named-graph-uri": iri}
    base, _, name = file.rpartition("/")
    yield {"query": f"BASE <{base}/> SELECT * FROM <{name}> {{ ?s ?p ?o }}"}
    yield {"query": f"PREFIX x: <{base}/> SELECT * FROM x:{name} {{ ?s ?p ?o }}"}
    yield {"query": f"PREFIX x: <{base}/> SELECT * FROM NAMED x:{name} {{ ?s ?p ?o }}"}
    yield {"query": f"SELECT * FROM <\\u0066ile{file.removeprefix('file')}> {{ ?s ?p ?o }}"}
    yield {"query": f"SELECT * FR\\u004fM <{web}> {{ ?s ?p ?o }}"}
    yield {"query": f"ASK FROM <{web}> {{}}"}
    yield {"query": f"DESCRIBE <{web}> FROM <{web}>"}
    yield {"query": f"CONSTRUCT FROM <{file}> WHERE {{ ?s ?p ?o }}"}


def test_graphs_of_elsewhere_are_neither_fetched_nor_read(server, trap, canary):
    for asked in graphs_elsewhere(trap, canary):
        answer = clean(httpx.get(server.sparql, params=asked, timeout=PATIENCE_S))
        assert answer.status_code == 400, asked
        assert answer.json()["type"].endswith(("/unknown-graph", "/syntax-error"))
    data = httpx.post(server.sparql, data=asked, timeout=PATIENCE_S)
    assert data.status_code == 400
    describing = (
        f"SELECT * {{ GRAPH <http://127.0.0.1:{trap}/g> {{ ?s ?p ?o }} }}"  # a name, not an order to fetch
    )
    assert post(server, describing).json()["results"]["bindings"] == []


UPDATES = (
    "INSERT DATA {{ <http://e/a> <http://e/b> 1 }}",
    "INSERT {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
    "DELETE WHERE {{ ?s ?p ?o }}",
    "DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
    "WITH <http://e/g> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
    "LOAD <http://127.0.0.1:{port}/g>",
    "LOAD SILENT <{file}> INTO GRAPH <http://e/g>",
    "CLEAR ALL",
    "DROP ALL",
    "CREATE GRAPH <http://e/g>",
    "COPY DEFAULT TO <http://e/g>",
    "MOVE DEFAULT TO <http://e/g>",
    "ADD DEFAULT TO <http://e/g>",
    "BASE <http://e/> PREFIX a: <b> # a comment\n dRoP aLl",
    "\\u0044ROP ALL",
    "ASK {{}} ; DROP ALL",
    "SELECT * {{}} DROP ALL",
)


@pytest.mark.parametrize("update", UPDATES)
def test_nothing_is_changed_by_any_route(server, trap, canary, update):
    text = update.format(port=trap, file=canary.as_uri())
    routes = [
        httpx.get(server.sparql, params={"query": text}, timeout=PATIENCE_S),
        httpx.get(server.sparql, params={"update": text}, timeout=PATIENCE_S),
        httpx.post(server.sparql, data={"query": text}, timeout=PATIENCE_S),
        httpx.post(server.sparql, data={"update": text}, timeout=PATIENCE_S),
        post(server, text),
        post(server, text, Content_Type="application/sparql-update"),
        httpx.post(f"{server.url}/update", data={"update": text}, timeout=PATIENCE_S),
        httpx.put(f"{server.sparql}?default", content="<http://e/a> <http://e/b> 1 .", timeout=PATIENCE_S),
        httpx.delete(f"{server.sparql}?default", timeout=PATIENCE_S),
    ]

    assert {clean(answer).status_code for answer in routes} <= {400, 404, 405}
    assert well(server)


@contextmanager
def traced(server, output):
    """Have the system calls that reach out written to a file, those of all the server's processes."""
    pids = [server.process.pid, *descendants(server.process.pid)]
    attached = [argument for pid in pids for argument in ("-p", str(pid))]
    calls = "trace=connect,open,openat,execve"
    tracer = subprocess.Popen(
        ["strace", "-f", "-s", "200", "-o", str(output), "-e", calls, *attached], stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: all(_is_traced(pid) for pid in pids), "the tracer is attached")
        yield
    finally:
        tracer.terminate()
        tracer.wait(PATIENCE_S)


def _is_traced(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return not re.search(r"^TracerPid:\s+0$", status, re.MULTILINE)


@linux
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_system_sees_no_attempt_to_reach_out(server, trap, canary, tmp_path):
    """What the tracer writes of our own making shows that it was looking."""
    calls = tmp_path / "calls"
    with traced(server, calls):
        for spelling in SPELLINGS.values():
            post(server, f"SELECT * {{ {spelling.format(f'http://127.0.0.1:{trap}/')} }}")
        for asked in graphs_elsewhere(trap, canary):
            httpx.get(server.sparql, params=asked, timeout=PATIENCE_S)
        for update in UPDATES:
            post(server, update.format(port=trap, file=canary.as_uri()))
        httpx.get(f"{server.url}/static/..%2f..%2f..%2fetc%2fpasswd", timeout=PATIENCE_S)
        assert well(server)
        for worker in descendants(server.process.pid) - children(server.process.pid):
            subprocess.run(["kill", "-KILL", str(worker)], check=True)
        wait_until(lambda: server.health().get("idle") == 2, "the workers are replaced")
    seen = calls.read_text(encoding="utf-8", errors="replace")

    assert "/proc/self/statm" in seen or "statm" in seen
    assert "connect(" not in seen
    assert "execve(" not in seen
    assert "canary" not in seen
    assert "passwd" not in seen


# Exhausting

BRACKETS = {
    "{}": ("SELECT * {", "{", "}", "}"),
    "()": ("SELECT (", "(", ")", " AS ?x) {}"),
    "( 1": ("SELECT * { ?s ?p ", "( ", ")", "}"),
    "[]": ("SELECT * {", "[ <p> ", "]", "}"),
    "<<": ("SELECT * { ?s ?p ", "<<( <a> <b> ", ")>>", "}"),
    "{|": ("SELECT * { ?s ?p ?o ", "{| <a> <b> ", "|}", "}"),
    "calls": ("SELECT (", "STR(", ")", " AS ?x) {}"),
    "paths": ("SELECT * { ?s ", "(<p>/", ")*", " ?o }"),
    "exists": ("SELECT * {", "FILTER EXISTS {", "}", "}"),
    "subselects": ("SELECT * {", "{ SELECT * {", "}}", "}"),
    "JSON": ('{"query": ', '{"a":[', "]}", "}"),
}


@pytest.mark.parametrize("ends", [True, False], ids=["closed", "open"])
@pytest.mark.parametrize("bracket", BRACKETS.values(), ids=BRACKETS)
def test_nesting_is_refused_before_the_parser_sees_it(server, bracket, ends):
    before, opening, closing, after = bracket
    answer = clean(post(server, before + opening * DEEP + (closing * DEEP + after if ends else "")))

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "too-complex")


ONES = " 1" * 1000
COSTLY = {
    "a pattern that backtracks": f'SELECT (REGEX("{"a" * 5000}!", "^(a+)+$") AS ?x) {{}}',
    "another": f'SELECT (REGEX("{"a" * 50}!", "^(a|a|aa)*$") AS ?x) {{}}',
    "a pattern that unfolds": f'SELECT (REGEX("{"a" * 500}", "{"(" * 4}a{"{0,200})" * 4}") AS ?x) {{}}',
    "a replacement that grows": f'SELECT (REPLACE("{"a" * LONG}", "", "{"b" * 1000}") AS ?x) {{}}',
    "a path of stars": f"SELECT * {{ ?s {'/'.join([f'{A}*'] * 300)} ?o }}",
    "a path of alternatives": f"SELECT * {{ ?s ({'|'.join(['<p>'] * 1500)})* ?o }}",
    "inverses": f"SELECT * {{ ?s {'^' * 1900}<p> ?o }}",
    "values": f"SELECT * {{ VALUES ?x {{{' 1' * LONG}}} }}",
    "values times values": "SELECT * { " + "".join(f"VALUES ?x{n} {{{ONES}}} " for n in range(8)) + "}",
    "IN": f"SELECT * {{ ?s ?p ?o FILTER(?o IN ({'1,' * LONG}1)) }}",
    "arguments": "SELECT (CONCAT(" + "'a'," * LONG + "'a') AS ?x) {}",
    "text that doubles": 'SELECT (STRLEN(?a40) AS ?x) { BIND("xxxxxxxx" AS ?a0) '
    + "".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1}) " for n in range(40))
    + "}",
    "a cross product": f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'?a{n} ?b{n} ?c{n} .' for n in range(60))} }}",
    "a sorted one": f"SELECT * {{ {' '.join(f'?a{n} ?b{n} ?c{n} .' for n in range(9))} }} ORDER BY ?c8",
    "a chain of joins": f"SELECT * {{ {' '.join(f'?a{n} ?p ?a{n + 1} .' for n in range(400))} }}",
    "many columns": f"SELECT {' '.join(f'?v{n}' for n in range(20000))} {{}}",
    "many prefixes": "".join(f"PREFIX p{n}: <http://e/{n}> " for n in range(20000)) + "ASK {}",
    "bases that grow": "BASE <a/> " * LONG + "ASK {}",
    "graphs that grow": f"PREFIX a: <http://e/{'x' * LONG}> ASK {' '.join(f'FROM a:{n}' for n in range(20000))} {{}}",
    "sort keys": f"SELECT * {{ ?s ?p ?o }} ORDER BY {'?s ' * LONG}",
    "group keys": f"SELECT (1 AS ?x) {{ ?s ?p ?o }} GROUP BY {'?s ' * LONG}",
    "things to describe": f"DESCRIBE {'<http://e/a> ' * 20000}",
    "digits": f"SELECT ({'9' * LONG} + 1 AS ?x) (1e{'9' * 1000} AS ?y) {{}}",
    "a limit": f"SELECT * {{}} LIMIT {'9' * 1000}",
    "an offset": "SELECT * {} OFFSET 99999999999999999999999",
    "the ends of numbers": 'SELECT (SUBSTR("abc", -9223372036854775808, 9223372036854775807) AS ?x) {}',
    "dates": 'SELECT ("99999999999999-01-01"^^<http://www.w3.org/2001/XMLSchema#date> AS ?d) (YEAR(?d) AS ?y) {}',
    "escapes": "ASK { ?s ?p '" + "\\u0041" * LONG + "' }",
    "quotes": "ASK { ?s ?p " + '"' * (LONG + 1) + " }",
    "escaped quotes": "ASK { ?s ?p '" + "\\'" * LONG + " }",
    "dots": f"ASK {{ ?s ?p {'a.' * LONG} }}",
    "words nobody knows": f"ASK {{ {'wrod ' * LONG} }}",
    "per cent signs": f"ASK {{ ?s a:{'%4' * LONG} }}",
    "one long string": "ASK { ?s ?p '" + "x" * 900_000 + "' }",
    "one long IRI": f"ASK {{ ?s ?p <http://{'x' * 900_000}> }}",
}


@pytest.mark.parametrize("query", COSTLY.values(), ids=COSTLY)
def test_what_costs_too_much_is_answered_refused_or_ended(server, query):
    """Nothing is left hanging, and the web process and the parent of the workers are the same as before."""
    before = server.process.pid, children(server.process.pid)
    answer = clean(post(server, query))

    assert answer.status_code in {200, 400, 503}
    if answer.status_code == 503:
        assert answer.json()["type"].endswith(("/too-slow", "/worker-died"))
    wait_until(lambda: server.health().get("idle") == 2, "both workers are back")
    assert well(server)
    assert (server.process.pid, children(server.process.pid)) == before


BOMB = gzip.compress(b"0" * 50_000_000)
BODIES = {
    "a bomb": (BOMB, {"Content-Encoding": "gzip"}, {415}),
    "a bomb in a form": (
        BOMB,
        {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"},
        {415},
    ),
    "a bomb nobody declares": (BOMB, {}, {400}),
    "five megabytes": (b"ASK {} #" + b"x" * 5_000_000, {}, {413}),
    "deep JSON": (b'{"a":' * LONG + b"1" + b"}" * LONG, {"Content-Type": "application/json"}, {415}),
    "an entity": (
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        {"Content-Type": "text/xml"},
        {415},
    ),
    "parts": (b"--x\r\n\r\n" * 1000, {"Content-Type": "multipart/form-data; boundary=x"}, {415}),
    "thousands of parameters": (
        b"&".join(b"a%d=1" % n for n in range(5000)),
        {"Content-Type": "application/x-www-form-urlencoded"},
        {400},
    ),
    "thousands of graphs": (
        urlencode(
            [("query", "ASK {}"), *(("default-graph-uri", f"http://e/{n}") for n in range(900))]
        ).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
        {400},
    ),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies_are_refused_as_they_come(server, body):
    content, headers, statuses = body
    answer = clean(
        httpx.post(
            server.sparql, content=content, headers={"Content-Type": DIRECT, **headers}, timeout=PATIENCE_S
        )
    )

    assert answer.status_code in statuses
    assert len(answer.content) < 1500
    assert well(server)


PATHS = (
    "/static/../../../../etc/passwd",
    "/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%5c..%5cetc%5cpasswd",
    "/static//etc/passwd",
    "/static/%00",
    "/queries/..%2f..%2f..%2fetc%2fpasswd",
    "/queries/../../etc/passwd",
    "/queries/%2fetc%2fpasswd.rq",
    "/doc/..%2f..%2f/passwd",
    "/doc/actor/..%2f..%2f..%2fetc%2fpasswd",
    "/doc/actor/%00",
    "/id/actor/%ff%fe",
    "/doc/x%0d%0aSet-Cookie:%20a=b/y",
    "/id/actor/x%0d%0aSet-Cookie:%20a=b",
    "//evil.example/",
    "/\\evil.example",
    "/%2f%2fevil.example",
    "/dumps/..%2f..%2fetc%2fpasswd",
    "/source/..%2f..%2fetc%2fpasswd",
)


@pytest.mark.parametrize("path", PATHS)
def test_paths_lead_nowhere_else(server, path):
    """Nor does a line break in one become a header, nor a name of a host a redirect to it."""
    for accept in (b"*/*", b"text/html"):
        with Wire(server) as wire:
            wire.send(
                b"GET %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\nConnection: close\r\n\r\n"
                % (path.encode(), accept)
            )
            answer = wire.answer()
        assert 400 <= answer.status < 500 or answer.status == 303
        assert "set-cookie" not in answer.headers
        assert not answer.headers.get("location", "/").startswith(("//", "/\\", "http"))
        assert b"root:" not in answer.body
        assert b"secret folder" not in answer.body


def test_a_client_that_does_it_all_at_once_leaves_the_service_well(server):
    """Refusals cost no process."""
    before = descendants(server.process.pid)
    wait_until(lambda: server.health().get("idle") == 2, "both workers idle")
    with httpx.Client(timeout=PATIENCE_S) as client:
        for n in range(100):
            client.post(server.sparql, content="{" * (1000 + n), headers={"Content-Type": DIRECT})
            client.get(server.sparql, params={"query": "SELECT * { SERVICE <http://x/> {} }"})
            client.put(server.sparql)

    assert well(server)
    assert descendants(server.process.pid) == before


# Reflecting

MARKUP = """"><script>alert(1)</script><img src=x onerror='alert(1)'>"""
LINES = "x\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>"


def parameters(server):
    """Give every GET of the service, as it describes itself, with the parameters of path and query."""
    described = httpx.get(f"{server.url}/openapi.json", timeout=PATIENCE_S).json()
    shared = described["components"]["parameters"]
    for path, item in described["paths"].items():
        if "get" in item:
            found = [*item.get("parameters", []), *item["get"].get("parameters", [])]
            named = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in found]
            yield path, [(one["in"], one["name"]) for one in named]


def unscathed(answer):
    """Check that what was sent has not become markup, a script or a header."""
    clean(answer)
    assert "set-cookie" not in answer.headers
    for value in answer.headers.values():
        assert "<script" not in value
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert not re.search(r"""=(["'])[^"'<>]*\1\s*onerror=""", answer.text)


@pytest.mark.parametrize("payload", [MARKUP, LINES], ids=["markup", "lines"])
def test_no_parameter_comes_back_as_markup_or_as_a_header(served, payload):
    """Each parameter of each operation in turn, and one nobody knows; as pages, as data, in both languages."""
    tried = escaped = 0
    with httpx.Client(base_url=served.url, timeout=PATIENCE_S) as client:
        for path, names in parameters(served):
            usual = re.sub(r"\{[^}]*kind[^}]*\}", "actor", path)
            usual = re.sub(r"\{[^}]*(?:key|document)[^}]*\}", "sac", usual).replace(
                "{name}", "tasks-of-a-plan"
            )
            addresses = [
                re.sub(r"\{[^}]*\}", quote(payload, safe=""), path),
                *(f"{usual}?{urlencode({name: payload})}" for place, name in names if place == "query"),
                f"{usual}?{urlencode({'lang': 'zh', 'nobody-knows': payload})}",
                f"{usual}?{urlencode({payload: payload})}",
            ]
            for address in addresses:
                for accept in ("text/html", "*/*"):
                    answer = client.get(re.sub(r"\{[^}]*\}", "x", address), headers={"Accept": accept})
                    unscathed(answer)
                    tried += 1
                    escaped += "&lt;script&gt;alert(1)" in answer.text
    assert tried > 50
    assert escaped > 5  # else nothing came back at all


@pytest.mark.parametrize(
    "header",
    [
        "Accept",
        "Accept-Language",
        "If-None-Match",
        "Content-Type",
        "X-Forwarded-Host",
        "Referer",
        "User-Agent",
        "Cookie",
        "Origin",
    ],
)
def test_no_header_comes_back_as_markup(served, header):
    for path in ("/", "/sparql", "/sparql?query=SELECT", "/doc/actor/none", "/queries/none", "/nowhere"):
        for accept in ("text/html", "application/json"):
            sent = {"Accept": accept, header: MARKUP}
            unscathed(httpx.get(f"{served.url}{path}", headers=sent, timeout=PATIENCE_S))
    refused = httpx.post(
        f"{served.url}/sparql", content="ASK {}", headers={header: MARKUP}, timeout=PATIENCE_S
    )
    unscathed(refused)
    assert refused.status_code == 415


def test_data_with_markup_in_it_is_no_page(server):
    """A browser does not take a result for a page, whatever it holds."""
    query = "SELECT ('<html><script>alert(1)</script>' AS ?x) {}"
    for accept in (
        "text/csv",
        "text/tab-separated-values",
        "text/xml",
        "application/json",
    ):
        answer = clean(httpx.get(server.sparql, params={"query": query}, headers={"Accept": accept}))
        assert answer.status_code == 200
        assert not answer.headers["content-type"].startswith("text/html")
