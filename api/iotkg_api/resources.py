"""Things by IRI: ``/id`` redirects to ``/doc``, which answers in HTML or RDF; and the first page."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter
from pyoxigraph import NamedNode, RdfFormat, serialize
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from iotkg.catalogue import Catalogue
from iotkg.citing import SHOWN, ThingCitation
from iotkg.errors import InvalidParameter, UnknownEntity
from iotkg.identifiers import expand
from iotkg.links import Window
from iotkg.model import Entity, Term, in_language
from iotkg.turtle import graph_to_turtle
from iotkg.vocab import ID, PREFIXES
from iotkg_api import citations, operations
from iotkg_api.contexts import Choice, EntityPage, Reference, claims, passages
from iotkg_api.negotiation import GRAPHS, HTML, choose, differ, listing, once
from iotkg_api.pages import Page, conditional, error_page, language_of, render, wants_html
from iotkg_api.problems import Kind, Problem, contradiction, response
from iotkg_api.wording import LANGUAGES

FORMATS: Final = {"html": "HTML", "ttl": "Turtle", "jsonld": "JSON-LD", "nt": "N-Triples", "rdf": "RDF/XML"}
"""Suffix and name of what a thing can be had in."""

_OFFERS: Final = (HTML, *GRAPHS)
_SUFFIXES: Final = {offer.canonical: name for offer in _OFFERS for name in offer.names if name in FORMATS}

_TYPES: Final = {suffix: media_type for media_type, suffix in _SUFFIXES.items()}
_RDF: Final = {"jsonld": RdfFormat.JSON_LD, "nt": RdfFormat.N_TRIPLES, "rdf": RdfFormat.RDF_XML}
_VARY: Final = {"Vary": "Accept, Accept-Language"}


def catalogue_of(request: Request) -> Catalogue:
    """Give the application's catalogue, made on first use."""
    state = request.app.state
    if getattr(state, "catalogue", None) is None:
        state.catalogue = Catalogue(state.source)
    found: Catalogue = state.catalogue
    return found


def identify(request: Request) -> Response:
    """Send from what a thing is to what is said of it; of what nothing is said, say so at once."""
    kind, key = request.path_params["kind"], request.path_params["key"]
    catalogue = catalogue_of(request)
    if not catalogue.knows(f"{kind}/{key}"):
        return _unknown(request, catalogue, f"{kind}/{key}")
    release = request.query_params.get("release")
    path = Page(request, language_of(request)).url(
        f"/doc/{kind}/{key}", **({"release": release} if release else {})
    )
    return RedirectResponse(path, 303, headers={"Vary": "Accept-Language"})


def document(request: Request) -> Response:
    """Answer what is said of a thing, in the format asked for.

    Raises: InvalidParameter for a parameter that stands twice; Problem for a suffix and a format that differ.
    """
    kind, key = request.path_params["kind"], request.path_params["key"]
    format_ = once(request.query_params.multi_items()).get("format")
    stem, dot, suffix = key.rpartition(".")
    if dot and suffix in FORMATS:
        key = stem
        if differ(suffix, format_, _OFFERS):
            raise contradiction(suffix, format_)
    else:
        wanted = choose(_OFFERS, request.headers.getlist("accept"), format_)
        if not wanted:
            return failure(
                request, Kind.NOT_ACCEPTABLE, "See types for what there is.", types=listing(_OFFERS)
            )
        suffix = _SUFFIXES[wanted[0].canonical]
    catalogue = catalogue_of(request)
    try:
        iri = NamedNode(f"{ID}{kind}/{key}")
        return _page(request, catalogue, iri) if suffix == "html" else _data(request, catalogue, iri, suffix)
    except (UnknownEntity, ValueError):
        return _unknown(request, catalogue, f"{kind}/{key}")
    except InvalidParameter as error:
        return failure(request, Kind.INVALID_PARAMETER, str(error))


