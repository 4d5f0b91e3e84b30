"""The files of the release over HTTP, whole and in parts, the reference of the interface, and what crawlers read."""

import gzip
import json
import re
from hashlib import sha256

import httpx
import pytest
from pyoxigraph import RdfFormat, parse

from iotkg.store import read_manifest
from iotkg_api.wording import WORDING
from test_pages import Elements, checked


def get(served, path, options=None, **headers):
    sent = {
        "Accept-Encoding": "identity",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return httpx.get(f"{served.url}{path}", headers=sent, timeout=60, **(options or {}))


def test_every_file_of_the_manifest_is_given_byte_for_byte(served, dist):
    files = read_manifest(dist)["files"]
    for name, about in files.items():
        answer = get(served, f"/dumps/{name}")
        assert answer.status_code == 200
        assert sha256(answer.content).hexdigest() == about["sha256"], name
        assert int(answer.headers["content-length"]) == about["bytes"]
        assert answer.headers["content-type"] != "application/octet-stream", name
        assert answer.headers["accept-ranges"] == "bytes"
    assert get(served, "/dumps/manifest.json").json() == read_manifest(dist)


def test_a_file_comes_compressed_with_an_etag_of_its_own(served, dist):
    plain, packed = get(served, "/dumps/iotkg.ttl"), get(served, "/dumps/iotkg.ttl", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content == (dist / "iotkg.ttl").read_bytes()
    assert int(packed.headers["content-length"]) < len(plain.content) / 4
    assert plain.headers["etag"] != packed.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]
    for answer, coding in ((plain, "identity"), (packed, "gzip")):
        again = get(served, "/dumps/iotkg.ttl", Accept_Encoding=coding, If_None_Match=answer.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")
    crossed = get(served, "/dumps/iotkg.ttl", If_None_Match=packed.headers["etag"])
    assert crossed.status_code == 200


@pytest.mark.parametrize("name", ["iotkg.nq", "rules/label.rq"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_part_of_a_file_is_that_part_and_never_compressed(served, dist, name, coding):
    data = (dist / name).read_bytes()
    part = get(served, f"/dumps/{name}", Range="bytes=10-219", Accept_Encoding=coding)
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 10-219/{len(data)}"
    assert "content-encoding" not in part.headers
    assert part.content == data[10:220]
    assert get(served, f"/dumps/{name}", Range="bytes=-5").content == data[-5:]
    etag = part.headers["etag"]
    assert get(served, f"/dumps/{name}", Range="bytes=0-9", If_Range=etag).status_code == 206
    assert get(served, f"/dumps/{name}", Range="bytes=0-9", If_Range='"other"').status_code == 200


@pytest.mark.parametrize("asked", ["bytes={size}-", "bytes=", "bytes=x-y", "bytes=9-3"])
def test_a_part_that_there_is_not_is_a_problem_that_names_the_length(served, dist, asked):
    size = (dist / "void.ttl").stat().st_size
    answer = get(served, "/dumps/void.ttl", Range=asked.format(size=size))
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 416
    assert f"bytes=0-{size - 1}" in answer.json()["detail"]


def test_a_range_that_cannot_be_taken_gives_the_file_as_it_would_come_without(served, dist):
    """RFC 9110, 14.2: for other methods and units; and what is named by its own ETag comes uncoded."""
    data = (dist / "void.ttl").read_bytes()
    head = httpx.head(f"{served.url}/dumps/void.ttl", headers={"Range": "bytes=0-9", "Accept-Encoding": ""})
    assert (head.status_code, int(head.headers["content-length"])) == (200, len(data))
    lines = get(served, "/dumps/void.ttl", Range="lines=1-2")
    assert (lines.status_code, lines.content) == (200, data)
    late = get(served, "/dumps/void.ttl", Range="bytes=100-", If_Range='"old"', Accept_Encoding="gzip")
    assert (late.status_code, late.content) == (200, data)
    assert "content-encoding" not in late.headers
    assert late.headers["etag"] == lines.headers["etag"]


def test_a_coded_file_is_never_named_by_the_digest_of_another(served):
    coded = get(served, "/dumps/void.ttl", Accept_Encoding="gzip")
    known = get(served, "/dumps/void.ttl", Accept_Encoding="gzip", If_None_Match=coded.headers["etag"])
    assert (coded.status_code, known.status_code) == (200, 304)
    assert "repr-digest" not in coded.headers
    assert "repr-digest" not in known.headers


def test_head_tells_the_length_and_sends_nothing(served, dist):
    answer = httpx.head(f"{served.url}/dumps/iotkg.nq", headers={"Accept-Encoding": "identity"}, timeout=60)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == (dist / "iotkg.nq").stat().st_size
    assert answer.content == b""


@pytest.mark.parametrize(
    "name",
    [
        "../.releases/.lock",
        "..%2f.releases%2f.lock",
        "%2e%2e/.releases/.lock",
        "/etc/passwd",
        "queries",
        "queries/",
        "",
        "nope.ttl",
        "%00",
    ],
)
def test_nothing_beside_the_release_is_given(served, dist, name):
    assert (dist.parent / ".releases" / ".lock").is_file()
    answer = get(served, f"/dumps/{name}")
    assert answer.status_code == 404
    assert str(dist.parent) not in answer.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_list_names_every_file_with_its_size(served, dist, language):
    answer = httpx.get(f"{served.url}/dumps?lang={language}", headers={"Accept": "text/html"}, timeout=60)
    html = checked(answer, language)
    for name, about in read_manifest(dist)["files"].items():
        assert f'href="/dumps/{name}?lang={language}"' in html
        assert f"{about['bytes']:,}" in html
        assert about["sha256"] in html
    assert "https://creativecommons.org/licenses/by/4.0/" in html


def test_the_well_known_address_describes_the_data_set(served, dist):
    answer = get(served, "/.well-known/void")
    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    assert answer.content == (dist / "void.ttl").read_bytes()
    assert list(parse(answer.content, RdfFormat.TURTLE))


def test_crawlers_find_their_rules_and_browsers_the_icon(served):
    robots = get(served, "/robots.txt")
    assert robots.headers["content-type"].startswith("text/plain")
    assert "Disallow: /sparql" in robots.text.splitlines()
    moved = get(served, "/favicon.ico")
    assert moved.status_code == 308
    icon = get(served, moved.headers["location"])
    assert icon.headers["content-type"] == "image/svg+xml"
    page = httpx.get(f"{served.url}/", headers={"Accept": "text/html"}, timeout=60).text
    assert 'rel="icon"' in page
    assert {"/dumps", "/docs", "/ontology", "/quality"} <= set(re.findall(r'href="(/[a-z]*)"', page))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_reference_lists_every_operation_and_its_examples_run(served, language):
    """From the description alone: nothing from elsewhere, no script, and each link under an example answers."""
    described = json.loads(get(served, "/openapi.json").text)
    answer = httpx.get(f"{served.url}/docs?lang={language}", headers={"Accept": "text/html"}, timeout=60)
    html = checked(answer, language)
    methods = {"get", "post", "put", "delete"}
    for path, item in described["paths"].items():
        for method in methods & set(item):
            assert f"<code>{method.upper()} {path}</code>" in html.replace("&#39;", "'")
            for parameter in item[method].get("parameters", ()):
                shared = parameter.get("$ref", "").rpartition("/")[2]
                told = described["components"]["parameters"][shared] if shared else parameter
                assert f"<code>{told['name']}</code>" in html
    run = WORDING["docs-run"][language == "zh"]
    links = [link.replace("&amp;", "&") for link in re.findall(rf'<a href="([^"]+)">{run}</a>', html)]
    assert len(links) > 8
    for link in links:
        assert get(served, link, {"follow_redirects": True}).status_code == 200, link
    assert len([tag for tag, _ in Elements(html).tags if tag == "pre"]) == len(links)


def test_gzip_of_a_file_is_the_file(served, dist):
    """Read past the client's own decompression."""
    with httpx.stream(
        "GET", f"{served.url}/dumps/void.ttl", headers={"Accept-Encoding": "gzip"}, timeout=60
    ) as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw) == (dist / "void.ttl").read_bytes()


@pytest.mark.parametrize("path", ["/dumps/none", "/doc/task/none", "/nothing", "/queries/none"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_is_missing_now_may_be_there_in_the_next_release(served, path, accept):
    answer = get(served, path, Accept=accept)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_a_path_with_two_slashes_leads_to_no_other_host(served):
    answer = get(served, "//example.net/x", Accept="text/html")
    assert answer.status_code == 404
    assert re.findall(r'href="(//[^"]*)"', answer.text) == []


def test_no_file_has_so_long_a_name(served):
    assert get(served, f"/static/{'a' * 300}.css").status_code == 404
    assert get(served, "/static/..%2fapp.py").status_code == 404


def test_the_description_of_the_interface_is_kept(served):
    first, again = (get(served, "/openapi.json") for _ in range(2))
    assert (first.status_code, first.headers["content-type"]) == (200, "application/json")
    assert again.headers["cache-status"] == "iotkg; hit"
    assert get(served, "/openapi.json", If_None_Match=first.headers["etag"]).status_code == 304
