"""The terms: a reference for people, and the ontology in RDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from pyoxigraph import RdfFormat, Triple, serialize
from starlette.requests import Request
from starlette.responses import Response

from iotkg.glossary import ONTOLOGY, Glossary, read_glossary
from iotkg.model import Term
from iotkg.turtle import graph_to_turtle
from iotkg.vocab import PREFIXES, term
from iotkg_api import operations
from iotkg_api.contexts import Choice
from iotkg_api.negotiation import GRAPHS, HTML, choose, differ, listing, once
from iotkg_api.neighbours import Neighbourhood, neighbourhood
from iotkg_api.pages import Page, conditional, language_of, render
from iotkg_api.problems import Kind, Problem, contradiction
from iotkg_api.resources import FORMATS, catalogue_of, failure

_OFFERS: Final = (HTML, *GRAPHS)
_SUFFIXES: Final = {offer.canonical: name for offer in _OFFERS for name in offer.names if name in FORMATS}
_TYPES: Final = {suffix: media_type for media_type, suffix in _SUFFIXES.items()}
_RDF: Final = {"jsonld": RdfFormat.JSON_LD, "nt": RdfFormat.N_TRIPLES, "rdf": RdfFormat.RDF_XML}
_ALL: Final = f"SELECT ?s ?p ?o WHERE {{ GRAPH {ONTOLOGY} {{ ?s ?p ?o }} }}"

PLACES: Final = {
    "SourceText": (0, 0, 1),
    "EvidenceAnchor": (0, 1, 1),
    "Sector": (0, 2, 1),
    "Technology": (0, 3, 1),
    "Deliverable": (0, 4, 1),
    "ActionPlan": (1, 0, 1),
    "Task": (1, 1, 5),
    "PlanSet": (2, 0, 1),
    "Responsibility": (2, 1, 1),
    "Deadline": (2, 2, 1),
    "Target": (2, 3, 1),
    "Initiative": (2, 4, 1),
    "Measure": (2, 5, 1),
    "Actor": (3, 1, 1),
    "BasisLevel": (3, 2, 1),
    "MeasuredThing": (3, 3, 1),
    "Place": (3, 4, 1),
    "Aim": (3, 5, 1),
}
"""The main classes in the picture: column, row, and how many rows each is high."""

EDGES: Final = (
    ("ActionPlan", "directPartOf", "PlanSet"),
    ("Task", "inPlan", "ActionPlan"),
    ("Task", "textAnchor", "EvidenceAnchor"),
    ("EvidenceAnchor", "inSource", "SourceText"),
    ("Task", "aboutSector", "Sector"),
    ("Task", "aboutTechnology", "Technology"),
    ("Task", "produces", "Deliverable"),
    ("Responsibility", "appliesTo", "Task"),
    ("Deadline", "appliesTo", "Task"),
    ("Target", "appliesTo", "Task"),
    ("Initiative", "initiativeOf", "Task"),
    ("Measure", "statedIn", "Task"),
    ("Responsibility", "actor", "Actor"),
    ("Deadline", "basis", "BasisLevel"),
    ("Target", "countsThing", "MeasuredThing"),
    ("Initiative", "targetPlace", "Place"),
    ("Measure", "aimsAt", "Aim"),
)
"""What the picture shows between neighbours: a test finds each in the data."""

_BOX: Final = (176, 44)
_STEP: Final = (318, 78)


@dataclass(frozen=True, slots=True)
class Box:
    """A class in the picture, in units of its view box."""

    term: Term
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """A property in the picture: from (x1, y1) to (x2, y2), its name at (x, y)."""

    subject: Term
    term: Term
    value: Term
    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def x(self) -> int:
        """Where the name stands."""
        return (self.x1 + self.x2) // 2 + (0 if self.level else 8)

    @property
    def y(self) -> int:
        """The base line of the name."""
        return (self.y1 + self.y2) // 2 + (-6 if self.level else 4)

    @property
    def level(self) -> bool:
        """Whether the arrow lies; its name stands above it then, else beside."""
        return self.y1 == self.y2


@dataclass(frozen=True, slots=True)
class Picture:
    """The main classes and what connects them."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OntologyPage:
    """The term reference, ``/ontology``."""

    glossary: Glossary
    terms: dict[str, Term]
    picture: Picture
    neighbours: Mapping[str, Neighbourhood]
    """The picture of each class, by IRI."""
    formats: tuple[Choice, ...]


def ontology(request: Request) -> Response:
    """Answer the term reference or the ontology.

    Raises: InvalidParameter for a parameter that stands twice; Problem for a type there is none of, or two that differ.
    """
    format_ = once(request.query_params.multi_items()).get("format")
    suffix = request.path_params.get("suffix", "")
    if suffix and suffix not in FORMATS:
        there = ", ".join(f"/ontology.{known}" for known in FORMATS)
        return failure(request, Kind.NOT_FOUND, f"The ontology is at {there}")
    if suffix and differ(suffix, format_, _OFFERS):
        raise contradiction(suffix, format_)
    if not suffix:
        wanted = choose(_OFFERS, request.headers.getlist("accept"), format_)
        if not wanted:
            raise Problem(Kind.NOT_ACCEPTABLE, "See types for what there is", types=listing(_OFFERS))
        suffix = _SUFFIXES[wanted[0].canonical]
    return _page(request) if suffix == "html" else _data(request, suffix)


