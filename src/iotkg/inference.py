"""What follows from what is written: OWL 2 RL rules and our own, to a fixpoint, in strata.

Each rule is one CONSTRUCT in ontology/rules/. The OWL rules run in both strata: first with those of inheritance,
then with those that conclude from completed statements (a minimum is only right once nothing can be added).
owlrl is the oracle: tests/test_inference.py holds the instance triples against its closure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Quad, QueryTriples, Store, Triple

from iotkg.errors import QueryFileError
from iotkg.queryfile import QueryFile

STRATA = (("owl", "inherit"), ("owl", "conclude"))
_HEAD: Final = "triple\trule\tround\n"
_KEY: Final = 16


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a triple was first inferred: by which rule, in which round (counted from 1 through both strata)."""

    rule: str
    round: int


def close(asserted: Iterable[Triple], rules: Mapping[str, QueryFile]) -> dict[Triple, Derivation]:
    """Infer everything that follows; each round reads only what earlier rounds completed.

    Triples with a blank node are never concluded. Raises: QueryFileError when a rule is no CONSTRUCT, or its
    stratum is unknown.
    """
    store = Store()
    store.bulk_extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in asserted)
    for name, rule in rules.items():
        if rule.header["stratum"] not in {kind for stratum in STRATA for kind in stratum}:
            raise QueryFileError(f"ontology/rules/{name}.rq: '#+ stratum:' is one of owl, inherit, conclude")
    inferred: dict[Triple, Derivation] = {}
    turn = 0
    for stratum in STRATA:
        active = [rule for rule in rules.values() if rule.header["stratum"] in stratum]
        while True:
            turn += 1
            new = _round(store, active, turn, inferred)
            if not new:
                break
            store.bulk_extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in new)
            inferred |= new
    return inferred


def key_of(triple: Triple) -> str:
    """Name a triple in the record of a closure: the first 16 digits of the SHA-256 of its N-Triples form."""
    return sha256(str(triple).encode()).hexdigest()[:_KEY]


def to_record(derived: Mapping[Triple, Derivation]) -> str:
    """Write by which rule and in which round each triple was inferred: a line each, sorted, without the triples."""
    lines = sorted(f"{key_of(triple)}\t{how.rule}\t{how.round}\n" for triple, how in derived.items())
    return _HEAD + "".join(lines)


def read_record(text: str) -> dict[str, Derivation]:
    """Read a record: how each triple was inferred, by its ``key_of``."""
    rows = (line.split("\t") for line in text.removeprefix(_HEAD).splitlines())
    return {key: Derivation(rule, int(turn)) for key, rule, turn in rows}


def _round(
    store: Store, rules: Iterable[QueryFile], turn: int, inferred: Mapping[Triple, Derivation]
) -> dict[Triple, Derivation]:
    """Run each rule once against the store as it stands."""
    new: dict[Triple, Derivation] = {}
    for rule in rules:
        try:
            answer = store.query(rule.text)
        except SyntaxError as error:
            raise QueryFileError(f"ontology/rules/{rule.name}.rq: {error}") from error
        if not isinstance(answer, QueryTriples):
            raise QueryFileError(f"ontology/rules/{rule.name}.rq: a rule is a CONSTRUCT")
        for triple in answer:
            if triple in new or triple in inferred or isinstance(triple.object, BlankNode | Triple):
                continue
            if Quad(triple.subject, triple.predicate, triple.object, DefaultGraph()) not in store:
                new[triple] = Derivation(rule.name, turn)
    return new
