"""The W3C validation report, as Turtle."""

from __future__ import annotations

import pyoxigraph as ox

from iotkg.outcome import Outcome
from iotkg.vocab import PREFIXES


def to_turtle(outcome: Outcome, lang: str) -> str:  # noqa: ARG001 - messages carry their languages
    """Write the report of the findings shown."""
    written = ox.serialize(
        (quad.triple for quad in ox.parse(outcome.report(), format=ox.RdfFormat.N_TRIPLES)),
        format=ox.RdfFormat.TURTLE,
        prefixes={name: iri for iri, name in outcome.prefixes.items()}
        | {name: PREFIXES[name] for name in ("sh", "xsd", "iotkg", "iotsh")},
    )
    return (written or b"").decode("utf-8")