def glossary_of(request: Request) -> Glossary:
    """Give the reference of the release that is served, read on first use."""
    state = request.app.state
    if getattr(state, "glossary", None) is None:
        state.glossary = read_glossary(catalogue_of(request).names)
    found: Glossary = state.glossary
    return found


def picture(terms: dict[str, Term]) -> Picture:
    """Place the main classes and the arrows between them; both ends of an arrow share a row or a column."""
    (width, height), (across, down) = _BOX, _STEP
    boxes = {
        name: Box(
            terms[term(f"iotkg:{name}").value],
            4 + c * across,
            4 + r * down,
            width,
            height + (high - 1) * down,
        )
        for name, (c, r, high) in PLACES.items()
    }
    arrows = []
    for subject, name, value in EDGES:
        a, b = boxes[subject], boxes[value]
        if a.x == b.x:
            x = a.x + width // 2
            ends = (x, a.y, x, b.y + b.height) if a.y > b.y else (x, a.y + a.height, x, b.y)
        else:
            y = max(a.y, b.y) + height // 2
            ends = (a.x + width, y, b.x, y) if a.x < b.x else (a.x, y, b.x + width, y)
        arrows.append(Arrow(a.term, terms[term(f"iotkg:{name}").value], b.term, *ends))
    columns, rows = max(c for c, _, _ in PLACES.values()), max(r + high - 1 for _, r, high in PLACES.values())
    return Picture(
        columns * across + width + 8, rows * down + height + 8, tuple(boxes.values()), tuple(arrows)
    )


def _page(request: Request) -> Response:
    glossary = glossary_of(request)
    named = {
        it
        for entry in glossary.entries.values()
        for it in (entry.iri, *entry.above, *entry.domains, *entry.ranges, entry.use.first)
        if it is not None
    }
    named |= {
        it for entry in glossary.entries.values() for it in (*entry.inverse, *entry.traits, *entry.below)
    }
    named |= {it for entry in glossary.entries.values() for _, it in entry.aligned}
    named |= {it for it, _, _ in glossary.outside}
    terms = catalogue_of(request).names.of(named)
    page = Page(request, language_of(request))
    formats = tuple(
        Choice(label=label, href=page.url(f"/ontology.{suffix}"), type=_TYPES[suffix])
        for suffix, label in FORMATS.items()
    )
    neighbours = {
        entry.iri.value: neighbourhood(glossary, entry, page.language) for entry in glossary.of("class")
    }
    context = OntologyPage(
        glossary=glossary, terms=terms, picture=picture(terms), neighbours=neighbours, formats=formats
    )
    return render(request, "ontology.html", context)


def _data(request: Request, suffix: str) -> Response:
    triples = sorted(_triples(request), key=str)
    if suffix == "ttl":
        body: str | bytes = graph_to_turtle(
            triples, "# The iotkg ontology, its code lists and its alignment.\n"
        )
    else:
        body = (
            serialize(triples, format=_RDF[suffix], prefixes=None if suffix == "nt" else _prefixes(triples))
            or b""
        )
    headers = {
        "Vary": "Accept, Accept-Language",
        "Link": f'<{PREFIXES["iotkg"].rstrip("#")}>; rel="canonical"',
    }
    return conditional(request, Response(body, media_type=_TYPES[suffix], headers=headers))


def _prefixes(triples: list[Triple]) -> dict[str, str]:
    used = {triple.predicate.value for triple in triples}
    return {name: space for name, space in PREFIXES.items() if any(iri.startswith(space) for iri in used)}


def _triples(request: Request) -> list[Triple]:
    rows = catalogue_of(request).names.rows(_ALL)
    return [Triple(row["s"], row["p"], row["o"]) for row in rows]  # type: ignore[arg-type]


router = APIRouter()
router.add_route("/ontology", ontology, include_in_schema=False)
router.add_route("/ontology.{suffix}", ontology, include_in_schema=False)

PATHS: Final[dict[str, Any]] = {
    "/ontology": {
        "get": {
            "summary": "The terms: a reference, or the ontology / 术语参考，或本体",
            "description": "The format is negotiated; format= beats Accept. Also /ontology.ttl .jsonld .nt .rdf .html. "
            "格式由内容协商决定，format= 优先。",
            "operationId": "ontology",
            "tags": ["Things"],
            "parameters": [
                {
                    "name": "format",
                    "in": "query",
                    "schema": {"type": "string"},
                    "description": "html, turtle, ntriples, jsonld or rdfxml",
                    "example": "turtle",
                }
            ],
            "responses": {
                "200": {
                    "description": "The reference, or the ontology with its code lists and alignment",
                    "content": operations.bodies(*_TYPES.values()),
                },
                "406": {"description": "None of the types asked for can be given"},
                "422": {"description": "A parameter stands twice"},
            },
        }
    }
}
"""OpenAPI path items of these routes."""
