"""Which type a client gets: q-values, wildcards, specificity, and the short names of ``?format=``."""

import subprocess
import sys

import pytest

from iotkg_api.negotiation import GRAPHS, HTML, TABLES, choose, coding, listing

JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv", "text/tab-separated-values"
TURTLE, NTRIPLES = "text/turtle", "application/n-triples"
JSON_LD, RDF_XML = "application/ld+json", "application/rdf+xml"


def best(offers, *accept, format_=None):
    """Give the type written for the client's first choice; None when nothing fits."""
    chosen = choose(offers, accept, format_)
    return chosen[0].canonical if chosen else None


@pytest.mark.parametrize(
    ("accept", "table", "graph"),
    [
        ((), JSON, TURTLE),
        (("",), JSON, TURTLE),
        (("*/*",), JSON, TURTLE),
        (("application/*",), JSON, NTRIPLES),
        (("text/*",), CSV, TURTLE),
        (("TEXT/CSV",), CSV, None),
        (("text/csv;q=0.5, text/tab-separated-values",), TSV, None),
        (("text/csv; q=0.5 , text/turtle; q=0.4, */*;q=0.1",), CSV, TURTLE),
        (("text/csv", "application/rdf+xml"), CSV, RDF_XML),
        (("*/*, application/sparql-results+json;q=0",), XML, TURTLE),
        (("text/*, text/csv;q=0, text/turtle;q=0.0",), TSV, RDF_XML),
        (("*/*;q=0.5, text/*;q=0.9, text/csv;q=0.1",), TSV, TURTLE),
        (("application/json",), JSON, JSON_LD),
        (("application/xml",), XML, RDF_XML),
        (("text/xml",), XML, RDF_XML),
        (("text/csv;charset=utf-8",), CSV, None),
        (('text/turtle;profile="a,b;q=0";q=0.7, application/n-triples;q=0.8',), None, NTRIPLES),
        (("image/png",), None, None),
        (("*/csv",), None, None),
        (("text/csv;q=2",), None, None),
        (("text/csv;q=-1, text/tab-separated-values;q=0.001",), TSV, None),
        (("nonsense",), None, None),
        (("*/*;q=0",), None, None),
        (("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",), XML, RDF_XML),
    ],
)
def test_the_most_wanted_type_is_chosen(accept, table, graph):
    assert (best(TABLES, *accept), best(GRAPHS, *accept)) == (table, graph)


@pytest.mark.parametrize(
    ("name", "table", "graph"),
    [
        ("json", JSON, JSON_LD),
        ("xml", XML, RDF_XML),
        ("CSV", CSV, None),
        ("tsv", TSV, None),
        ("turtle", None, TURTLE),
        ("nt", None, NTRIPLES),
        ("json-ld", None, JSON_LD),
        ("rdf+xml", None, RDF_XML),
        ("rdf xml", None, RDF_XML),
        ("text/csv", CSV, None),
        ("application/sparql-results json", JSON, None),
        ("excel", None, None),
        ("", None, None),
    ],
)
def test_format_beats_accept(name, table, graph):
    """A plus sign arrives as a space where the client did not escape it."""
    assert best(TABLES, "text/tab-separated-values", format_=name) == table
    assert best(GRAPHS, "application/n-triples", format_=name) == graph


def test_an_answer_has_the_type_the_client_named():
    """Who asks for application/json gets that, with the bytes of the SPARQL type."""
    offer = choose(TABLES, ["application/json"])[0]

    assert (offer.content_type, offer.canonical) == ("application/json", JSON)
    assert choose(TABLES, ["text/csv"])[0].content_type == "text/csv; charset=utf-8"


def test_a_browser_prefers_html_and_a_client_does_not():
    offers = (*TABLES, *GRAPHS, HTML)

    assert choose(offers, ["text/html,application/xml;q=0.9,*/*;q=0.8"])[0] == HTML
    assert choose(offers, ["*/*"])[0] != HTML


def test_the_listing_names_the_eight_types_once():
    assert listing(TABLES, GRAPHS) == [JSON, XML, CSV, TSV, TURTLE, NTRIPLES, JSON_LD, RDF_XML]


@pytest.mark.parametrize("piece", [" ", '"', '\\"', ";", "; ", ";q=", ",", "a/b;", "q=", "\t", '";"', "a"])
def test_time_grows_no_faster_than_the_header(piece):
    """Given back character by character, some of these would take half an hour; a child that hangs is ended."""
    code = (
        "import sys; from iotkg_api.negotiation import TABLES, choose, coding\n"
        "text = sys.stdin.read(); mine = text * (300_000 // len(text))\n"
        "for before in ('', 'text/csv;q=', 'gzip;q=', '\"'):\n"
        "    choose(TABLES, [before + mine + 'x']); coding([before + mine + 'x'])\n"
        "print('done')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=piece, capture_output=True, timeout=60, check=True, text=True
    )
    assert done.stdout == "done\n"


def test_a_quote_without_its_partner_and_blanks_around_a_weight_are_read():
    assert best(TABLES, 'text/csv;a="x, application/sparql-results+json') == "text/csv"
    assert (
        best(TABLES, "text/csv; q= 0.5 , application/sparql-results+xml") == "application/sparql-results+xml"
    )
    assert coding(["gzip;q=0.5 ,identity;q=0.4"]) == "gzip"
    assert coding(["gzip;q=0.5x"]) == "identity"
