"""The service in OpenAPI's words, made whole: what every operation may answer beside what its module says of it.

Modules describe their own answers; that any of them may fail, how a failure looks, and that browsers get it as a
page, is said here once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iotkg_api.problems import MEDIA_TYPE, Kind

_METHODS: Final = frozenset({"get", "post"})
_FIRST_FAILURE: Final = 400
_PROBLEM: Final = {
    "type": "object",
    "description": "A failure (RFC 9457); further members say more of it, such as line and column",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": _FIRST_FAILURE, "maximum": 599},
        "detail": {"type": "string"},
    },
}
_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    MEDIA_TYPE: {"$ref": "#/components/schemas/Problem"},
    "application/json": {"type": ["object", "array"]},
    "application/ld+json": {"type": ["object", "array"]},
    "application/sparql-results+json": {
        "type": "object",
        "required": ["head"],
        "properties": {
            "head": {"type": "object"},
            "results": {"type": "object"},
            "boolean": {"type": "boolean"},
        },
    },
    "application/vnd.citationstyles.csl+json": {"type": "array", "items": {"type": "object"}},
    "application/x-suggestions+json": {"type": "array"},
}
"""What is JSON, by its media type; every other body is text to a client that checks it."""


def bodies(*media_types: str, json: str = "") -> dict[str, Any]:
    """Give an answer's content: each of its media types with the schema that the bodies of that type keep.

    ``json`` says whether ``application/json`` is an ``object`` or an ``array`` here.
    """
    known = {**_SCHEMAS, "application/json": {"type": json}} if json else _SCHEMAS
    return {it: {"schema": known.get(it, {"type": "string"})} for it in media_types}


_CONTENT: Final = bodies(MEDIA_TYPE, "text/html")
_ANYWHERE: Final = (Kind.BAD_REQUEST, Kind.TOO_MANY, Kind.INTERNAL)


def completed(described: Mapping[str, Any], paths: Mapping[str, Any]) -> dict[str, Any]:
    """Add the operations of thin routes to a description, and to each operation how it may fail."""
    whole = {path: _item(item) for path, item in {**described["paths"], **paths}.items()}
    components = dict(described.get("components", {}))
    schemas = {**components.get("schemas", {}), "Problem": _PROBLEM}
    return {**described, "paths": whole, "components": {**components, "schemas": schemas}}


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {**value, "responses": _responses(value["responses"])} if name in _METHODS else value
        for name, value in item.items()
    }


def _responses(given: Mapping[str, Any]) -> dict[str, Any]:
    """Say of each failure how it looks; keep what an operation says itself."""
    failures = {str(kind.status): {"description": kind.title} for kind in _ANYWHERE}
    return {
        status: response if int(status) < _FIRST_FAILURE else {**response, "content": _CONTENT}
        for status, response in sorted({**failures, **given}.items())
    }
