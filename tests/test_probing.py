"""What a store gets wrong is found out by asking it; what needs that is refused, and nothing else."""

import re

import pytest
from pyoxigraph import Store

from iotkg.errors import RemoteError
from iotkg.loading import load_queries
from iotkg.probing import PROBES, Probe, Probed
from iotkg.store import LocalStore, Source, Table

USING = {
    PROBES[0].about: 'SELECT (CONCAT("a", "b") AS ?x) WHERE {}',
    PROBES[1].about: 'SELECT ?x WHERE { ?x ?y ?z FILTER(REGEX(?z, "[。；]")) }',
    PROBES[2].about: "SELECT ?x WHERE { ?x <urn:p>* <urn:a> }",
}
NEEDING = {
    "demonstrations-of-a-field",
    "what-is-asked-for-the-wuxi-zone",
    "where-a-field-stands",
    "where-a-technology-stands",
    "wuxi-areas-with-a-task-of-their-own",
}
PLAIN = 'SELECT (COUNT(*) AS ?n) (1 + 1 AS ?m) WHERE { ?x <urn:a>|<urn:b> ?z FILTER(REGEX(?z, "[0-9]+")) }'


class Wrong(Source):
    """A store that answers some questions with a row of its own, and some not at all."""

    def __init__(self, wrong=(), broken=()):
        self.store = LocalStore(Store())
        self.wrong, self.broken, self.asked = wrong, broken, []

    def solutions(self, query):
        """Answer from nothing."""
        self.asked.append(query)
        return self.store.solutions(query)

    def select(self, query):
        """Answer with a row where there is none, or not at all."""
        if query in self.broken:
            raise RemoteError("no")
        self.asked.append(query)
        return Table(("answer",), ((None,),)) if query in self.wrong else self.store.select(query)


def test_a_sound_store_answers_everything():
    probed = Probed(Wrong())
    assert probed.failed == ()
    for query in (*USING.values(), PLAIN):
        probed.select(query)
        probed.solutions(query)


@pytest.mark.parametrize("fault", ["wrong", "broken"])
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.about)
def test_what_needs_what_a_store_gets_wrong_is_refused_and_nothing_else(probe, fault):
    store = Wrong(**{fault: (probe.query,)})
    probed = Probed(store)
    store.asked.clear()
    assert probed.failed == (probe,)
    for about, query in USING.items():
        if about == probe.about:
            for ask in (probed.select, probed.solutions):
                with pytest.raises(RemoteError, match=re.escape(about)):
                    ask(query)
            assert store.asked == []
    for about, query in USING.items():
        if about != probe.about:
            probed.select(query)
    probed.select(f"# CONCAT( of what it is about: words* and more\n{PLAIN}")


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.about)
def test_the_engine_in_memory_answers_each_as_sparql_says(probe, store):
    """On the release too, where more than one way leads to some concepts."""
    assert Probed(LocalStore(store), [probe]).failed == ()


def test_a_probe_of_paths_sees_a_row_for_each_way():
    """A closure with two ways to one end is what the question is about."""
    skos = "http://www.w3.org/2004/02/skos/core#broader"
    ways = "".join(f"<urn:{a}> <{skos}> <urn:{b}> .\n" for a, b in ("xa", "xb", "ay", "by"))
    store = Store()
    store.update(f"INSERT DATA {{ {ways} }}")
    path = PROBES[2]
    assert Probed(LocalStore(store), [path]).failed == ()
    each_way = path.query.replace(f"<{skos}>+ ?b", f"<{skos}> ?m . ?m <{skos}> ?b")
    naive = Probe(about="each way", query=each_way, answer=(), used=path.used)
    assert Probed(LocalStore(store), [naive]).failed == (naive,)


def test_most_canned_queries_need_nothing_that_engines_get_wrong(layout):
    """Those that do are known: a new one is written otherwise, or listed here."""
    needing = {
        name
        for name, query in load_queries(layout, layout.answers).items()
        for probe in PROBES
        if probe.used.search("\n".join(line for line in query.text.splitlines() if not line.startswith("#")))
    }
    assert needing == NEEDING
