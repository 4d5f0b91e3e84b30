"""Whether a store can be trusted with our own queries is found out by asking it."""

import re

import pytest
from pyoxigraph import Store

from iotkg.errors import RemoteError
from iotkg.probing import PROBES, Probe, Probed
from iotkg.store import LocalStore, Source, Table

PLAIN = "SELECT ?x WHERE { ?x ?y ?z }"


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
    assert probed.select(PLAIN).rows == ()
    assert list(probed.solutions(PLAIN)) == []


@pytest.mark.parametrize("fault", ["wrong", "broken"])
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.about)
def test_a_store_that_gets_one_wrong_is_asked_nothing(probe, fault):
    """Nor is one that cannot answer it; what it gets wrong is said."""
    store = Wrong(**{fault: (probe.query,)})
    probed = Probed(store)
    store.asked.clear()
    assert probed.failed == (probe,)
    for ask in (probed.select, probed.solutions):
        with pytest.raises(RemoteError, match=re.escape(probe.about)):
            ask(PLAIN)
    assert store.asked == []


def test_a_store_that_cannot_read_our_own_query_is_at_fault():
    """A compiler's internal error comes as a syntax error: it is no fault of who asks for the page."""
    probed = Probed(Wrong())
    for ask in (probed.select, probed.solutions):
        with pytest.raises(RemoteError, match="cannot read one of this service's own"):
            ask("SELECT nothing")


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
    naive = Probe(about="each way", query=each_way, answer=())
    assert Probed(LocalStore(store), [naive]).failed == (naive,)
