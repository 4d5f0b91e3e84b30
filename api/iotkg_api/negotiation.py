"""Content negotiation: which of the types we can write does the client want most (RFC 9110, section 12).

And whether it has the answer already (section 13). Pure: a header and a parameter go in, the offers the client
accepts come out, best first. The form of a query is known only once a worker has parsed it, so the service
negotiates tables and graphs both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from iotkg.errors import InvalidParameter


@dataclass(frozen=True, slots=True)
class Offer:
    """A type we can write.

    ``media_type`` is what the client asks for and is answered with; ``canonical`` is what is written, which
    differs where clients ask with a broader name (``application/json``).
    """

    media_type: str
    canonical: str
    names: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The header of an answer; text is always UTF-8."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


def _offer(media_type: str, *names: str) -> Offer:
    return Offer(media_type, media_type, names)


HTML: Final = _offer("text/html", "html")

_JSON: Final = "application/sparql-results+json"
_XML: Final = "application/sparql-results+xml"
TABLES: Final = (
    _offer(_JSON, "json", "srj"),
    _offer(_XML, "xml", "srx"),
    _offer("text/csv", "csv"),
    _offer("text/tab-separated-values", "tsv"),
    Offer("application/json", _JSON),
    Offer("application/xml", _XML),
    Offer("text/xml", _XML),
)
"""SELECT and ASK, the service's preference first."""

_JSON_LD: Final = "application/ld+json"
_RDF_XML: Final = "application/rdf+xml"
GRAPHS: Final = (
    _offer("text/turtle", "turtle", "ttl", "n3"),
    _offer("application/n-triples", "ntriples", "n-triples", "nt"),
    _offer(_JSON_LD, "jsonld", "json-ld", "json"),
    _offer(_RDF_XML, "rdfxml", "rdf+xml", "rdf", "xml"),
    Offer("application/json", _JSON_LD),
    Offer("application/xml", _RDF_XML),
    Offer("text/xml", _RDF_XML),
)
"""CONSTRUCT, DESCRIBE and the service description, the service's preference first."""

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_USUAL: Final = 1000
"""Characters of a header that is worth remembering."""

# each goes over a header once, whatever that holds: nothing is given back (++, *+, ?+)
_ITEM: Final = re.compile(r'(?:[^,"]++|"(?:[^"\\]|\\.)*+"?+)++')
_RANGE: Final = re.compile(rf"\s*({_WORD})/({_WORD})\s*(?:;(.*))?\Z", re.DOTALL)
_WEIGHT: Final = re.compile(r"(?:^|;)\s*+q=([^;]*+)", re.IGNORECASE)
_QUALITY: Final = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z")


def once(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Read the parameters of an address, each of which may stand once.

    Raises: InvalidParameter naming the one that stands more often: which of its values is meant, nobody knows.
    """
    found: dict[str, str] = {}
    for name, value in parameters:
        if name in found:
            raise InvalidParameter(f"{name} stands more than once; a parameter takes one value")
        found[name] = value
    return found


def choose(offers: Sequence[Offer], accept: Iterable[str], format_: str | None = None) -> tuple[Offer, ...]:
    """Give the offers a client accepts, the one it wants most first; none when nothing fits.

    ``accept`` holds the header's lines (none means anything goes); ``format_``, a short name or a media type,
    beats them. Equal weights keep the service's order. Items that are not well-formed count for nothing.
    """
    if format_ is not None:
        wanted = format_.strip().lower().replace(" ", "+")  # a bare + in a query string means a space
        return tuple(o for o in offers if wanted in (o.media_type, *o.names))
    header = ",".join(accept)
    if not header.strip():
        return tuple(offers)
    return _weighed(tuple(offers), header) if len(header) <= _USUAL else _weigh(tuple(offers), header)


def _weigh(offers: tuple[Offer, ...], header: str) -> tuple[Offer, ...]:
    ranges = list(_ranges(header))
    weighed = [(_weight(offer, ranges), offer) for offer in offers]
    return tuple(o for weight, o in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0)


_weighed = lru_cache(maxsize=512)(_weigh)
"""Clients send the same few headers again and again."""


def agreed(offers: Sequence[Offer], accept: Iterable[str], formats: Sequence[str]) -> tuple[Offer, ...]:
    """Give the offers a client accepts where ``format`` may stand several times, as SPARQLWrapper sends it.

    Formats nobody knows count for nothing beside one that is known, as in a header.

    Raises: InvalidParameter when they ask for different types.
    """
    known = [found for name in formats if (found := choose(offers, (), name))]
    if not known:
        return () if formats else choose(offers, accept)
    common = set.intersection(*({offer.canonical for offer in found} for found in known))
    if not common:
        raise InvalidParameter(f"format asks for different types ({', '.join(formats)}); name one")
    return tuple(offer for offer in known[0] if offer.canonical in common)


def differ(suffix: str, format_: str | None, offers: Sequence[Offer]) -> bool:
    """Say whether a suffix and a ``format`` ask for different types; without a format they do not."""
    if format_ is None or format_.strip().lower() == suffix:
        return False
    one, other = ({offer.canonical for offer in choose(offers, (), name)} for name in (suffix, format_))
    return one.isdisjoint(other)


def names(lines: Iterable[str], etag: str) -> bool:
    """Say whether If-None-Match names an answer by its ETag; weak and strong ones are compared alike."""
    return etag in {item.strip().removeprefix("W/") for item in ",".join(lines).split(",")}


def names_any(lines: Iterable[str]) -> bool:
    """Say whether If-None-Match is ``*``, which names whatever the answer is, if there is a good one."""
    return ",".join(lines).strip() == "*"


def coding(accept_encoding: Iterable[str]) -> str | None:
    """Choose how to send text: ``gzip``, ``identity`` (as it is), or None where a client takes neither.

    A client that says nothing gets it as it is (RFC 9110, section 12.5.3).
    """
    weights: dict[str, float] = {}
    for item in ",".join(accept_encoding).lower().split(","):
        name, _, parameter = item.partition(";")
        quality = _quality(parameter)
        if quality is not None:
            weights[name.strip()] = quality
    others = weights.get("*")
    packed = weights.get("gzip", weights.get("x-gzip", others or 0.0))
    plain = weights.get("identity")
    if packed and packed >= (plain or 0.0):
        return "gzip"
    refused = plain == 0.0 or (plain is None and others == 0.0)
    return None if refused else "identity"


def listing(*families: Sequence[Offer]) -> list[str]:
    """Name the types of some families, each once."""
    return list(dict.fromkeys(offer.canonical for offers in families for offer in offers))


def _ranges(header: str) -> Iterable[tuple[str, str, float]]:
    for item in _ITEM.findall(header):
        match = _RANGE.match(item)
        if match is None or (match[1] == "*" and match[2] != "*"):
            continue
        quality = _quality(match[3] or "")
        if quality is not None:
            yield match[1].lower(), match[2].lower(), quality


def _quality(parameters: str) -> float | None:
    """Read how much something is wanted; None where that cannot be read."""
    weight = _WEIGHT.search(parameters)
    said = weight[1].strip() if weight else "1"
    return float(said) if _QUALITY.match(said) else None


def _weight(offer: Offer, ranges: Sequence[tuple[str, str, float]]) -> float:
    """Weigh an offer by the most specific range that covers it; 0 when none does."""
    kind, _, subtype = offer.media_type.partition("/")
    for main, sub in ((kind, subtype), (kind, "*"), ("*", "*")):
        found = [quality for m, s, quality in ranges if (m, s) == (main, sub)]
        if found:
            return max(found)
    return 0.0
