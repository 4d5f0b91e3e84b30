"""What pySHACL itself says, asked without anything of ours between, in a form that two reports can be compared in."""

from collections import Counter

import rdflib
from pyshacl import validate
from pyshacl.monkey import rdflib_bool_patch, rdflib_bool_unpatch
from rdflib import BNode, Graph
from rdflib.namespace import RDF, SH

SAID = (
    SH.focusNode,
    SH.resultPath,
    SH.value,
    SH.sourceConstraintComponent,
    SH.resultSeverity,
    SH.sourceShape,
    SH.sourceConstraint,
)
_DEEP = 12


def graph(path, base=None):
    """Read a Turtle file as it is written, literals unchanged."""
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        return Graph().parse(path, format="turtle", publicID=base)
    finally:
        rdflib.NORMALIZE_LITERALS = before


def shapes(path, base=None):
    """Read a Turtle file as pySHACL reads shapes: to it, only ``true`` is true and not ``"1"``."""
    rdflib_bool_patch()
    try:
        return graph(path, base)
    finally:
        rdflib_bool_unpatch()


def triples(written):
    """Read N-Triples with the labels that its blank nodes have."""
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        labels = {word[2:]: BNode(word[2:]) for word in written.decode().split() if word.startswith("_:")}
        return Graph().parse(data=written, format="nt", bnode_context=labels)
    finally:
        rdflib.NORMALIZE_LITERALS = before


def verdict(data, shapes):
    """Give pySHACL's results; raises what pySHACL raises."""
    _, report, said = validate(data, shacl_graph=shapes, inference="none", advanced=False)
    if not isinstance(report, Graph):
        raise report if isinstance(report, Exception) else RuntimeError(said)
    return results(report, data, shapes)


def results(report, *described):
    """Count the results of a report, each written so that blank nodes are known by what is said of them."""
    nested = set(report.objects(None, SH.detail))
    return Counter(
        tuple(
            " ".join(
                sorted(
                    way(value, report, *described)
                    if said == SH.resultPath
                    else name(value, (report, *described))
                    for value in report.objects(result, said)
                )
            )
            for said in SAID
        )
        for result in report.objects(None, SH.result)
        if result not in nested
    )


def way(node, *graphs):
    """Name a path: a list by its members alone, whatever else is said of it."""
    if not isinstance(node, BNode):
        return node.n3()
    graph = next((one for one in graphs if (node, None, None) in one), Graph())
    if (node, RDF.first, None) in graph:
        return f"({' '.join(way(member, graph) for member in graph.items(node))})"
    return (
        f"[{'; '.join(f'{step.n3()} {way(value, graph)}' for step, value in graph.predicate_objects(node))}]"
    )


def name(node, graphs, seen=()):
    """Name a node: a blank one by what is said of it, in whichever graph."""
    if not isinstance(node, BNode):
        return node.n3()
    if node in seen or len(seen) > _DEEP:
        return "[…]"
    said = {
        f"{predicate.n3()} {name(value, graphs, (*seen, node))}"
        for one in graphs
        for predicate, value in one.predicate_objects(node)
    }
    return f"[{'; '.join(sorted(said))}]"
