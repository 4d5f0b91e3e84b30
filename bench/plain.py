"""The service one would write first: FastAPI over a pyoxigraph store. `python -m bench.plain DATA.nq PORT`."""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response
from pyoxigraph import QueryResultsFormat, RdfFormat, Store

app = FastAPI()
store = Store()


@app.get("/sparql")
def sparql(query: str) -> Response:
    """Answer a SELECT or an ASK."""
    found = store.query(query)
    return Response(
        found.serialize(format=QueryResultsFormat.JSON), media_type="application/sparql-results+json"
    )


if __name__ == "__main__":
    store.bulk_load(path=Path(sys.argv[1]), format=RdfFormat.N_QUADS)
    uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="error")
