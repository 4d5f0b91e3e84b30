"""The term reference: every term, its words and its use as they are in the release; and docs/model.md from it."""

import re

import httpx
import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from iotkg.glossary import ONTOLOGY, read_glossary
from iotkg.identifiers import shorten
from iotkg.store import open_release
from iotkg.terms import Names
from iotkg.vocab import PREFIXES, RDF, SKOS, term
from iotkg_api import neighbours, ontology
from iotkg_api.wording import WORDING
from test_pages import Elements, checked

PAGE = "docs/model.md"
MARK = "<!-- terms -->\n"
FORMATS = {
    "ttl": ("text/turtle; charset=utf-8", RdfFormat.TURTLE),
    "jsonld": ("application/ld+json", RdfFormat.JSON_LD),
    "nt": ("application/n-triples", RdfFormat.N_TRIPLES),
    "rdf": ("application/rdf+xml", RdfFormat.RDF_XML),
}


@pytest.fixture(scope="module")
def names(dist):
    return Names(open_release(dist))


@pytest.fixture(scope="module")
def glossary(names):
    return read_glossary(names)


def get(served, path, accept="text/html", **parameters):
    return httpx.get(f"{served.url}{path}", params=parameters, headers={"Accept": accept}, timeout=20)


def test_every_term_and_code_of_the_ontology_is_in_it(glossary, inputs):
    kinds = {term(f"owl:{name}") for name in ("Class", "ObjectProperty", "DatatypeProperty")}
    ours = {
        t.subject
        for t in inputs.ontology.triples
        if t.predicate == RDF.type and t.object in kinds and t.subject.value.startswith(PREFIXES["iotkg"])
    }
    codes = {t.subject for t in inputs.ontology.triples if t.predicate == term("skos:inScheme")}
    schemes = {
        t.subject
        for t in (*inputs.ontology.triples, *inputs.registry.triples)
        if t.object == SKOS.ConceptScheme
    }

    assert {entry.iri for entry in glossary.entries.values()} == ours | codes | schemes
    assert all(
        {text.language for text in entry.labels} == {"en", "zh"} for entry in glossary.entries.values()
    )


def test_counts_are_those_of_the_store(glossary, names):
    (tasks,) = names.rows("SELECT (COUNT(?t) AS ?n) WHERE { ?t a iotkg:Task }")
    (actors,) = names.rows("SELECT (COUNT(*) AS ?n) WHERE { ?s iotkg:actor ?o }")
    assert glossary.entries[term("iotkg:Task").value].use.count == int(tasks["n"].value) == 110
    assert glossary.entries[term("iotkg:actor").value].use.count == int(actors["n"].value)


def test_what_is_used_has_an_example_that_is_in_the_data(glossary, names):
    """A line of Turtle, and for a class a block that stands there, but for words cut short."""
    for entry in glossary.entries.values():
        if entry.kind in ("class", "property") and entry.use.count:
            assert entry.example, entry.iri
        if entry.kind == "property" and entry.example and "…" not in entry.example[0]:
            (line,) = entry.example
            prefixes = "".join(f"PREFIX {prefix}: <{space}>\n" for prefix, space in PREFIXES.items())
            (row,) = names.rows(f"{prefixes}SELECT (COUNT(*) AS ?n) WHERE {{ {line} }}")
            assert int(row["n"].value) >= 1, line


def test_alignments_and_neighbours_are_those_written(glossary):
    task, part = (glossary.entries[term(f"iotkg:{name}").value] for name in ("Task", "partOf"))
    assert ("close", term("p-plan:Step")) in task.aligned
    assert ("above", term("eli:is_part_of")) in part.aligned
    assert [shorten(it.value) for it in part.inverse] == ["iotkg:hasPart"]
    assert term("owl:TransitiveProperty") in part.traits
    assert glossary.entries[term("iotkg:involvesActor").value].chains


