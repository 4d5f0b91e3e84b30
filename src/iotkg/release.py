"""The release: frozen, hashed files, written aside and moved in place in one step.

``dist`` is a symbolic link to a folder named by the release's hash, so putting a new release in place is one
atomic rename: a build that fails or is killed leaves the last good one.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    serialize,
)

from iotkg import identifiers
from iotkg.build import Derived, Graphs, Inputs, merged
from iotkg.csvw import to_tables
from iotkg.errors import InputError, OutputError
from iotkg.inference import to_record
from iotkg.store import DERIVATIONS, MANIFEST, PLACES, QUADS, QUERIES, RULES
from iotkg.turtle import graph_to_turtle, subject_lines
from iotkg.vocab import BASE, ID, PREFIXES, RDF, XSD, term

_HASH_SHOWN = 16
_MAIN = {QUADS: "application/n-quads", "iotkg.ttl": "text/turtle", "iotkg.jsonld": "application/ld+json"}
"""The files that hold all of the data, and what they are."""


@dataclass(frozen=True, slots=True)
class Release:
    """What was written: the release's hash and the number of triples in each graph."""

    hash: str
    graphs: Mapping[str, int]


def write(
    graphs: Graphs, queries: Mapping[str, str], dist: Path, reasons: Mapping[str, str] | None = None
) -> Release:
    """Write a release and put it in place of the last one; ``queries`` are the canned ones, by name.

    ``reasons`` are the files that say why a triple holds, by name: see ``reasons``.

    Raises: InputError when ``dist`` is a real folder, which would have to be deleted; OutputError when the release
    cannot be written, which leaves the last one in place.
    """
    if dist.exists() and not dist.is_symlink():
        raise InputError(f"{dist} is not a link to a release; move it away and build again")
    texts = _files(graphs) | {f"{QUERIES}{name}.rq": text for name, text in queries.items()}
    texts |= reasons or {}
    files = {name: text.encode() for name, text in sorted(texts.items())}
    hashed = sha256(files[QUADS]).hexdigest()
    counts = {name.value: len(triples) for name, triples in sorted(graphs.items(), key=lambda g: g[0].value)}
    manifest = {
        "release": hashed,
        "files": {
            name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()
        },
        "graphs": counts,
    }
    files[MANIFEST] = (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()
    try:
        _put_in_place(files, dist, hashed[:_HASH_SHOWN])
    except OSError as error:
        raise OutputError(
            f"{error.filename or dist}: the release cannot be written: {error.strerror}; make room or give leave to "
            "write there, and build again"
        ) from error
    return Release(hashed, counts)


def reasons(inputs: Inputs, derived: Derived) -> dict[str, str]:
    """Write why triples hold: the rules, how each document's closure used them, and where subjects are described."""
    return {
        PLACES: "subject\tproperty\tplace\n"
        + "".join("\t".join(row) + "\n" for row in sorted(_places(inputs))),
        **{f"{RULES}{name}.rq": rule.text for name, rule in inputs.rules.items()},
        **{f"{DERIVATIONS}{key}.tsv": to_record(of_document) for key, of_document in derived.items()},
    }


def _places(inputs: Inputs) -> Iterator[tuple[str, str, str]]:
    """Give the place of each subject's block; property by property for a subject with blocks in several files."""
    blocks: dict[str, dict[str, set[str]]] = {}
    for file in inputs.files:
        lines = subject_lines(file.data.decode())
        for triple in file.triples:
            if isinstance(triple.subject, NamedNode):
                iri = triple.subject.value
                place = f"{file.name}:{lines[iri]}" if iri in lines else file.name
                blocks.setdefault(iri, {}).setdefault(triple.predicate.value, set()).add(place)
    for iri, properties in blocks.items():
        every = set().union(*properties.values())
        if len(every) == 1:
            yield iri, "", every.pop()
        else:
            yield from ((iri, name, ", ".join(sorted(places))) for name, places in properties.items())


def _put_in_place(files: Mapping[str, bytes], dist: Path, name: str) -> None:
    """Write the files to a new folder, point ``dist`` at it, and remove older ones.

    The one just replaced stays: a service reads from it until it has taken over the new one.
    """
    releases = dist.parent / ".releases"
    releases.mkdir(parents=True, exist_ok=True)
    with (releases / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        replaced = dist.resolve()
        folder = Path(mkdtemp(prefix=f"{name}-", dir=releases))
        try:
            for filename, data in files.items():
                (folder / filename).parent.mkdir(exist_ok=True)
                (folder / filename).write_bytes(data)
            folder.chmod(0o755)
            link = releases / ".link"
            link.unlink(missing_ok=True)
            link.symlink_to(folder.relative_to(dist.parent), target_is_directory=True)
            link.replace(dist)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        for old in releases.iterdir():
            if old.is_dir() and old.resolve() not in {folder.resolve(), replaced}:
                shutil.rmtree(old, ignore_errors=True)


def _files(graphs: Graphs) -> dict[str, str]:
    """Write a release's own files.

    The N-Quads stand by graph, for so they load quickly, and in each of these the last triple first: the engine goes
    through a graph from what was loaded last, so that an answer without ORDER BY begins at the beginning.
    """
    named = {name: _canonical(triples) for name, triples in graphs.items()}
    return {
        QUADS: "".join(
            f"{triple} {name} .\n"
            for name, triples in sorted(named.items(), key=lambda it: it[0].value)
            for triple in sorted(map(str, triples), reverse=True)
        ),
        "iotkg.ttl": graph_to_turtle(
            merged(named), header="# iotkg: the default view of the release, all graphs in one."
        ),
        "iotkg.jsonld": _json_ld(merged(named)),
        **to_tables(merged(named)),
        "void.ttl": graph_to_turtle(_description(graphs), header="# What the release holds (VoID)."),
    }


def _json_ld(triples: Iterable[Triple]) -> str:
    """Write expanded JSON-LD: nodes in the order of their N-Triples."""
    return (serialize(sorted(triples, key=str), format=RdfFormat.JSON_LD) or b"").decode()


def _canonical(triples: frozenset[Triple]) -> frozenset[Triple]:
    """Name blank nodes by RDFC-1.0, so that equal graphs have equal bytes; only the ontology has any."""
    if not any(
        isinstance(term_, BlankNode) for triple in triples for term_ in (triple.subject, triple.object)
    ):
        return triples
    dataset = Dataset(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return frozenset(quad.triple for quad in dataset)


def _description(graphs: Graphs) -> list[Triple]:
    """Describe the release as a VoID dataset with one subset for each graph."""
    dataset = NamedNode(f"{BASE}dataset")
    triples = [
        Triple(dataset, RDF.type, term("void:Dataset")),
        Triple(
            dataset,
            term("dcterms:title"),
            Literal("IoT Development Special Action Plans (2013-2015) as a knowledge graph", language="en"),
        ),
        Triple(
            dataset,
            term("dcterms:title"),
            Literal("物联网发展专项行动计划（2013-2015年）知识图谱", language="zh"),
        ),
        Triple(dataset, term("dcterms:license"), NamedNode("https://creativecommons.org/licenses/by/4.0/")),
        Triple(dataset, term("void:uriSpace"), Literal(ID)),
        Triple(dataset, term("void:vocabulary"), NamedNode(PREFIXES["iotkg"])),
        Triple(dataset, term("void:exampleResource"), identifiers.mint("task", "iot-2013", "standards", "1")),
        Triple(dataset, term("void:triples"), _integer(len(merged(graphs)))),
        Triple(dataset, RDF.type, term("dcat:Dataset")),
        Triple(dataset, term("void:sparqlEndpoint"), NamedNode(f"{BASE}sparql")),
        *_distributions(dataset),
    ]
    for name, members in graphs.items():
        triples += [
            Triple(dataset, term("void:subset"), name),
            Triple(name, RDF.type, term("void:Dataset")),
            Triple(name, term("void:triples"), _integer(len(members))),
        ]
    return triples


def _distributions(dataset: NamedNode) -> Iterator[Triple]:
    """Say where the data is to be had whole, and as what (DCAT 3)."""
    for name, media_type in _MAIN.items():
        file = NamedNode(f"{BASE}dumps/{name}")
        kind = NamedNode(f"https://www.iana.org/assignments/media-types/{media_type}")
        yield Triple(dataset, term("void:dataDump"), file)
        yield Triple(dataset, term("dcat:distribution"), file)
        yield Triple(file, RDF.type, term("dcat:Distribution"))
        yield Triple(file, term("dcat:downloadURL"), file)
        yield Triple(file, term("dcat:mediaType"), kind)


def _integer(number: int) -> Literal:
    return Literal(str(number), datatype=XSD.integer)
