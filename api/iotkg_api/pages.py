"""Pages: the reader's language, the links of the site, and Jinja2.

A template gets the fields of its context and ``page``, which knows the request: its language, its links and the
wording. Every handler that makes HTML ends in ``render``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from http import HTTPStatus
from math import floor
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pyoxigraph import NamedNode
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match, Router

from iotkg.identifiers import anchor, local_path, shorten, words_of
from iotkg.model import Clause, Entity, Name, Statement, Term, Text, Texts, Value, in_language
from iotkg.terms import one_line
from iotkg.vocab import term
from iotkg_api.contexts import ErrorPage
from iotkg_api.negotiation import GRAPHS, HTML, choose
from iotkg_api.wording import LANGUAGES, WORDING, say

FROZEN: Final = "public, no-cache"
"""The Cache-Control of an answer that stays the same while its release is served; see ``edge``."""

_HERE: Final = Path(__file__).parent
_LOCALES: Final = {"en": "en", "zh": "zh-CN"}
_HASH_SHOWN: Final = 12
_STATIC: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def language_of(request: Request) -> str:
    """Choose the language of a page: ``?lang=``, else ``Accept-Language``, else English."""
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else _accepted(request.headers.get("accept-language", ""))


def _accepted(header: str) -> str:
    best, best_quality = "en", 0.0
    for item in header.split(","):
        tag, _, parameter = item.partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


@dataclass(frozen=True, slots=True)
class Page:
    """What a template knows of its request."""

    request: Request
    language: str

    @property
    def locale(self) -> str:
        """The BCP 47 tag of the page."""
        return _LOCALES[self.language]

    @property
    def other(self) -> str:
        """The language to switch to."""
        return next(language for language in LANGUAGES if language != self.language)

    @property
    def switch(self) -> str:
        """The address of this page in the other language, all other parameters kept."""
        kept = [(key, value) for key, value in self.request.query_params.multi_items() if key != "lang"]
        return f"{_path(self.request.url.path)}?{urlencode([*kept, ('lang', self.other)])}"

    @property
    def release(self) -> str:
        """The hash of the release that is served, shortened; empty when there is none."""
        manifest = getattr(self.request.app.state, "release", None)
        full = manifest.get("release", "") if isinstance(manifest, Mapping) else getattr(manifest, "hash", "")
        return str(full)[:_HASH_SHOWN]

    @property
    def path(self) -> str:
        """The path of this page."""
        return str(self.request.scope["path"]).removeprefix(self.request.scope.get("root_path", ""))

    def url(self, path: str, **parameters: str | int) -> str:
        """Address a page of ours; a language that was asked for is kept from page to page."""
        path, hash_, fragment = path.partition("#")
        query = {key.replace("_", "-"): value for key, value in parameters.items() if value != 0}
        if self.request.query_params.get("lang") == self.language:
            query["lang"] = self.language
        root = self.request.scope.get("root_path", "")
        return f"{_path(root + path)}{'?' + urlencode(query, safe=',') if query else ''}{hash_}{fragment}"

    def has(self, path: str) -> bool:
        """Say whether this service answers at a path."""
        state = self.request.app.state
        if getattr(state, "answered", None) is None:
            state.answered = {}
        if path not in state.answered:
            scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
            matches = (route.matches(scope)[0] for route in self.request.app.routes)
            state.answered[path] = Match.FULL in matches
        return bool(state.answered[path])

    def link(self, iri: NamedNode) -> str | None:
        """Address what an IRI names: ours on this service, others where they live; None when nowhere."""
        local = local_path(iri.value)
        if local is None:
            return iri.value if iri.value.startswith(("http://", "https://")) else None
        if local.startswith("id/"):
            return self.url(f"/doc/{local.removeprefix('id/')}")
        if local.startswith("ontology#") and self.has("/ontology"):
            return self.url(f"/{local}")
        return None

    def words(self, iri: NamedNode) -> str | None:
        """Address words in the text by their anchor, so that a reader lands on them marked."""
        found = words_of(iri.value)
        if found is None or not self.has(f"/source/{found[0]}"):
            return self.link(iri)
        document, start, end = found
        return self.url(f"/source/{document}#char={start},{end}", char=f"{start},{end}")

    @staticmethod
    def anchor_of(document: str, words: tuple[int, int]) -> NamedNode:
        """Name the anchor of words of a document."""
        return anchor(document, *words)

    def is_ours(self, iri: NamedNode) -> bool:
        """Say whether an IRI is one of the project's."""
        return local_path(iri.value) is not None

    def text(self, texts: Iterable[Text]) -> Text:
        """Choose the text in the page's language, else any."""
        return in_language(texts, self.language)

    def names(self, term: Term) -> tuple[Text, ...]:
        """Give the parts of a thing's name in the page's language."""
        return tuple(self.text(part) for part in term.name)

    def other_name(self, term: Term) -> tuple[Text, ...]:
        """Give a thing's name in the other language, where all its parts have one and it adds anything."""
        parts = tuple(in_language(part, self.other) for part in term.name)
        added = all(part.language == self.other for part in parts) and parts != self.names(term)
        return parts if added else ()

    def line(self, words: str) -> str:
        """Put words of the text on one line."""
        return one_line(words)

    def values(self, them: Iterable[Value]) -> tuple[Value, ...]:
        """Leave out what is said in the other language, where the page's own says it too."""
        found = tuple(them)
        languages = {value.language for value in found if isinstance(value, Text)}
        if self.language not in languages:
            return found
        return tuple(v for v in found if isinstance(v, Term) or v.language != self.other or v.printed)

    @staticmethod
    def follows(entity: Entity | None, subject: NamedNode, predicate: NamedNode, value: Value) -> str:
        """Give the value of a fact that a rule concluded, as in Turtle; empty for what is stated."""
        held = value.iri.value if isinstance(value, Term) else value.value
        return entity.inferred.get((subject.value, predicate.value, held), "") if entity else ""

    def literal(self, text: Text) -> str:
        """Write a value without a language for readers: a day, yes or no, a number."""
        if text.value in ("true", "false"):
            return self.say("yes" if text.value == "true" else "no")
        return self.date(text.value)

    def amount_of(self, entity: Entity) -> str:
        """Word how much a target asks for, on its own page; empty when it gives no number."""
        facts = {shorten(it.predicate.iri.value): it.values for it in entity.head}
        return self.amount(Clause(term=entity.term, kind=entity.term, unit=None, facts=facts))

    @staticmethod
    def by_role(statements: Iterable[Statement]) -> list[tuple[Term, list[Statement]]]:
        """Put what gives a body a role together by role, the most direct first."""
        found: dict[str, tuple[Term, list[Statement]]] = {}
        for it in statements:
            if it.role:
                found.setdefault(it.role.iri.value, (it.role, []))[1].append(it)
        return list(found.values())

    @staticmethod
    def node(name: str) -> NamedNode:
        """Give the IRI of a prefixed name."""
        return term(name)

    def numbered(self, things: Iterable[Term], numbers: Mapping[str, int]) -> tuple[Term, ...]:
        """Put things in the order of their numbers, those without one last."""
        return tuple(
            sorted(things, key=lambda it: (numbers.get(it.iri.value, len(numbers) + 1), it.iri.value))
        )

    def amount(self, target: Clause) -> str:
        """Word how much a target asks for; empty when it gives no number."""
        low, high, nominal = (
            next((value.value for value in target.of(name) if isinstance(value, Text)), "")
            for name in ("iotkg:minValue", "iotkg:maxValue", "iotkg:nominalValue")
        )
        if low and high:
            return self._number(low) if low == high else f"{self._number(low)}–{self._number(high)}"
        if low:
            return self.say("at-least", n=self._number(low))
        if high:
            return self.say("at-most", n=self._number(high))
        return self.say("some", n=self._number(nominal)) if nominal else ""

    @staticmethod
    def _number(digits: str) -> str:
        return f"{int(digits):,}" if digits.isdecimal() else digits

    def plain(self, name: Name) -> str:
        """Write a name without mark-up, for a title or an attribute."""
        return " · ".join(self.text(part).value for part in name)

    def call(self, labels: Texts, translation: Texts) -> str:
        """Name a statement: by what it connects, else by our translation of its words."""
        return one_line(self.text(labels or translation).value)

    @staticmethod
    def english(name: Name) -> str:
        """Write a name in English, which is ours."""
        return " · ".join(in_language(part, "en").value for part in name)

    def say(self, key: str, **values: str | int) -> str:
        """Word something in the page's language."""
        return say(key, self.language, **values)

    def say_of(self, family: str, member: str) -> str:
        """Word one of a family of things: ``("part", "goal")`` is worded under ``part-goal``."""
        return say(f"{family}-{member}", self.language)

    def say_in(self, language: str, key: str, **values: str | int) -> str:
        """Word something in a language."""
        return say(key, language, **values)

    def role(self, term: Term) -> str:
        """Word a role as what an actor does."""
        key = f"role-{term.iri.value.rpartition('/')[2]}"
        return self.say(key) if key in WORDING else self.plain(term.name)

    def worded(self, family: str, name: str) -> str:
        """Word a kind of clause, or a sort of things, as a heading; by its own name when the wording has none."""
        key = f"{family}-{name}"
        return self.say(key) if key in WORDING else name

    def property_name(self, term: Term, incoming: bool = False) -> str:
        """Word a property that brings no name of its own, or one read backwards; empty when there is no need."""
        key = f"{'to ' if incoming else ''}{shorten(term.iri.value)}"
        return self.say(key) if key in WORDING else ""

    def short(self, iri: NamedNode) -> str:
        """Write an IRI as a prefixed name."""
        return shorten(iri.value)

    def share(self, part: int, whole: int) -> str:
        """Write a share in per cent, never rounded up to all."""
        return f"{floor(1000 * part / whole) / 10:g} %" if whole else self.say("none")

    def date(self, day: str) -> str:
        """Write a day as the page's readers do; what is no day stays as it is."""
        try:
            found = date.fromisoformat(day)
        except ValueError:
            return day
        return self.say(
            "date", day=str(found.day), month=say(f"month-{found.month}", self.language), year=str(found.year)
        )


