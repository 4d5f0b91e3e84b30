"""The same questions to any SPARQL 1.1 endpoint, through SPARQLWrapper."""

from __future__ import annotations

from collections import deque
from http.client import HTTPException
from io import BytesIO
from urllib.error import URLError

from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, parse_query_results

from iotkg.errors import EngineError, InputError
from iotkg.store import Solutions, Source

_TIMEOUT_S = 60
_LONG_QUERY = 2000
"""Characters above which a query is sent by POST: proxies refuse long addresses."""


class RemoteStore(Source):
    """A SPARQL endpoint by its address.

    Raises: InputError when the address is not one of the web.
    """

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise InputError(f"{url!r} is no address of an endpoint; it begins with http:// or https://")
        self._url = url

    def solutions(self, query: str) -> Solutions:
        """Answer a SELECT or an ASK; see ``iotkg.store.Source``."""
        from SPARQLWrapper import JSON, POST, SPARQLWrapper  # noqa: PLC0415 - brings rdflib, only where it is used
        from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, SPARQLWrapperException  # noqa: PLC0415

        wrapper = SPARQLWrapper(self._url, agent="iotkg")
        wrapper.setTimeout(_TIMEOUT_S)
        wrapper.setReturnFormat(JSON)
        wrapper.setOnlyConneg(True)
        if len(query) > _LONG_QUERY:
            wrapper.setMethod(POST)
        wrapper.setQuery(query)
        if wrapper.queryType not in {"SELECT", "ASK"}:
            raise InputError("the query gives a graph; ask a SELECT or an ASK")
        try:
            answer = wrapper.query()
            body = answer.response.read()
            for whole in (
                False,
                True,
            ):  # to the end first, for what is broken there must not be found half-way
                found = parse_query_results(BytesIO(body), format=QueryResultsFormat.JSON)
                if isinstance(found, QuerySolutions) and not whole:
                    deque(found, maxlen=0)
        except QueryBadFormed as error:
            raise InputError(f"{self._url} cannot parse the query: {error}") from error
        except (SPARQLWrapperException, URLError, OSError, HTTPException) as error:
            raise EngineError(f"{self._url} does not answer: {error}") from error
        except (SyntaxError, ValueError) as error:
            raise EngineError(f"{self._url} answers with what is no SPARQL result: {error}") from error
        if isinstance(found, QuerySolutions | QueryBoolean):
            return found
        raise EngineError(f"{self._url} answers with what is no table")
