"""Names: the prefixes of every file and answer, and the terms the code speaks of.

``test_vocab`` compares the terms with ontology/iotkg.ttl.
"""

from __future__ import annotations

from typing import Final

from pyoxigraph import NamedNode

BASE: Final = "https://w3id.org/iotkg/"
ID: Final = f"{BASE}id/"
GRAPH: Final = f"{BASE}graph/"
QUERY: Final = f"{BASE}query/"
CHECK: Final = f"{BASE}check/"

_ID_CLASSES: Final = (
    "actor",
    "aim",
    "anchor",
    "basis",
    "date-precision",
    "deadline",
    "deliverable",
    "deliverable-type",
    "document",
    "exception",
    "facility",
    "funding-support",
    "ground",
    "group",
    "implementation-mode",
    "information-kind",
    "initiative",
    "initiative-kind",
    "instrument",
    "measure",
    "measure-type",
    "measured-thing",
    "mention",
    "period",
    "place",
    "place-type",
    "plan",
    "plan-set",
    "principle",
    "programme",
    "project-level",
    "reference-type",
    "responsibility",
    "role",
    "safeguard",
    "scheme",
    "scope",
    "section",
    "section-type",
    "sector",
    "shared-wording",
    "source-text",
    "table",
    "talent",
    "target",
    "task",
    "technology",
    "value-kind",
    "xref",
)

PREFIXES: Final[dict[str, str]] = {
    **dict(
        sorted(
            {
                **{name: f"{ID}{name}/" for name in _ID_CLASSES},
                "check": CHECK,
                "graph": GRAPH,
                "iotkg": f"{BASE}ontology#",
                "iotsh": f"{BASE}shapes#",
                "query": QUERY,
            }.items()
        )
    ),
    "cv": "http://data.europa.eu/m8g/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "doco": "http://purl.org/spar/doco/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "jolux": "http://data.legilux.public.lu/resource/ontology/jolux#",
    "lrmoo": "http://iflastandards.info/ns/lrm/lrmoo/",
    "nif": "http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#",
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "p-plan": "http://purl.org/net/p-plan#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sdgo": "http://metadata.un.org/sdg/ontology#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "time": "http://www.w3.org/2006/time#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefix to namespace: ours first, then the rest, each alphabetical (the order of every file)."""


def term(name: str) -> NamedNode:
    """Resolve a prefixed name such as ``skos:prefLabel``.

    Raises: KeyError when the prefix is not ours.
    """
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


class IOTKG:
    """The ontology's terms that the code speaks of."""

    ActionPlan = term("iotkg:ActionPlan")
    Aim = term("iotkg:Aim")
    Deliverable = term("iotkg:Deliverable")
    DemonstrationActivity = term("iotkg:DemonstrationActivity")
    DemonstrationProject = term("iotkg:DemonstrationProject")
    EvidenceAnchor = term("iotkg:EvidenceAnchor")
    Exception = term("iotkg:Exception")
    Ground = term("iotkg:Ground")
    Measure = term("iotkg:Measure")
    MeasuredThing = term("iotkg:MeasuredThing")
    MissingTable = term("iotkg:MissingTable")
    PlanSet = term("iotkg:PlanSet")
    Principle = term("iotkg:Principle")
    SafeguardMeasure = term("iotkg:SafeguardMeasure")
    Section = term("iotkg:Section")
    SharedWording = term("iotkg:SharedWording")
    Task = term("iotkg:Task")
    TaskGroup = term("iotkg:TaskGroup")
    UnspecifiedPlace = term("iotkg:UnspecifiedPlace")
    appliesTo = term("iotkg:appliesTo")
    basis = term("iotkg:basis")
    contentsPage = term("iotkg:contentsPage")
    directPartOf = term("iotkg:directPartOf")
    endOffset = term("iotkg:endOffset")
    exactQuote = term("iotkg:exactQuote")
    exceptedLabel = term("iotkg:exceptedLabel")
    hasEvidence = term("iotkg:hasEvidence")
    identifies = term("iotkg:identifies")
    implementsDocument = term("iotkg:implementsDocument")
    inPlan = term("iotkg:inPlan")
    inSource = term("iotkg:inSource")
    mentionOf = term("iotkg:mentionOf")
    mentions = term("iotkg:mentions")
    numberLabel = term("iotkg:numberLabel")
    ordinal = term("iotkg:ordinal")
    quote = term("iotkg:quote")
    quotePrefix = term("iotkg:quotePrefix")
    quoteSuffix = term("iotkg:quoteSuffix")
    refersTo = term("iotkg:refersTo")
    sectionType = term("iotkg:sectionType")
    sha256 = term("iotkg:sha256")
    sharedBy = term("iotkg:sharedBy")
    standsIn = term("iotkg:standsIn")
    startOffset = term("iotkg:startOffset")
    statedIn = term("iotkg:statedIn")
    targetQuote = term("iotkg:targetQuote")
    textAnchor = term("iotkg:textAnchor")
    textContent = term("iotkg:textContent")
    translation = term("iotkg:translation")
    verbatim = term("iotkg:verbatim")
    watchedWords = term("iotkg:watchedWords")
    within = term("iotkg:within")


class RDF:
    """RDF's terms that the code speaks of."""

    type = term("rdf:type")
    langString = term("rdf:langString")
    first = term("rdf:first")
    rest = term("rdf:rest")
    nil = term("rdf:nil")


class SKOS:
    """SKOS's terms that the code speaks of."""

    ConceptScheme = term("skos:ConceptScheme")
    prefLabel = term("skos:prefLabel")
    altLabel = term("skos:altLabel")
    hiddenLabel = term("skos:hiddenLabel")


class XSD:
    """XML Schema's datatypes."""

    integer = term("xsd:integer")
    string = term("xsd:string")
