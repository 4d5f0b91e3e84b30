"""OpenAPI of the canned queries: an operation for each, with what its parameters may be and an example that runs."""

from __future__ import annotations

from typing import Any, Final

from iotkg.answering import Answers
from iotkg.queryfile import Parameter, QueryFile
from iotkg.topics import TOPICS
from iotkg_api import operations
from iotkg_api.answers import CITED, FORMATS, XLSX
from iotkg_api.negotiation import TABLES, listing
from iotkg_api.paging import MOST, ON_PAGES
from iotkg_api.wording import LANGUAGES

_TEXT: Final = {"schema": {"type": "string"}}
_BYTES: Final = {"schema": {"type": "string", "contentMediaType": XLSX, "contentEncoding": "binary"}}
_HASH: Final = {"type": "string", "pattern": "^[0-9a-f]{8,64}$"}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "format": _query(
        "format", "The type of the answer; beats Accept", {"type": "string", "enum": [*FORMATS[:-1], "html"]}
    ),
    "lang": _query("lang", "The language of a page", {"type": "string", "enum": list(LANGUAGES)}),
    "limit": _query(
        "limit",
        f"Rows to give; {ON_PAGES} on a page unless said otherwise, {MOST} in data",
        {"type": "integer", "minimum": 1, "maximum": MOST},
    ),
    "offset": _query("offset", "Rows to pass over", {"type": "integer", "minimum": 0, "maximum": 10**9 - 1}),
    "bom": _query(
        "bom", "1 puts a byte order mark before CSV, for Excel", {"type": "string", "enum": ["0", "1"]}
    ),
    "release": _query("release", "The release that is cited, by the beginning of its hash", _HASH),
    "result": _query("result", "The answer that is cited, by the beginning of its hash", _HASH),
}
_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "ETag": {"description": "Names these bytes; send it back as If-None-Match", **_TEXT},
    "Link": {
        "description": "cite-as (RFC 8574); and first, prev, next, last where there are further rows (RFC 8288)",
        **_TEXT,
    },
    "X-Release": {"description": "SHA-256 of the release that answers", **_TEXT},
    "X-Result-SHA256": {"description": "SHA-256 of the whole answer as TSV", **_TEXT},
    "X-Total-Count": {"description": "Rows of the whole answer", "schema": {"type": "integer"}},
    "X-Truncated": {"description": "Which rows these are, where they are not all", **_TEXT},
}


def paths(answers: Answers) -> dict[str, Any]:
    """Describe each canned query as an operation, by path."""
    return {f"/queries/{name}": {"get": _operation(query)} for name, query in answers.queries.items()}


def components(answers: Answers) -> dict[str, Any]:
    """Give what the operations share: parameters, headers, and what an entity of each class may be."""
    kinds = {it.kind: it for query in answers.queries.values() for it in query.parameters}
    return {
        "parameters": _PARAMETERS,
        "headers": _HEADERS,
        "schemas": {kind: _schema(answers, it) for kind, it in kinds.items()},
    }


def _schema(answers: Answers, parameter: Parameter) -> dict[str, Any]:
    choices = answers.choices(parameter)
    return {
        "type": "string",
        "description": f"The key of one of iotkg:{parameter.kind}; its IRI, prefixed name, or the end of its key "
        "where only one ends so, is read too",
        "enum": [choice.key for choice in choices],
        "x-enum-descriptions": [f"{choice.label['en']} {choice.label['zh']}" for choice in choices],
    }


def _operation(query: QueryFile) -> dict[str, Any]:
    said = [
        query.header[key] for key in ("summary-zh", "description", "description-zh") if key in query.header
    ]
    content = operations.bodies("text/html", *listing(TABLES))
    return {
        "summary": query.header["summary"],
        "description": "\n\n".join(said),
        "operationId": query.name,
        "tags": [TOPICS[query.header["topic"]].label["en"]],
        "parameters": [
            *(_parameter(query, parameter) for parameter in query.parameters),
            *({"$ref": f"#/components/parameters/{name}"} for name in _PARAMETERS),
        ],
        "responses": {
            "200": {
                "description": "The answer; columns: " + ", ".join(query.columns),
                "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS},
                "content": {**content, XLSX: _BYTES},
            },
            "304": {"description": "The client has this answer already (If-None-Match)"},
            "406": {"description": "None of the types asked for can be given; types lists what there is"},
            "410": {"description": "release or result name an answer that is not this release's"},
            "422": {"description": "A parameter or its value is not allowed; detail names it and what is"},
        },
    }


