"""Citations over HTTP: the forms there are, and what a page shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from iotkg.citing import Cited
from iotkg_api.contexts import Choice, Reference
from iotkg_api.negotiation import Offer, choose
from iotkg_api.pages import Page

GBT: Final = Offer("text/plain", "text/plain", ("gbt7714", "txt"))
BIBTEX: Final = Offer("application/x-bibtex", "application/x-bibtex", ("bibtex", "bib"))
CSL: Final = Offer(
    "application/vnd.citationstyles.csl+json", "application/vnd.citationstyles.csl+json", ("csl", "json")
)
OFFERS: Final = (GBT, BIBTEX, CSL)


def shown(page: Page, citation: Cited, href: str, cite: str, given: Mapping[str, str]) -> Reference:
    """Give what a page shows; ``cite`` is the path that answers the forms, with the parameters ``given``."""
    return Reference(
        href=href,
        iri=citation.iri,
        release=citation.release,
        result=citation.marks.get("result", ""),
        gbt7714=citation.gbt7714(),
        bibtex=citation.bibtex(),
        formats=tuple(
            Choice(label=label, href=page.url(cite, **given, format=name), type=offer.media_type)
            for label, name, offer in (
                ("GB/T 7714", "gbt7714", GBT),
                ("BibTeX", "bibtex", BIBTEX),
                ("CSL-JSON", "csl", CSL),
            )
        ),
    )


def respond(
    request: Request,
    citation: Cited,
    offers: tuple[Offer, ...],
    format_: str | None,
    headers: Mapping[str, str],
) -> Response | None:
    """Answer a citation in the form asked for, with today as the day of access; None for a form there is none of."""
    wanted = choose(offers, request.headers.getlist("accept") if len(offers) > 1 else (), format_)
    if not wanted:
        return None
    write = {GBT: citation.gbt7714, BIBTEX: citation.bibtex, CSL: citation.csl}
    day = datetime.now(UTC).date().isoformat()
    sent = {**headers, "Content-Type": f"{wanted[0].media_type}; charset=utf-8", "Cache-Control": "no-store"}
    return Response(write[wanted[0]](day), headers=sent)