def test_the_picture_shows_what_the_data_says(names):
    """Each arrow is found between instances of its two classes; its ends touch their boxes."""
    for subject, name, value in ontology.EDGES:
        pattern = f"?a a iotkg:{subject} ; iotkg:{name} ?b . ?b a iotkg:{value}"
        (row,) = names.rows(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}")
        assert int(row["n"].value) > 0, (subject, name, value)
        a, b = ontology.PLACES[subject], ontology.PLACES[value]
        assert abs(a[0] - b[0]) == 1 or (a[0] == b[0] and abs(a[1] - b[1]) == 1)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_class_has_a_picture_of_its_neighbours(glossary, language):
    """Every neighbour has a row or is counted; rows stand one under the other, the class between above and below."""
    for entry in glossary.of("class"):
        drawn = neighbours.neighbourhood(glossary, entry, language)
        out, back = glossary.using(entry.iri, "domains"), glossary.using(entry.iri, "ranges")
        ends = sum(max(1, len(it.ranges)) for it in out) + sum(max(1, len(it.domains)) for it in back)
        assert len(drawn.rows) + drawn.more == ends + len(entry.above) + len(entry.below)
        places = sorted([drawn.y, *(row.y for row in drawn.rows)])
        assert places == [4 + number * neighbours.ROW for number in range(len(drawn.rows) + 1)]
        assert all((row.sort == "above") == (row.y < drawn.y) for row in drawn.rows)
        assert drawn.height >= places[-1] + neighbours.ROW
    task = neighbours.neighbourhood(glossary, glossary.entries[term("iotkg:Task").value], language)
    assert (task.rows[0].sort, task.rows[0].name) == (
        "above",
        {"en": "Plan element", "zh": "计划要素"}[language],
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_every_term_with_an_anchor_and_every_link_in_it_leads_somewhere(
    served, glossary, language
):
    response = get(served, "/ontology", lang=language)
    html = checked(response, language)
    tags = Elements(html).tags
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    assert {entry.key for entry in glossary.entries.values()} <= ids
    assert {"Task", "actor", "scheme-basis"} <= ids
    inside = {a["href"][1:] for tag, a in tags if tag == "a" and a["href"].startswith("#")}
    assert inside <= ids
    assert html.count('<svg class="near"') == len(glossary.of("class"))
    assert len(httpx.get(response.url, headers={"Accept-Encoding": "identity"}).content) < 400_000


def test_terms_link_to_the_reference(served):
    """What a page says of a class leads to the class."""
    page = get(served, "/doc/task/iot-2013_standards_2", lang="en").text
    assert re.search(r'href="/ontology\?lang=en#Task"', page)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_ontology_is_to_be_had_in_rdf(served, graphs, suffix):
    media_type, syntax = FORMATS[suffix]
    by_suffix = get(served, f"/ontology.{suffix}")
    negotiated = get(served, "/ontology", accept=media_type.partition(";")[0])
    for response in (by_suffix, negotiated):
        assert response.status_code == 200
        assert response.headers["content-type"] == media_type
        assert "ETag" in response.headers
        assert len(list(parse(response.content, syntax))) == len(graphs[NamedNode(ONTOLOGY.value)])


def test_what_there_is_not_is_told(served):
    assert get(served, "/ontology", accept="image/png").status_code == 406
    assert get(served, "/ontology.docx").status_code == 404
    assert get(served, "/ontology.ttl", format="jsonld").status_code == 406


def test_every_outside_term_says_why_it_is_there(glossary):
    for iri, _, count in glossary.outside:
        short = shorten(iri.value)
        prefix = short.partition(":")[0]
        worded = {f"uses-{short}", f"uses-{prefix}"} & set(WORDING)
        assert worded or glossary.aligned_with(iri), short
        assert count


def rows(glossary, kind, literal):
    for entry in glossary.of(kind):
        if entry.literal == literal:
            labels, words = (
                {t.language: t.value for t in texts} for texts in (entry.labels, entry.definitions)
            )
            ends = (
                ", ".join(f"`{shorten(it.value)}`" for it in them) for them in (entry.domains, entry.ranges)
            )
            above = ", ".join(f"`{shorten(it.value)}`" for it in entry.above)
            name = f"`{shorten(entry.iri.value)}` {labels['en']} {labels['zh']}"
            columns = (name, words["en"], above) if kind == "class" else (name, words["en"], *ends)
            yield f"| {' | '.join(column.replace('|', chr(92) + '|') for column in columns)} |\n"


def listed(glossary):
    """Write the tables of all classes, properties and code lists."""
    properties = "| property | meaning | said of | values |\n|---|---|---|---|\n"
    codes = "".join(
        f"| `{shorten(scheme.iri.value)}` | {', '.join(f'`{shorten(code.iri.value)}`' for code in members)} |\n"
        for scheme in glossary.of("scheme")
        if (members := glossary.codes(scheme.iri))
    )
    return (
        f"\n## Classes\n\n| class | meaning | narrower than |\n|---|---|---|\n{''.join(rows(glossary, 'class', False))}"
        f"\n## Properties between things\n\n{properties}{''.join(rows(glossary, 'property', False))}"
        f"\n## Properties with values\n\n{properties}{''.join(rows(glossary, 'property', True))}"
        f"\n## Code lists\n\n| list | codes |\n|---|---|\n{codes}"
    )


def test_the_model_page_lists_every_term(glossary, layout, request):
    page = layout.root / PAGE
    before, mark, _ = page.read_text(encoding="utf-8").partition(MARK)
    assert mark
    if request.config.getoption("--update-golden"):
        page.write_text(before + mark + listed(glossary), encoding="utf-8")

    assert page.read_text(encoding="utf-8") == before + mark + listed(glossary)
