"""Help for tests with a real browser: a page, and all that goes wrong while it is looked at."""

from contextlib import contextmanager


@contextmanager
def opened(browser, server, path, **options):
    """Open a page in a profile of its own; in the end nothing was complained of, and nothing asked of other sites.

    ``options`` are those of Playwright's contexts, such as ``java_script_enabled=False``. That a page which there is
    none of is answered by 404 is no complaint.
    """
    told, pages = [], []
    context = browser.new_context(**options)
    context.on("console", lambda message: told.append((message.location["url"], message.text)))
    context.on("weberror", lambda error: told.append(("", str(error.error))))
    context.on("request", lambda request: pages.append(request.url))
    try:
        tab = context.new_page()
        answer = tab.goto(f"{server.url}{path}", wait_until="load")
        yield tab
    finally:
        context.close()
    missed = (answer.url, "404 (Not Found)")
    assert [(url, text) for url, text in told if not (url == missed[0] and missed[1] in text)] == []
    assert [url for url in pages if not url.startswith((f"{server.url}/", "data:"))] == []
