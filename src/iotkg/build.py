"""The pipeline: from the files of a checkout to the graphs of a release, checked on the way.

Data flows one way. The graphs are a pure function of the files: same files, same triples. Nothing is written
here; ``release`` writes what this module hands it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pyoxigraph import Literal, NamedNode, RdfFormat, Store, Triple, serialize

from iotkg import evidence, identifiers, inference
from iotkg.advice import Adviser
from iotkg.engines import DEFAULT, Engine
from iotkg.errors import InputError, TurtleError
from iotkg.findings import Finding
from iotkg.inference import Derivation
from iotkg.layout import Layout
from iotkg.loading import Curated, load_queries, load_source, load_turtle, read_text
from iotkg.locating import Locator
from iotkg.outcome import identified
from iotkg.queryfile import QueryFile
from iotkg.rdffile import RdfFile
from iotkg.shapegraph import Term, index
from iotkg.validation import Phase, described, run_checks, validate
from iotkg.vocab import IOTKG, term

Graphs: TypeAlias = dict[NamedNode, frozenset[Triple]]
"""The named graphs of a release."""

EXTERNAL = identifiers.graph("external")
"""The graph of what comes from outside the texts; nothing follows from it, and it satisfies no shape."""

Derived: TypeAlias = dict[str, dict[Triple, Derivation]]
"""How each triple was inferred, by document."""

_ORIGIN = term("iotkg:inheritedFrom")
_ANCHORED = (IOTKG.standsIn, IOTKG.textAnchor, IOTKG.hasEvidence)
"""What leads from an anchor to something that is written, the nearest last."""
_SUPPORTS = (IOTKG.textAnchor, IOTKG.hasEvidence)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything the curators wrote, parsed; ``external`` is what comes from outside the texts."""

    ontology: Curated
    registry: Curated
    external: Curated
    documents: Mapping[str, Curated]
    texts: Mapping[str, str]
    rules: Mapping[str, QueryFile]

    @property
    def parts(self) -> tuple[Curated, ...]:
        """Ontology, registry and each document."""
        return (self.ontology, self.registry, *self.documents.values())

    @property
    def written(self) -> set[Triple]:
        """All triples as written, without what follows from them and what comes from outside the texts."""
        return {triple for part in self.parts for triple in part.triples}

    @property
    def files(self) -> tuple[RdfFile, ...]:
        """Every Turtle file that was read."""
        return tuple(file for part in self.parts for file in part.files)