def render(
    request: Request,
    template: str,
    context: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with a page; ``context`` is a dataclass or a mapping whose fields the template reads."""
    page = Page(request, language_of(request))
    html = _environment().get_template(template).render(**_variables(context), page=page)
    sent = {
        "Content-Language": page.locale,
        "Vary": "Accept, Accept-Language",
        **(headers or {}),
    }
    return conditional(request, HTMLResponse(html, status, headers=sent))


def conditional(request: Request, response: Response) -> Response:  # noqa: ARG001  # says whose answer it is
    """Mark a good answer as one that stays the same while its release is served, unless it says otherwise.

    The edge then gives it an ETag, keeps it, and does not send it to a client that has it.
    """
    if response.status_code == HTTPStatus.OK:
        response.headers.setdefault("Cache-Control", FROZEN)
    elif response.status_code >= HTTPStatus.BAD_REQUEST:
        response.headers.setdefault("Cache-Control", "no-store")  # what is missing may be in the next release
    return response


def wants_html(request: Request) -> bool:
    """Say whether the caller is a browser: it asks for HTML, and likes nothing of ours better."""
    wanted = choose((*GRAPHS, HTML), request.headers.getlist("accept"))
    return bool(wanted) and wanted[0] == HTML


def error_page(request: Request, status: int, detail: str, near: tuple[Term, ...] = ()) -> Response:
    """Answer a failure for a reader with a browser; ``near`` are things that may have been meant."""
    title = f"error-{status}"
    if title not in WORDING:
        title = "error-5xx" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "error-4xx"
    context = ErrorPage(status=status, title=title, detail=detail, near=near)
    return render(request, "error.html", context, status=status)


def static(request: Request) -> Response:
    """Answer a file of ours, such as the stylesheet."""
    name = request.path_params["name"]
    path = next((path for path in (_HERE / "static").iterdir() if path.name == name), None)
    kind = _STATIC.get(path.suffix) if path else None
    if path is None or kind is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no {name[:80]} here")
    return conditional(request, Response(path.read_bytes(), media_type=kind))


router = Router()
router.add_route("/static/{name}", static, include_in_schema=False)


def _variables(context: object) -> dict[str, Any]:
    if isinstance(context, Mapping):
        return dict(context)
    return {field.name: getattr(context, field.name) for field in fields(context)}  # type: ignore[arg-type]


def _path(path: str) -> str:
    """Write the path of an address; two slashes at its beginning would name a host."""
    return quote("/" + path.lstrip("/"), safe="/:@!$&'()*+,;=-._~")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
