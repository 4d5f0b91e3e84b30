"""Search: an index asked in words, and the answers with their counts. ``indexing`` makes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import tantivy
from pyoxigraph import Literal, NamedNode
from tantivy import Query

from iotkg import words
from iotkg.errors import InvalidParameter
from iotkg.model import Text
from iotkg.searchable import BY_WORDS, KINDS, PASSAGE, Entry
from iotkg.store import Cell, Table
from iotkg.words import Word

LONGEST: Final = 200
"""Characters of a question that are read."""

NAME: Final = "name"
TEXT: Final = "text"
OUTSIDE: Final = "outside"
"""Fields of stemmed words: names, definitions and sentences, and names from elsewhere than the texts."""

WHOLE: Final = "whole"
LABEL: Final = "label"
"""Names again: word by word without stemming, and each squeezed to one term."""

KEY: Final = "key"
"""What a thing is addressed by: its IRI, whole and shortened, and its key."""

ENTRY: Final = "entry"
"""The entry itself, as JSON; not searched."""

WEIGHTS: Final = {NAME: 4.0, OUTSIDE: 3.0, TEXT: 1.0}
"""Where words are looked for, and how much it tells that they stand there."""

_SAME: Final = 1000.0
"""What it counts for that a label or key is the whole question: such an answer comes first."""

_THING: Final = 10.0
_AFTER: Final = frozenset({"code", "ontology", PASSAGE})
"""What comes after things that fit as well: sentences, code lists and our own terms."""

_STEM: Final = 2.0
_LONG: Final = 6
"""Characters of a word in which two slips are allowed, not one."""

_LINE: Final = 120
"""Characters of a text in a row of a table."""

_ECHOED: Final = 80
"""Characters of a wrong value that an error repeats."""

_SHOWN_NEAR: Final = 6
_TRIED: Final = 60
_ADDRESS: Final = re.compile(
    r"https?://[^/]+/(?:id|doc)/([a-z-]+/[A-Za-z0-9._-]+?)(?:\.(?:html|ttl|jsonld|nt|rdf))?\Z"
)
_PART_OF_KEY: Final = re.compile(r"(?=.*[_/])[a-z0-9/_-]{4,}\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The answer to a question: ``hits`` are ``total`` from ``offset`` on, the best first.

    ``kinds`` and ``plans`` count all answers, each but for its own filter, so that they say what choosing another
    gives. ``anywhere`` counts the answers without any filter. With no answer at all, ``apart`` counts those to each
    word alone, and ``near`` are things with names like the question.
    """

    question: str
    words: tuple[Word, ...]
    hits: tuple[Entry, ...]
    total: int
    offset: int
    kinds: tuple[tuple[str, int], ...]
    plans: tuple[tuple[str, int], ...]
    anywhere: int
    apart: tuple[tuple[Word, int], ...] = ()
    near: tuple[Entry, ...] = ()