def cite(request: Request) -> Response:
    """Say how to cite what this release says of a thing, with today as the day of access.

    Raises: InvalidParameter for a parameter that stands twice.
    """
    thing = f"{request.path_params['kind']}/{request.path_params['key']}"
    catalogue = catalogue_of(request)
    if not catalogue.knows(thing):
        return _unknown(request, catalogue, thing)
    format_ = once(request.query_params.multi_items()).get("format")
    iri = NamedNode(f"{ID}{thing}")
    citation = _citation(request, catalogue.names.of([iri])[iri.value])
    found = citations.respond(request, citation, citations.OFFERS, format_, {"Vary": "Accept"})
    types = listing(citations.OFFERS)
    return found or failure(request, Kind.NOT_ACCEPTABLE, "See types for what there is.", types=types)


def _citation(request: Request, term: Term) -> ThingCitation:
    names = {
        language: " · ".join(in_language(part, language).value for part in term.name)
        for language in LANGUAGES
    }
    return ThingCitation(
        thing=term.iri.value.removeprefix(ID), name=names, release=request.app.state.release["release"]
    )


def _page(request: Request, catalogue: Catalogue, iri: NamedNode) -> Response:
    window = _window(request)
    entity = catalogue.entity(iri, window)
    path = f"/doc/{iri.value.removeprefix(ID)}"
    page = Page(request, language_of(request))
    formats = tuple(
        Choice(label=label, href=page.url(f"{path}.{suffix}"), type=_TYPES[suffix])
        for suffix, label in FORMATS.items()
    )
    citation = _citation(request, entity.term)
    links = ", ".join(f'<{it.href}>; rel="alternate"; type="{it.type}"' for it in formats[1:])
    return render(
        request,
        "entity.html",
        _context(
            entity,
            formats,
            window,
            cited=citations.shown(
                page, citation, page.url(path, release=citation.release[:SHOWN]), f"{path}/cite", {}
            ),
            edition=not citation.release.startswith(request.query_params.get("release", "")),
        ),
        status=410 if entity.deprecated else 200,
        headers={"Link": f'{links}, <{iri.value}>; rel="canonical", <{citation.iri}>; rel="cite-as"'},
    )


def _context(
    entity: Entity, formats: tuple[Choice, ...], window: Window | None, *, cited: Reference, edition: bool
) -> EntityPage:
    kind = entity.place.unit.kind if entity.place else ""
    heads = {*entity.owners, *entity.deadlines} if kind == "task" else set()
    itself = next((it for it in entity.statements if it.term.iri == entity.term.iri), None)
    if itself:
        about = "statements-self" if itself.subject else "statements-words"
    elif entity.here:
        about = "statements-on"
    else:
        about = {"task": "statements-task"}.get(kind, "statements-about" if kind else "statements-by")
    return EntityPage(
        entity=entity,
        claims=claims(statement for statement in entity.statements if statement not in heads),
        owners=claims(entity.owners),
        deadlines=claims(entity.deadlines),
        about=about,
        named=passages(entity.named),
        rests_on=passages(entity.rests_on),
        numbers={it.term.iri.value: number for number, it in enumerate(entity.provisions, 1)},
        formats=formats,
        cited=cited,
        edition=edition,
        window=window.predicate if window else None,
        size=window.size if window else 0,
    )


def _window(request: Request) -> Window | None:
    """Read ``?page-in=PROPERTY&offset=``; None when the whole page is asked for.

    Raises: InvalidParameter for a property that is no prefixed name or IRI, or an offset that is no number.
    """
    asked, offset = request.query_params.get("page-in"), request.query_params.get("offset", "0")
    if asked is None:
        return None
    predicate = expand(asked)
    if predicate is None:
        raise InvalidParameter(f"page-in: {asked!r} is no property; write it like iotkg:statedIn")
    if not offset.isascii() or not offset.isdecimal() or len(offset) > 9:  # noqa: PLR2004 - fits any engine
        raise InvalidParameter(f"offset: {offset!r} is no number; leave it out to start at the first")
    return Window(predicate=predicate, offset=int(offset))


