"""How often a page asks the store: a handful of times, whatever it shows; what all pages share is read once."""

import asyncio

import httpx
import pytest
from starlette.datastructures import State

from iotkg.store import LocalStore, read_manifest
from iotkg_api import application
from iotkg_api.keeping import Cache
from iotkg_api.metrics import Metrics
from iotkg_api.settings import Settings
from test_site import EDITOR, PAGES

HANDFUL = 6
MOST = {
    "explain": 9,  # one for what each rule concludes in each step, and one each for graphs, words, names, the triple
    "question": 1,
    "picture": 1,
    "deadlines": 1,
}
"""Where it is not a handful: more, or a page that is one query's answer and may ask no second."""
SHARED = 60
"""What the service may ask once for all pages: the vocabulary, the outline, what is counted, what questions offer."""


class Site:
    """The whole service over a release, in this process, with nothing kept; and what it asks its store."""

    def __init__(self, dist, monkeypatch):
        self.asked = []
        solutions = LocalStore.solutions

        def counted(store, query):
            self.asked.append(query)
            return solutions(store, query)

        monkeypatch.setattr(LocalStore, "solutions", counted)
        state = State()
        state.settings = Settings(dist=dist)
        state.metrics, state.cache, state.release = Metrics(), Cache(0), read_manifest(dist)
        self.app = application._load(state, state.settings)

    def asks(self, path):
        """Open a page as a browser does; give the queries that took."""

        async def get():
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.get(path, headers={"Accept": "text/html"})

        self.asked.clear()
        answer = asyncio.run(get())
        assert answer.status_code == (404 if path == PAGES["nowhere"] else 200)
        assert answer.headers["content-type"].startswith("text/html")
        return tuple(self.asked)


@pytest.fixture(scope="module")
def site(dist):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Site(dist, monkeypatch)


@pytest.fixture(scope="module")
def first(site):
    """Open a page of each kind for the first time, and give what each asked."""
    return {kind: site.asks(path) for kind, path in PAGES.items()}


@pytest.mark.parametrize("kind", [*PAGES, "editor"])
def test_a_page_asks_a_handful_of_times(site, first, kind):
    asked = site.asks({**PAGES, "editor": EDITOR}[kind])
    assert len(asked) <= MOST.get(kind, HANDFUL), "\n".join(query[-300:] for query in asked)
    assert len(set(asked)) == len(asked)
    if kind in first:
        assert set(asked) <= set(first[kind])


def test_what_pages_share_is_read_once(site, first):
    again = sum(len(site.asks(path)) for path in PAGES.values())
    shared = sum(map(len, first.values())) - again
    assert 0 < shared <= SHARED
