"""Heads: what the page of a thing begins with, class by class, and what of it the text does not say.

A row without a value is kept, so that a page can say that the text does not state it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from iotkg.links import named_links
from iotkg.model import Links, Term
from iotkg.terms import Facts
from iotkg.vocab import term

_HEADS: Final = {
    "iotkg:Initiative": """
        iotkg:initiativeOf iotkg:implementationMode iotkg:projectLevel iotkg:targetPlace iotkg:aboutSector
        iotkg:aboutTechnology iotkg:hasResponsibility iotkg:effectiveDeadline
    """,
    "iotkg:Target": """
        iotkg:verbatim iotkg:countsThing iotkg:valueKind iotkg:minValue iotkg:maxValue iotkg:nominalValue
        iotkg:measureWord iotkg:effectiveDeadline
    """,
    "iotkg:Deliverable": "iotkg:deliverableType iotkg:sameNameAs",
    "iotkg:FundingSupport": "iotkg:fundingProgramme iotkg:supports",
    "iotkg:CrossReference": "iotkg:statedIn iotkg:refersTo iotkg:referenceType",
    "iotkg:Measure": "iotkg:measureType iotkg:addressee iotkg:aimsAt",
    "iotkg:Mention": "iotkg:mentionOf iotkg:statedIn",
    "iotkg:Exception": "iotkg:exceptedLabel iotkg:reason iotkg:statedIn",
    "iotkg:UnspecifiedPlace": "iotkg:placeType iotkg:statedIn",
    "iotkg:Place": "iotkg:placeType",
    "iotkg:ExternalDocument": "iotkg:issuedBy iotkg:hasPeriod",
    "iotkg:MissingTable": "iotkg:omits",
    "iotkg:PlanSet": "iotkg:hasPeriod iotkg:hasSourceText iotkg:cites",
    "iotkg:ActionPlan": "iotkg:hasPeriod iotkg:contentsPage iotkg:cites",
    "iotkg:Period": "dcat:startDate dcat:endDate",
    "iotkg:SharedWording": "iotkg:sharedBy",
    "iotkg:SourceText": "iotkg:characterLength iotkg:sha256",
    "iotkg:BasisLevel": "iotkg:basisRank",
    "iotkg:ResponsibilityRole": "iotkg:owning",
}
"""The properties of the head by class; of a thing's classes the first one here counts."""

_ONLY_SAID: Final = frozenset(
    term(name).value
    for name in (
        *("iotkg:minValue", "iotkg:maxValue", "iotkg:nominalValue", "iotkg:measureWord"),
        *("iotkg:sameNameAs", "iotkg:statedIn", "iotkg:cites", "iotkg:contentsPage"),
    )
)
"""Properties that leave nothing unsaid where they have no value."""


def properties(classes: Iterable[str]) -> tuple[str, ...]:
    """Give the properties, by IRI, that the page of a thing of some classes begins with."""
    known = set(classes)
    found = next((names for name, names in _HEADS.items() if term(name).value in known), "")
    return tuple(term(name).value for name in found.split())


def head(asked: Iterable[str], facts: Facts, terms: Mapping[str, Term]) -> tuple[Links, ...]:
    """Give the rows of a head, those of which nothing is said too."""
    return tuple(
        named_links(terms, predicate, facts.get(predicate, ()))
        for predicate in asked
        if predicate in facts or (predicate not in _ONLY_SAID and predicate in terms)
    )