def _parameter(query: QueryFile, parameter: Parameter) -> dict[str, Any]:
    key = query.example[parameter.name]
    return {
        "name": parameter.name,
        "in": "query",
        "description": f"{parameter.label['en']} {parameter.label['zh']}; left out: all. /queries/{query.name}/choices "
        "has the rows that each choice gives",
        "schema": {"$ref": f"#/components/schemas/{parameter.kind}"},
        "example": key,
    }


_NAME: Final = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
PATHS: Final[dict[str, Any]] = {
    "/queries": {
        "get": {
            "summary": "List the canned queries",
            "operationId": "queries",
            "tags": ["Queries"],
            "parameters": [
                {
                    **_query("q", "Words that must stand in a query's text", {"type": "string"}),
                    "example": "owner",
                },
                {"$ref": "#/components/parameters/lang"},
            ],
            "responses": {
                "200": {
                    "description": "Each query's name, topic, question, parameters and columns, and an example",
                    "content": operations.bodies("text/html", "application/json", json="array"),
                },
                "406": {"description": "None of the types asked for can be given; types lists what there is"},
                "422": {
                    "description": "A parameter or its value is not allowed; detail names it and what is"
                },
            },
        }
    },
    "/queries/{name}": {
        "get": {
            "summary": "Answer a canned query",
            "description": "Each query is an operation of its own below. A suffix on the name (.csv .tsv .json .xml "
            ".xlsx, .rq for the query itself, .bib for its citation) beats Accept, and so does format=; the two may "
            "not differ. Each parameter may stand once.",
            "operationId": "query",
            "tags": ["Queries"],
            "parameters": [{**_NAME, "example": "plan-structure"}],
            "responses": {
                "200": {
                    "description": "The answer",
                    "content": {**operations.bodies("text/html", *listing(TABLES)), XLSX: _BYTES},
                },
                "404": {"description": "There is no such query; near ones are named"},
                "406": {"description": "None of the types asked for can be given; types lists what there is"},
                "410": {"description": "release or result name an answer that is not this release's"},
                "422": {
                    "description": "A parameter or its value is not allowed; detail names it and what is"
                },
            },
        }
    },
    "/queries/{name}/cite": {
        "get": {
            "summary": "Cite the answer to a canned query",
            "description": "Takes the parameters of the query. The day of access is today's, in UTC.",
            "operationId": "cite",
            "tags": ["Queries"],
            "parameters": [
                {**_NAME, "example": "plan-structure"},
                _query(
                    "format",
                    "The form of the citation; beats Accept",
                    {"type": "string", "enum": ["gbt7714", "bibtex", "csl"]},
                ),
            ],
            "responses": {
                "200": {
                    "description": "GB/T 7714-2015, BibTeX or CSL-JSON",
                    "content": operations.bodies(*CITED),
                },
                "404": {"description": "There is no such query; near ones are named"},
                "406": {"description": "None of the types asked for can be given; types lists what there is"},
                "410": {"description": "release or result name an answer that is not this release's"},
                "422": {
                    "description": "A parameter or its value is not allowed; detail names it and what is"
                },
            },
        }
    },
    "/queries/{name}/choices": {
        "get": {
            "summary": "List what the parameters of a canned query may be",
            "description": "With the rows that each choice gives, the other parameters being as given.",
            "operationId": "choices",
            "tags": ["Queries"],
            "parameters": [{**_NAME, "example": "owner-and-deadline"}],
            "responses": {
                "200": {
                    "description": "For each parameter its choices: key, IRI, labels and rows",
                    "content": operations.bodies("application/json", json="object"),
                },
                "404": {"description": "There is no such query; near ones are named"},
                "422": {
                    "description": "A parameter or its value is not allowed; detail names it and what is"
                },
            },
        }
    },
}
"""OpenAPI path items of what all canned queries share."""
