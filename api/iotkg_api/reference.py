"""The API reference, ``/docs``: a page from our own OpenAPI description, with examples that run as links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from iotkg.model import Text
from iotkg_api.pages import Page, language_of, render
from iotkg_api.wording import WORDING

_METHODS: Final = ("get", "post", "put", "delete")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A parameter: where it stands, what it may be, and an example."""

    name: str
    place: str
    required: bool
    description: Text
    allowed: tuple[str, ...]
    examples: tuple[str, ...]
    """The values of one example: several where the parameter may stand several times."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """An operation of the service; ``href`` runs its example, where it needs none or has one."""

    key: str
    method: str
    path: str
    summary: Text
    description: Text | None
    parameters: tuple[Parameter, ...]
    answers: tuple[tuple[str, Text, tuple[str, ...]], ...]
    """Status, what it means, and the types it comes in."""

    href: str
    curl: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DocsPage:
    """The API reference, ``/docs``."""

    groups: tuple[tuple[str, tuple[Operation, ...]], ...]


def docs(request: Request) -> Response:
    """Answer the reference."""
    described = request.app.openapi()
    groups: dict[str, list[Operation]] = {}
    page = Page(request, language_of(request))
    for path, item in described["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = next(iter(item[method].get("tags", ())), "Other")
                groups.setdefault(tag, []).append(_operation(page, path, method, _resolved(described, item)))
    found = tuple((tag, tuple(operations)) for tag, operations in groups.items())
    return render(request, "docs.html", DocsPage(groups=found))


def _resolved(described: Mapping[str, Any], part: Any) -> Any:
    """Put the shared parameters and answers of a description where they are referred to."""
    if isinstance(part, list):
        return [_resolved(described, it) for it in part]
    if not isinstance(part, dict):
        return part
    if "parameters" in str(part.get("$ref")) or "responses" in str(part.get("$ref")):
        found: Any = described
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found
    return {name: _resolved(described, it) for name, it in part.items()}


def _operation(page: Page, path: str, method: str, item: Mapping[str, Any]) -> Operation:
    operation = item[method]
    raw = [*item.get("parameters", ()), *operation.get("parameters", ())]
    parameters = tuple(_parameter(page, it) for it in raw if "name" in it)
    href = _href(path, parameters) if method == "get" else ""
    key = f"op-{operation.get('operationId', '')}"
    summary = operation.get("summary", "")
    description = operation.get("description", "")
    return Operation(
        key=f"{operation.get('operationId', path)}-{method}",
        method=method.upper(),
        path=path,
        summary=Text(page.say(key), page.language)
        if key in WORDING
        else _summary(page, summary, description),
        description=_text(page, description) if description and description != summary else None,
        parameters=parameters,
        answers=tuple(_answers(page, operation.get("responses", {}))),
        href=page.url(href) if href and "?" not in href else href,
        curl=_curl(page, href),
    )


def _summary(page: Page, summary: str, description: str) -> Text:
    """Take the summary in the page's language; a description may begin with it in Chinese."""
    first, gap, _ = description.partition("\n\n")
    return Text(first, "zh") if page.language == "zh" and gap and _is_chinese(first) else _text(page, summary)


def _curl(page: Page, href: str) -> str:
    """Write an example for the command line; empty where there is none."""
    base = str(page.request.base_url).rstrip("/")
    return f"curl {shlex.quote(base + href)}" if href else ""


def _parameter(page: Page, raw: Mapping[str, Any]) -> Parameter:
    schema = raw.get("schema", {})
    allowed = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    return Parameter(
        name=raw["name"],
        place=raw.get("in", ""),
        required=bool(raw.get("required")),
        description=_text(page, raw.get("description", "")),
        allowed=tuple(str(it) for it in allowed if it is not None),
        examples=_examples(raw, allowed),
    )


def _examples(raw: Mapping[str, Any], allowed: Any) -> tuple[str, ...]:  # JSON
    schema = raw.get("schema", {})
    given = raw.get("example", next((it.get("value") for it in raw.get("examples", {}).values()), None))
    found = given if given is not None else schema.get("example", schema.get("default"))
    if found is None and raw.get("required") and allowed:
        found = allowed[0]
    values = found if isinstance(found, list) else [found]
    return tuple(str(it) for it in values if it is not None)


def _answers(page: Page, responses: Mapping[str, Any]) -> Iterator[tuple[str, Text, tuple[str, ...]]]:
    for status, about in responses.items():
        yield str(status), _text(page, about.get("description", "")), tuple(about.get("content", {}))


def _href(path: str, parameters: tuple[Parameter, ...]) -> str:
    """Address the example of an operation; empty when a parameter that is needed has none."""
    if any(it.required and not it.examples for it in parameters):
        return ""
    for it in parameters:
        if it.place == "path" and it.examples:
            path = path.replace(f"{{{it.name}}}", quote(it.examples[0]))
    if "{" in path:
        return ""
    query = {it.name: it.examples for it in parameters if it.place == "query" and it.examples}
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def _text(page: Page, words: str) -> Text:
    """Take the page's language of words said in both: in paragraphs, or English first, then a slash or a stop."""
    paragraphs = words.split("\n\n")
    if len(paragraphs) > 1:
        chosen = [it for it in paragraphs if _is_chinese(it) == (page.language == "zh")]
        return Text(" ".join(chosen), page.language) if chosen else Text(words, "en")
    english, slash, chinese = words.partition(" / ")
    if (
        not slash
        and (start := _HAN.search(words))
        and re.match(r"[^\u4e00-\u9fff]*[.] \Z", words[: start.start()])
    ):
        english, chinese = words[: start.start()].strip(), words[start.start() :]
    if _HAN.search(chinese):
        return Text(chinese, "zh") if page.language == "zh" else Text(english, "en")
    return Text(words, "zh" if _HAN.search(words) else "en")


def _is_chinese(words: str) -> bool:
    return len(_HAN.findall(words)) * 3 > len(words)


router = APIRouter()
router.add_route("/docs", docs, include_in_schema=False)
