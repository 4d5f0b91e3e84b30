"""Terms as people write them in an address or on a command line: IRIs, prefixed names, literals as in Turtle."""

from __future__ import annotations

import re
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from iotkg.errors import InvalidParameter
from iotkg.identifiers import expand, shorten
from iotkg.vocab import PREFIXES, RDF, XSD

_LITERAL: Final = re.compile(r"""["'+\-.0-9]|(?:true|false)\Z""")
_LONGEST: Final = 20_000
_SHOWN: Final = 80
_HEAD: Final = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())


def read_triple(subject: str, predicate: str, value: str) -> Triple:
    """Read a triple from its three parts, called s, p and o.

    Raises: InvalidParameter naming the part that cannot be read, and how to write it.
    """
    s = _iri(subject, "s")
    p = RDF.type if predicate.strip() == "a" else _iri(predicate, "p")
    return Triple(s, p, _literal(value.strip()) if _LITERAL.match(value.strip()) else _iri(value, "o"))


def spelled(node: NamedNode | BlankNode | Literal | Triple) -> str:
    """Write a term as ``read_triple`` reads it, as short as it goes."""
    if isinstance(node, NamedNode):
        return shorten(node.value)
    if isinstance(node, Literal) and node.datatype not in (XSD.string, RDF.langString):
        plain = node.datatype == XSD.integer or node.value in ("true", "false")
        return node.value if plain else f"{str(node).partition('^^')[0]}^^{shorten(node.datatype.value)}"
    return str(node)


def _iri(text: str, name: str) -> NamedNode:
    written = text.strip()
    full = written.startswith("<") and written.endswith(">")
    try:
        node = NamedNode(written[1:-1]) if full else expand(written)
    except ValueError:
        node = None
    if node is None:
        more = ', or a literal as in Turtle, like "无锡"@zh' if name == "o" else ""
        raise InvalidParameter(
            f"{name}: {text[:_SHOWN]!r} is neither an IRI nor a prefixed name like iotkg:Task with one of our "
            f"prefixes{more}"
        )
    return node


def _literal(text: str) -> Literal:
    try:
        found = list(parse(f"{_HEAD}<urn:s> <urn:p> {text[:_LONGEST]} .", RdfFormat.TURTLE))
        (value,) = (quad.object for quad in found)
    except (SyntaxError, ValueError) as error:
        raise InvalidParameter(
            f'o: {text[:_SHOWN]!r} is no literal as in Turtle; write it like "无锡"@zh, 42 or '
            '"2015-12-31"^^xsd:date'
        ) from error
    if not isinstance(value, Literal):
        raise InvalidParameter(f"o: {text[:_SHOWN]!r} is no single literal")
    return value