class Index:
    """An index that is complete and only read."""

    def __init__(self, index: tantivy.Index) -> None:
        register(index)
        self._schema = index.schema
        self._searcher = index.searcher()
        self.plans = {entry.iri: entry for entry in self._plans()}
        """The plans in the order of the text."""

    def search(
        self, question: str, *, kind: str = "", plan: str = "", offset: int = 0, limit: int = 20
    ) -> Found:
        """Answer a question; ``kind`` and ``plan`` (an IRI) keep answers to those.

        Every question has an answer: what cannot be looked for finds nothing. Of one longer than ``LONGEST``, the
        beginning is read.
        """
        question = tidy(question)[:LONGEST]
        asked = words.read(question)
        wanted = self._wanted(question, asked)
        by_kind, by_plan = self._only("kind", kind), self._only("plan", plan)
        answer = self._searcher.search(_all(wanted, by_kind, by_plan), max(limit, 1), offset=offset)
        anywhere = self._count(wanted) if kind or plan else _count(answer)
        return Found(
            question=question,
            words=asked,
            hits=tuple(self._entry(address) for _, address in answer.hits)[:limit],
            total=_count(answer),
            offset=offset,
            kinds=self._facet("kind", _all(wanted, by_plan), KINDS),
            plans=self._facet("plan", _all(wanted, by_kind), tuple(self.plans)),
            anywhere=anywhere,
            apart=() if anywhere else tuple((word, self._count(self._word(word))) for word in asked),
            near=() if anywhere else self.near(asked),
        )

    def suggest(self, typed: str, limit: int = 8) -> tuple[tuple[Entry, Text], ...]:
        """Complete what is being typed: things with a name that has its words, the last of them begun.

        Names that begin with it come first, short ones before long ones. Gives each thing with that name.
        """
        typed = typed[:LONGEST]
        start = words.squeeze(typed)
        if not start:
            return ()
        begun = Query.regex_query(self._schema, LABEL, f"{start}.*")
        either = Query.boolean_query(
            [
                (tantivy.Occur.Should, Query.boost_query(begun, _SAME)),
                (tantivy.Occur.Should, self._begun(typed)),
            ]
        )
        named = Query.term_set_query(self._schema, "kind", [kind for kind in KINDS if kind not in BY_WORDS])
        hits = self._searcher.search(_all(either, Query.const_score_query(named, 0.0)), _TRIED).hits
        found = []
        for _, address in hits:
            entry = self._entry(address)
            name = min((*entry.names, *entry.outside), key=lambda text: _fit(text, start))
            found.append((entry, name))
        return tuple(sorted(found, key=lambda it: _fit(it[1], start))[:limit])

    def kind(self, text: str) -> str:
        """Read the name of a kind; empty means any.

        Raises: InvalidParameter naming the kinds there are.
        """
        if text and text not in KINDS:
            raise InvalidParameter(f"kind: {text[:_ECHOED]!r} is none of {', '.join(KINDS)}")
        return text

    def plan(self, text: str) -> str:
        """Read a plan, by its IRI, its key or the end of its key, and give its IRI; empty means any.

        Raises: InvalidParameter naming the plans there are.
        """
        found = [iri for iri in self.plans if text and iri.endswith(("/" + text, "_" + text))]
        if text in self.plans or not text:
            return text
        if len(found) != 1:
            keys = ", ".join(iri.rpartition("/")[2] for iri in self.plans)
            raise InvalidParameter(f"plan: {text[:_ECHOED]!r} is none of {keys}")
        return found[0]

    def near(self, asked: Iterable[Word]) -> tuple[Entry, ...]:
        """Give things with a name like the words: with two characters of a Chinese one, or a slip in another."""
        close = [(tantivy.Occur.Should, query) for word in asked for query in self._like(word)]
        hits = self._searcher.search(Query.boolean_query(close), _SHOWN_NEAR).hits if close else []
        return tuple(self._entry(address) for _, address in hits)

    def _like(self, word: Word) -> Iterator[Query]:
        pairs = list(pairwise(word.tokens))
        if pairs:
            yield from (self._phrase(WHOLE, pair) for pair in pairs)
        else:
            slips = 1 if len(word.text) < _LONG else 2
            yield Query.fuzzy_term_query(self._schema, WHOLE, words.fold(word.text).lower(), slips)

    def _plans(self) -> Iterator[Entry]:
        hits = self._searcher.search(self._term("kind", "plan"), 1000).hits
        yield from (self._entry(address) for _, address in hits)

    def _wanted(self, question: str, asked: tuple[Word, ...]) -> Query:
        """Ask for all words; but a label or a key that is the whole question answers it in any case."""
        ways = [(tantivy.Occur.Should, self._term(KEY, key)) for key in keys_of(question)]
        ways = [(occur, Query.const_score_query(query, 2 * _SAME)) for occur, query in ways]
        if _PART_OF_KEY.match(question):
            below = Query.regex_query(self._schema, KEY, f"{question}.*")
            known = Query.term_set_query(self._schema, "kind", list(KINDS))
            ways.append((tantivy.Occur.Should, _all(below, known)))
        if asked:
            same = Query.const_score_query(self._term(LABEL, words.squeeze(question)), _SAME)
            ways += [(tantivy.Occur.Should, same), (tantivy.Occur.Should, _all(*map(self._word, asked)))]
        if not ways:
            return Query.empty_query()
        things = Query.term_set_query(self._schema, "kind", [kind for kind in KINDS if kind not in _AFTER])
        return Query.boolean_query(
            [
                (tantivy.Occur.Must, Query.boolean_query(ways)),
                (tantivy.Occur.Should, Query.const_score_query(things, _THING)),
            ]
        )

    def _word(self, word: Word) -> Query:
        found = []
        for field, weight in WEIGHTS.items():
            found.append(Query.boost_query(self._phrase(field, word.tokens), weight * _STEM))
            if word.begins:
                longer = Query.regex_query(self._schema, field, f"{word.begins}.*")
                found.append(Query.boost_query(longer, weight))
        return Query.disjunction_max_query(found, 0.1)

    def _begun(self, typed: str) -> Query:
        """Ask for names with the words typed, the last of which may go on."""
        *done, last = words.whole().analyze(words.fold(typed))
        going = (
            Query.regex_query(self._schema, WHOLE, f"{last}.*") if last.isalnum() else self._term(WHOLE, last)
        )
        return _all(*(self._term(WHOLE, token) for token in done), going)

    def _phrase(self, field: str, tokens: tuple[str, ...]) -> Query:
        if len(tokens) == 1:
            return self._term(field, tokens[0])
        return Query.phrase_query(self._schema, field, list(tokens))

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value)

    def _only(self, field: str, value: str) -> Query:
        return Query.const_score_query(self._term(field, value) if value else Query.all_query(), 0.0)

    def _count(self, query: Query) -> int:
        return _count(self._searcher.search(query, 1))

    def _facet(self, field: str, query: Query, order: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        counted = self._searcher.aggregate(query, {"n": {"terms": {"field": field, "size": 1000}}})["n"][
            "buckets"
        ]
        found = {bucket["key"]: bucket["doc_count"] for bucket in counted}
        known = [value for value in order if value in found]
        return tuple((value, found[value]) for value in (*known, *sorted(found.keys() - set(known))))

    def _entry(self, address: tantivy.DocAddress) -> Entry:
        return _loads(bytes(self._searcher.doc(address).get_first(ENTRY) or b""))


def tidy(question: str) -> str:
    """Give a question as it can be shown: what does not print is a space, and there is one at a time."""
    return " ".join("".join(it if it.isprintable() else " " for it in question).split())


def register(index: tantivy.Index) -> None:
    """Give an index what cuts its texts; it keeps the names alone."""
    index.register_tokenizer("stemmed", words.stemmed())
    index.register_tokenizer("whole", words.whole())


def keys_of(question: str) -> tuple[str, ...]:
    """Read a question that may be an IRI, a prefixed name, a key or the address of a page."""
    plain = question.strip("<> ")
    address = _ADDRESS.match(plain)
    return tuple(dict.fromkeys((plain, address[1] if address else plain)))


def to_table(found: Found) -> Table:
    """Put answers in rows: what each is, its names, and the sentence or what else has the words."""
    rows: list[tuple[Cell, ...]] = []
    for entry in found.hits:
        names = {text.language: text.value for text in reversed((*entry.names, *entry.outside))}
        said = [it for it in entry.texts if words.spans(found.words, it.value)]
        shown = (
            "".join(piece for piece, _ in words.segments(found.words, said[0].value, _LINE)) if said else ""
        )
        rows.append(
            (
                Literal(entry.kind),
                *(Literal(names[tag], language=tag) if tag in names else None for tag in ("zh", "en")),
                Literal(shown) if shown else None,
                NamedNode(entry.iri),
            )
        )
    return Table(("kind", "name_zh", "name_en", "text", "iri"), tuple(rows))


def _count(answer: tantivy.SearchResult) -> int:
    return int(answer.count)  # type: ignore[attr-defined]  # its stub leaves it out


def _all(*queries: Query) -> Query:
    return Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])


def _fit(text: Text, start: str) -> tuple[bool, bool, int]:
    """Order names by how well they complete a beginning, the best first."""
    plain = words.squeeze(text.value)
    return not plain.startswith(start), start not in plain, len(plain)


def _loads(written: bytes) -> Entry:
    about: Mapping[str, Any] = json.loads(written)
    texts = {name: tuple(Text(**text) for text in about[name]) for name in ("names", "outside", "texts")}
    lists = {name: tuple(about[name]) for name in ("plans", "things")}
    return Entry(**{**about, **texts, **lists})