def _data(request: Request, catalogue: Catalogue, iri: NamedNode, suffix: str) -> Response:
    described = catalogue.description(iri)
    media_type = _TYPES[suffix]
    headers = dict(_VARY)
    if described.omitted:
        headers["X-Incoming-Omitted"] = str(described.omitted)
    if suffix == "ttl":
        note = (
            f"# {described.omitted} more triples point here; ask /sparql for them.\n"
            if described.omitted
            else ""
        )
        turtle = graph_to_turtle(described.triples, note)
        return conditional(request, Response(turtle, media_type=media_type, headers=headers))
    predicates = {triple.predicate.value for triple in described.triples}
    prefixes = {
        name: space for name, space in PREFIXES.items() if any(iri.startswith(space) for iri in predicates)
    }
    data = serialize(described.triples, format=_RDF[suffix], prefixes=prefixes or None)
    return conditional(request, Response(data, media_type=media_type, headers=headers))


def failure(
    request: Request, kind: Kind, detail: str, near: tuple[Term, ...] = (), types: list[str] | None = None
) -> Response:
    """Answer a failure: a page for a browser, a problem for a program."""
    if wants_html(request):
        return error_page(request, kind.status, detail, near)
    extra: dict[str, list[str]] = {"near": [term.iri.value for term in near]} if near else {}
    if types:
        extra["types"] = types
    return response(Problem(kind, detail, _VARY, **extra))


def _unknown(request: Request, catalogue: Catalogue, path: str) -> Response:
    near = catalogue.near(path)
    page = Page(request, language_of(request))
    detail = page.say("error-unknown", what=f"{ID}{quote(path)}")
    return failure(request, Kind.NOT_FOUND, detail, near)


router = APIRouter()
router.add_route("/id/{kind}/{key}", identify, include_in_schema=False)
router.add_route("/doc/{kind}/{key}", document, include_in_schema=False)
router.add_route("/doc/{kind}/{key}/cite", cite, include_in_schema=False)

_PARAMETERS: Final = [
    {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": what,
        "example": example,
    }
    for name, what, example in (
        ("kind", "The class segment", "task"),
        ("key", "The key", "iot-2013_standards_2"),
    )
]
PATHS: Final[dict[str, Any]] = {
    "/id/{kind}/{key}": {
        "get": {
            "summary": "Go from a thing to its description",
            "operationId": "id",
            "tags": ["Things"],
            "parameters": _PARAMETERS,
            "responses": {
                "303": {"description": "Its description is at /doc"},
                "404": {"description": "Nothing has this IRI; near ones are listed"},
            },
        }
    },
    "/doc/{kind}/{key}/cite": {
        "get": {
            "summary": "Cite what this release says of a thing",
            "description": "The day of access is today's, in UTC.",
            "operationId": "cite-thing",
            "tags": ["Things"],
            "parameters": [
                *_PARAMETERS,
                {
                    "name": "format",
                    "in": "query",
                    "schema": {"type": "string", "enum": ["gbt7714", "bibtex", "csl"]},
                    "description": "The form of the citation; beats Accept",
                },
            ],
            "responses": {
                "200": {
                    "description": "GB/T 7714-2015, BibTeX or CSL-JSON",
                    "content": operations.bodies(*(offer.media_type for offer in citations.OFFERS)),
                },
                "404": {"description": "Nothing has this IRI; near ones are listed"},
                "406": {"description": "None of the types asked for can be given; types lists what there is"},
            },
        }
    },
    "/doc/{kind}/{key}": {
        "get": {
            "summary": "Describe a thing",
            "description": "The format is negotiated; a suffix on the key (.html .ttl .jsonld .nt .rdf) or format= "
            "beats Accept, and the two may not differ.",
            "operationId": "doc",
            "tags": ["Things"],
            "parameters": _PARAMETERS,
            "responses": {
                "200": {
                    "description": "What is said of it",
                    "content": operations.bodies(*_TYPES.values()),
                },
                "404": {"description": "Nothing has this IRI; near ones are listed"},
                "406": {
                    "description": "None of the types asked for can be given, or suffix and format differ"
                },
                "410": {"description": "The IRI is withdrawn; what was said of it is kept"},
            },
        }
    },
}
"""OpenAPI path items of this module's routes."""