@dataclass(slots=True)
class Steps:
    """How long each step of a run took, in seconds, in the order they ran."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        before = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - before


def read(layout: Layout) -> Inputs:
    """Parse every file of the checkout.

    Raises: InputError when files cannot be read or parsed, naming all of them, when a document has no text or
    another than the pinned one, or when there is no document.
    """
    faults = _unread(layout)

    def load(paths: Iterable[Path], *, blank_nodes: bool = False) -> Curated:
        try:
            return load_turtle(layout, paths, blank_nodes=blank_nodes)
        except TurtleError as error:
            faults.append(str(error))
            return Curated((), {})

    ontology = load(layout.ontology, blank_nodes=True)
    registry = load(layout.registry)
    external = load(layout.external)
    documents = {key: load(layout.curated(key)) for key in layout.documents}
    if not documents:
        raise InputError("data/: holds no document; each is a folder with a source.txt")
    if faults:
        raise TurtleError("\n".join(faults))
    texts = {
        key: load_source(layout, key, _pinned(key, curated.triples)) for key, curated in documents.items()
    }
    return Inputs(ontology, registry, external, documents, texts, load_queries(layout, layout.rules))


def _unread(layout: Layout) -> list[str]:
    """Name the Turtle files of data/ that no graph takes up: what they say would be missing, and nobody told."""
    taken = {
        *layout.registry,
        *layout.external,
        *(path for key in layout.documents for path in layout.curated(key)),
    }
    return [
        f"{layout.relative(path)}: is read by nothing; what documents share stands in data/registry/ itself, what one "
        "says in that document's folder, what is from elsewhere in data/external/ itself"
        for path in layout.turtle
        if path.is_relative_to(layout.root / "data") and path not in taken
    ]


def _pinned(key: str, triples: Iterable[Triple]) -> str | None:
    node = identifiers.mint("source-text", key)
    return next(
        (
            triple.object.value
            for triple in triples
            if triple.subject == node
            and triple.predicate == IOTKG.sha256
            and isinstance(triple.object, Literal)
        ),
        None,
    )


def assemble(inputs: Inputs, steps: Steps | None = None, derived: Derived | None = None) -> Graphs:
    """Derive anchors and inferences; each document closes with the ontology and the registry alone.

    How each triple was inferred goes into ``derived``, by document.

    Raises: CurationError when a curated statement does not fit the text.
    """
    steps = steps or Steps()
    shared = {*inputs.ontology.triples, *inputs.registry.triples}
    graphs: Graphs = {
        identifiers.graph("ontology"): frozenset(inputs.ontology.triples),
        identifiers.graph("registry"): frozenset(inputs.registry.triples),
    }
    if inputs.external.triples:
        graphs[EXTERNAL] = frozenset(inputs.external.triples)
    source: set[Triple] = set()
    for key, curated in inputs.documents.items():
        text = inputs.texts[key]
        content = Triple(identifiers.mint("source-text", key), IOTKG.textContent, Literal(text))
        source.add(content)
        with steps.step("anchors"):
            anchors = evidence.resolve(key, text, curated, inputs.registry)
        with steps.step("inference"):
            inferred = inference.close({*shared, *curated.triples, *anchors}, inputs.rules)
        if derived is not None:
            derived[key] = inferred
        graphs[identifiers.graph(f"{key}/curated")] = frozenset(curated.triples)
        graphs[identifiers.graph(f"{key}/anchors")] = frozenset(anchors)
        graphs[identifiers.graph(f"{key}/inferred")] = frozenset(inferred)
    graphs[identifiers.graph("source")] = frozenset(source)
    return graphs


def check(
    layout: Layout, inputs: Inputs, triples: set[Triple], phase: Phase, *, engine: Engine = DEFAULT
) -> list[Finding]:
    """Run the shapes and the checks of one phase; findings carry the place of what is at fault.

    An inherited copy stands in no file: it has the place of the statement it is inherited from.

    Raises: ShapesError when the shapes are broken or one of them has nothing to look at.
    """
    shapes = [(layout.relative(path), read_text(path, layout.relative(path))) for path in layout.shapes]
    checks = list(load_queries(layout, layout.checks).values())
    written = serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    store = Store()
    store.bulk_load(written, RdfFormat.N_TRIPLES)
    with ThreadPoolExecutor(1) as aside:  # both engines let go of Python's lock while they work
        verdict = aside.submit(validate, triples, shapes=shapes, phase=phase, engine=engine, written=written)
        broken = run_checks(store, checks, phase=phase)
        found = verdict.result() + broken
    about = described(shapes)
    locator = Locator(inputs.files, _origins(triples), about)
    adviser = Adviser(about, lambda: index(triples))
    return identified([locator.locate(adviser.advise(finding)) for finding in found], {})


def _origins(triples: Iterable[Triple]) -> dict[Term, Term]:
    """Give where what is derived comes from: a copy from its origin, an anchor from what rests on it."""
    held: dict[NamedNode, dict[Term, NamedNode]] = {name: {} for name in (*_ANCHORED, _ORIGIN)}
    for triple in triples:
        if triple.predicate in held:
            ends = (triple.subject, triple.object)
            derived, source = reversed(ends) if triple.predicate in _SUPPORTS else ends
            if isinstance(derived, NamedNode) and isinstance(source, NamedNode):
                rests = held[triple.predicate]
                rests[derived] = min(rests.get(derived, source), source, key=lambda iri: iri.value)
    copies = held[_ORIGIN]
    return {
        derived: copies.get(source, source) for rests in held.values() for derived, source in rests.items()
    }


def merged(graphs: Graphs) -> set[Triple]:
    """Give the union of all graphs but the external one: the default view."""
    return {triple for name, triples in graphs.items() if name != EXTERNAL for triple in triples}
