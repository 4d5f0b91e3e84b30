"""The reader: every character of the text, every anchor at its offsets, and ways in and out."""

import gzip
import re
from html.parser import HTMLParser

import httpx
import pytest
from pyoxigraph import DefaultGraph, Literal, Quad, Store

from browsing import opened
from iotkg.catalogue import Catalogue
from iotkg.coverage import coverages
from iotkg.errors import InvalidParameter
from iotkg.highlights import KINDS
from iotkg.reading import read_book, span_of
from iotkg.store import LocalStore
from iotkg.vocab import ID, IOTKG
from iotkg_api import choices, pages, reader
from iotkg_api.wording import WORDING
from test_pages import Site, checked

PLANS = (
    *("top-level", "standards", "technology-rd", "application", "industry"),
    *("business-models", "security", "government-support", "legislation", "talent"),
)
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
SPAN = re.compile(r"char=(\d+),(\d+)\Z")


class Words(HTMLParser):
    """The words of the text on a page, and what stands around which of them.

    ``spans`` gives, for each span that an element tells, the parts of the words inside such elements; ``classes``
    the classes of those elements.
    """

    def __init__(self, html, start=0):
        super().__init__()
        self.text, self.links, self.spans, self.classes, self.ids = "", [], {}, {}, set()
        self._start, self._open = start, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Open an element."""
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        if tag not in VOID:
            self._open.append((tag, attributes, len(self.text)))

    def handle_endtag(self, tag):
        """Close an element; note which words it holds."""
        name, attributes, begin = self._open.pop()
        assert name == tag
        told = SPAN.match(attributes.get("id", "")) or SPAN.match(f"char={attributes.get('data-char', '')}")
        if told:
            span = (int(told[1]), int(told[2]))
            part = (self._start + begin, self._start + len(self.text))
            self.spans.setdefault(span, []).append(part)
            self.classes.setdefault(span, set()).update(attributes.get("class", "").split())
        if tag == "a" and any("t" in of.get("class", "").split() for _, of, _ in self._open):
            self.links.append((self.text[begin:], attributes))

    def handle_data(self, data):
        """Keep what is the text's."""
        if any("t" in attributes.get("class", "").split() for _, attributes, _ in self._open):
            self.text += data


@pytest.fixture(scope="module")
def site(store):
    made = Site(store)
    made.app.router.routes.extend(reader.router.routes)
    return made


@pytest.fixture(scope="module")
def text(layout):
    return (layout.root / "data" / "iot-2013" / "source.txt").read_bytes().decode()


@pytest.fixture(scope="module")
def bounds(site):
    """Where each page begins and ends; the front matter's has no slug."""
    book = read_book(site.catalogue, "iot-2013")
    return {"": (0, book.plans[0].start)} | {
        book.slug(plan): (plan.start, book.until(plan)) for plan in book.plans
    }


def path_of(slug):
    return f"/source/iot-2013/{slug}" if slug else "/source/iot-2013"


def spans_of(catalogue, pattern):
    """Give the spans of the anchors that fit a pattern."""
    rows = catalogue.names.rows(
        "SELECT DISTINCT ?start ?end WHERE "
        f"{{ {pattern} . ?anchor iotkg:startOffset ?start ; iotkg:endOffset ?end }}"
    )
    return {(int(row["start"].value), int(row["end"].value)) for row in rows}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("slug", ["", *PLANS])
def test_a_page_without_tags_is_the_text(site, text, bounds, slug, language):
    start, end = bounds[slug]
    for query in ("", "?show=all", "?show=none&uncovered=1"):
        words = Words(checked(site.get(path_of(slug) + query, language), language))
        assert words.text == text[start:end]
    assert set(bounds) == {"", *PLANS}
    assert sorted(span[0] for span in bounds.values())[1:] == sorted(span[1] for span in bounds.values())[:-1]


def test_every_anchor_is_marked_at_exactly_its_offsets(site, text, bounds):
    """Each anchor has an element with its id, and the words inside are those of the anchor."""
    found = set()
    for slug, (start, _) in bounds.items():
        words = Words(site.get(f"{path_of(slug)}?show=all", "en").text, start)
        for span, parts in words.spans.items():
            assert f"char={span[0]},{span[1]}" in words.ids
            if span == (0, len(text)):  # the document: this page begins it
                continue
            covered = sorted({at for left, right in parts for at in range(left, right)})
            first, behind = covered[0], covered[-1] + 1
            assert covered == list(range(first, behind))
            assert (first, text[first:behind].rstrip()) == (span[0], text[slice(*span)].rstrip()), span
            if words.classes[span] & set(KINDS):
                assert behind == span[1]
        found |= set(words.spans)
    assert found == spans_of(site.catalogue, "?anchor a iotkg:EvidenceAnchor")


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("responsibility", "?thing iotkg:hasEvidence ?anchor ; a iotkg:Responsibility"),
        ("deadline", "?thing iotkg:hasEvidence ?anchor ; a iotkg:Deadline"),
        ("target", "?thing iotkg:hasEvidence ?anchor ; a iotkg:Target"),
        ("funding", "?thing iotkg:hasEvidence ?anchor ; a iotkg:FundingSupport"),
        ("reference", "?thing iotkg:hasEvidence ?anchor ; a iotkg:CrossReference"),
        ("provision", "?thing iotkg:hasEvidence ?anchor ; a iotkg:Provision"),
        ("initiative", "?thing iotkg:hasEvidence ?anchor ; a iotkg:Initiative"),
        ("output", "?thing iotkg:hasEvidence ?anchor ; a iotkg:Deliverable"),
        ("body", "?anchor iotkg:identifies ?thing . ?thing a iotkg:Actor"),
        ("sector", "?anchor iotkg:identifies ?thing . ?thing a iotkg:Sector"),
        ("technology", "?anchor iotkg:identifies ?thing . ?thing a iotkg:Technology"),
        ("place", "?anchor iotkg:identifies ?thing . ?thing a iotkg:Place"),
        ("document", "?anchor iotkg:identifies ?thing . ?thing a iotkg:ExternalDocument"),
    ],
)
def test_words_are_marked_as_what_the_graph_says_they_are(site, bounds, kind, pattern):
    """The kinds of the marks are those of the classes in the graph; nothing inherited is marked."""
    wanted = spans_of(
        site.catalogue, f"{pattern} . FILTER NOT EXISTS {{ ?thing iotkg:inheritedFrom ?origin }}"
    )
    marked = set()
    for slug, (start, _) in bounds.items():
        words = Words(site.get(f"{path_of(slug)}?show=all").text, start)
        marked |= {span for span, names in words.classes.items() if kind in names}
    assert wanted
    assert wanted <= marked
    if kind not in {
        "deadline",
        "initiative",
        "output",
        "place",
        "document",
    }:  # these mark more than one class
        assert wanted == marked


def test_a_word_leads_to_what_it_is_and_says_so(site):
    words = Words(site.get("/source/iot-2013/standards", "en").text)
    actor, rest = (
        next(attributes for said, attributes in words.links if said == wanted)
        for wanted in ("国家标准委", "牵头")
    )

    assert actor["href"] == "/doc/actor/sac"
    assert actor["title"].splitlines() == [
        "Body: Standardization Administration of China",
        "Responsibility: Standardization Administration of China",
    ]
    assert rest["href"] == "/doc/responsibility/iot-2013_standards_sac_lead"
    chinese = Words(site.get("/source/iot-2013/standards", "zh").text)
    title = next(attributes["title"] for said, attributes in chinese.links if said == "国家标准委")
    assert title.splitlines() == ["主体：国家标准委", "责任：国家标准委"]


def test_every_link_in_the_words_leads_somewhere(site):
    known = {f"/doc/{path}" for path in site.catalogue.keys}
    for slug in ("", *PLANS):
        links = Words(site.get(f"{path_of(slug)}?show=all").text).links
        assert len(links) > 10
        assert {attributes["href"] for _, attributes in links} <= known


def test_only_the_kinds_asked_for_lead_anywhere(site):
    html = checked(site.get("/source/iot-2013/standards?show=none&show=sector", "en"), "en")
    links = Words(html).links

    assert links
    assert all(attributes["href"].startswith("/doc/sector/") for _, attributes in links)
    assert re.findall(r'id="show-([a-z]+)" checked', html) == ["sector"]
    assert html == site.get("/source/iot-2013/standards?show=none&show=sector", "en").text
    assert not Words(site.get("/source/iot-2013/standards?show=none").text).links
    listed = Words(site.get("/source/iot-2013/standards?show=sector,body").text).links
    assert {attributes["href"].split("/")[2] for _, attributes in listed} == {"sector", "actor"}


def test_every_kind_has_a_box_a_line_and_a_switch(site):
    """A kind can be told by its pattern too: no two kinds have the same line."""
    css = site.get("/static/reader.css").text
    html = site.get("/source/iot-2013/standards").text
    lines = [re.search(rf"^\.{kind} {{ --line-of: (.+) }}$", css, re.MULTILINE)[1] for kind in KINDS]

    assert len(set(lines)) == len(KINDS)
    for kind in KINDS:
        assert f'id="show-{kind}"' in html
        assert f".reader:has(#show-{kind}:not(:checked)) .t .{kind} {{ --line-of: none; }}" in css
    assert sorted(kind for kinds in choices.GROUPS.values() for kind in kinds) == sorted(KINDS)
    assert set(KINDS) > choices.DEFAULT


@pytest.mark.parametrize(("words", "slug"), [((3883, 3890), "standards"), ((7096, 7120), "technology-rd")])
def test_offsets_find_their_page(site, words, slug):
    start, end = words
    response = site.get(f"/source/iot-2013?char={start},{end}&lang=zh")

    assert response.status_code == 303
    assert response.headers["Location"] == (
        f"/source/iot-2013/{slug}?char={start},{end}&lang=zh#char={start},{end}"
    )
    html = checked(site.get(response.headers["Location"].partition("#")[0]), "zh")
    assert f'id="char={start},{end}"' in html
    wrong = site.get(f"/source/iot-2013/talent?char={start},{end}&lang=zh")
    assert wrong.headers["Location"] == response.headers["Location"]


def test_any_words_can_be_marked(site, bounds):
    """Those that are no anchor, those across two sentences or two plans, those of the front matter."""
    for slug, span in (("standards", (3900, 3911)), ("standards", (4000, 4150)), ("", (26, 40))):
        start = bounds[slug][0]
        words = Words(checked(site.get(f"{path_of(slug)}?char={span[0]},{span[1]}", "en"), "en"), start)
        assert {at for left, right in words.spans[span] for at in range(left, right)} == set(range(*span))
        assert "here" in words.classes[span]
        assert f"char={span[0]},{span[1]}" in words.ids
    for slug, part in (("top-level", (2480, 2493)), ("standards", (2493, 2500))):
        words = Words(checked(site.get(f"{path_of(slug)}?char=2480,2500", "en"), "en"), bounds[slug][0])
        assert {at for left, right in words.spans[2480, 2500] for at in range(left, right)} == set(
            range(*part)
        )
    assert (
        site.get("/source/iot-2013?char=2480,2500")
        .headers["Location"]
        .startswith("/source/iot-2013/top-level?")
    )


def test_a_whole_unit_is_reached_and_not_painted(site):
    html = checked(site.get("/source/iot-2013/standards?char=3023,3100", "en"), "en")

    assert '<section class="unit task" id="char=3023,3100">' in html
    assert "<mark" not in html
    assert "/doc/anchor/iot-2013_3023-3100" in html


@pytest.mark.parametrize(
    "asked",
    [
        "",
        ",",
        "9,5",
        "5,5",
        "0,25861",
        "-1,5",
        "1;2",
        "a,b",
        "1,2,3",
        "99999999999,3",
        "٣,٤",
        "<script>",
        "1,%00",
    ],
)
@pytest.mark.parametrize("path", ["/source/iot-2013", "/source/iot-2013/standards", "/source/iot-2013.txt"])
def test_offsets_that_hold_no_words_are_refused(site, path, asked):
    response = site.get(f"{path}?char={asked}", Accept="application/json, text/plain, text/html;q=0.1")

    assert response.status_code == 422
    assert response.json()["detail"].startswith("char: ")
    checked(site.get(f"{path.removesuffix('.txt')}?char={asked}", "en"), "en", 422)


def test_either_end_may_be_left_out():
    assert span_of(",5", 10) == (0, 5)
    assert span_of("5,", 10) == (5, 10)
    with pytest.raises(InvalidParameter, match="10 characters"):
        span_of("10,", 10)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("show=sectors", "show: 'sectors' is no kind of mark"),
        ("show=sector,%3Cscript%3E", "show: '<script>'"),
        ("uncovered=yes", "uncovered: 'yes'"),
        ("char=1,2&char=3,4", "char stands more than once"),
    ],
)
def test_what_cannot_be_shown_is_named(site, query, said):
    for path in ("/source/iot-2013", "/source/iot-2013/talent"):
        response = site.get(f"{path}?{query}", Accept="application/json")
        assert response.status_code == 422
        assert said in response.json()["detail"]
        assert "<script>" not in checked(site.get(f"{path}?{query}", "en"), "en", 422)


def test_the_bytes_are_the_file(site, layout, text):
    file = (layout.root / "data" / "iot-2013" / "source.txt").read_bytes()
    for response in (
        site.get("/source/iot-2013.txt"),
        site.get("/source/iot-2013", Accept="text/plain, text/html;q=0.5"),
        site.get("/source/iot-2013?format=txt"),
    ):
        assert response.content == file
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert site.get("/source/iot-2013.txt?char=3883,3890").text == "国家标准委牵头" == text[3883:3890]


def test_a_type_there_is_none_of_is_refused(site):
    assert site.get("/source/iot-2013", Accept="image/png").status_code == 406


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/source/iot-2031", "plan-set/iot-2013"),
        ("/source/iot-2031/standards", "plan-set/iot-2013"),
        ("/source/iot-2013/standrads", "plan/iot-2013_standards"),
        ("/source/iot-2013/x", "plan/iot-2013_talent"),
        ("/source/iot-2013/%3Cscript%3E", "plan/iot-2013_"),
    ],
)
def test_what_there_is_not_is_answered_with_what_is_near(site, path, near):
    html = checked(site.get(path, "zh"), "zh", 404)
    assert f"/doc/{near}" in html
    assert "<script>" not in html
    response = site.get(path, Accept="application/json")
    assert response.status_code == 404
    assert [iri for iri in response.json()["near"] if iri.startswith(f"{ID}{near}")]


def test_the_only_text_is_where_the_texts_are(site):
    response = site.get("/source?lang=zh")
    assert (response.status_code, response.headers["Location"]) == (303, "/source/iot-2013?lang=zh")


def test_every_unit_leads_to_its_page_and_back(site):
    book = read_book(site.catalogue, "iot-2013")
    for plan in book.plans:
        html = site.get(path_of(book.slug(plan))).text
        for unit in (plan, *book.outline.within(plan)):
            assert f'href="/doc/{unit.term.iri.value.removeprefix(ID)}"' in html
            assert f'id="char={unit.start},{unit.end}"' in html
    for path, span in (
        ("task/iot-2013_standards_2", "3023,3100"),
        ("plan/iot-2013_standards", "2493,4489"),
        ("anchor/iot-2013_3883-3890", "3883,3890"),
    ):
        html = checked(site.get(f"/doc/{path}", "en"), "en")
        assert f'<a href="/source/iot-2013?char={span}#char={span}">Read in the text</a>' in html


def test_every_quote_on_a_page_leads_to_its_words(site):
    for path in (
        "task/iot-2013_standards_2",
        "actor/sac",
        "place/wuxi-zone",
        "section/iot-2013_standards_goal",
    ):
        html = site.get(f"/doc/{path}", "en").text
        quotes = re.findall(r'<blockquote lang="zh"><a href="([^"]+)"', html)
        quotes += re.findall(r'<a class="source" lang="zh" href="([^"]+)"', html)
        assert quotes
        for href in quotes:
            span = re.fullmatch(r"/source/iot-2013\?char=(\d+,\d+)#char=\1", href)
            assert span, href
            assert site.get(href.partition("#")[0]).status_code == 303


def test_without_a_reader_quotes_lead_to_their_anchors(store):
    html = Site(store).get("/doc/task/iot-2013_standards_2", "en").text
    assert '<a href="/doc/anchor/iot-2013_3883-3890"><span class="around">' in html
    assert "Read in the text" not in html


def test_english_stands_beside_the_words_and_is_told_to_be_ours(site):
    for language, on in (("en", True), ("zh", False)):
        html = checked(site.get("/source/iot-2013/standards", language), language)
        assert "the Standardization Administration of China is to take the lead" in html
        assert ">Accelerate the development of basic and common standards</p>" in html
        assert WORDING["reader-english"][language == "zh"] in html
        assert ('id="show-english" checked' in html) is on
    assert 'id="show-english" checked' in site.get("/source/iot-2013/standards?show=english", "zh").text
    assert 'id="show-english" checked' not in site.get("/source/iot-2013/standards?show=sector", "en").text


@pytest.mark.parametrize("slug", PLANS)
def test_every_clause_of_a_plan_has_its_english_beside_it(site, slug):
    html = site.get(path_of(slug), "en").text
    clauses = site.catalogue.names.rows(
        "SELECT ?clause WHERE { ?clause a iotkg:Provision ; iotkg:statedIn ?unit ."
        f" ?unit iotkg:partOf <{ID}plan/iot-2013_{slug}> }}"
    )
    beside = re.findall(r'<li><a href="/doc/([^"]+)">', html)
    wanted = [row["clause"].value.removeprefix(ID) for row in clauses]
    assert wanted
    assert set(wanted) <= set(beside)
    assert len(set(beside)) == len(beside)


def test_missing_tables_are_shown_where_they_should_stand(site):
    for language, number in (("en", 0), ("zh", 1)):
        for slug in PLANS:
            html = site.get(path_of(slug), language).text
            (before,) = re.findall(
                r"具体分工与进度如下表所示：(.*?)<p class=\"missing-table\">", html, re.DOTALL
            )
            assert "<section" not in before
            assert WORDING["reader-missing"][number] in html
            assert f"/doc/table/iot-2013_{slug}_table" in html


def test_every_sentence_says_what_rests_on_it(site):
    (coverage,) = coverages(site.catalogue)
    tallies = 0
    for slug in PLANS:
        html = checked(site.get(f"{path_of(slug)}?uncovered=1", "en"), "en")
        assert 'class="pair bare"' not in html
        (own,) = {count for plan, count in coverage.plans if plan.term.iri.value.endswith(f"_{slug}")}
        said = f"{own.supported} of {own.sentences} sentences supported"
        assert html.count(said) >= 1
        assert html.count('<p class="rests">') >= own.sentences
        tallies += own.sentences
    assert tallies == coverage.total.sentences
    page = site.get("/source/iot-2013?uncovered=1", "zh").text
    assert page.count("句有据</span>") == len(PLANS)


def test_uncovered_sentences_are_those_of_coverage(store):
    """Take the evidence of two sentences away: they, and no others, are shown as bare, and counted."""
    bare = {(3883, 3962), (4095, 4166)}
    rows = Catalogue(LocalStore(store)).names.rows(
        "SELECT ?anchor ?start ?end WHERE { ?anchor iotkg:startOffset ?start ; iotkg:endOffset ?end }"
    )
    taken = {
        row["anchor"]
        for row in rows
        if any(int(row["start"].value) < end and start < int(row["end"].value) for start, end in bare)
    }
    poorer = Store()
    poorer.bulk_extend(
        quad
        for quad in store.quads_for_pattern(None, None, None, DefaultGraph())
        if quad.predicate != IOTKG.hasEvidence or quad.object not in taken
    )
    site = Site(poorer)
    site.app.router.routes.extend(reader.router.routes)
    (coverage,) = coverages(Catalogue(LocalStore(poorer)))
    assert coverage.bare

    html = checked(site.get("/source/iot-2013/standards?uncovered=1&show=none", "en"), "en")
    shown = re.findall(
        r'<div class="pair bare">.*?<span class="t" lang="zh">(.*?)</span></p>', html, re.DOTALL
    )
    assert [re.sub("<[^>]+>", "", words).strip() for words in shown] == [
        sentence.text for sentence in coverage.bare
    ]
    assert html.count(WORDING["reader-bare"][0]) == len(coverage.bare)
    assert f"{24 - len(coverage.bare)} of 24 sentences supported" in html
    assert 'class="pair bare"' not in site.get("/source/iot-2013/standards?show=none").text


def test_a_page_asks_the_store_little_and_once(store, monkeypatch):
    site = Site(store)
    site.app.router.routes.extend(reader.router.routes)
    asked = []
    select = LocalStore.select

    def counted(self, query):
        asked.append(query)
        return select(self, query)

    monkeypatch.setattr(LocalStore, "select", counted)
    assert site.get("/source/iot-2013/application").status_code == 200
    assert len(asked) <= 12
    asked.clear()
    for slug in ("", *PLANS):
        assert site.get(f"{path_of(slug)}?show=all&uncovered=1").status_code == 200
    assert asked == []


def test_another_catalogue_is_another_book(store):
    """New data is taken over: a book belongs to the catalogue it was read from."""
    site = Site(store)
    site.app.router.routes.extend(reader.router.routes)
    before = site.get("/source/iot-2013.txt").text
    other = Store()
    content = IOTKG.textContent
    other.bulk_extend(store.quads_for_pattern(None, None, None, DefaultGraph()))
    (quad,) = other.quads_for_pattern(None, content, None)
    other.remove(quad)
    other.add(Quad(quad.subject, content, Literal(before.replace("国家标准委", "国家标准委"[::-1]))))
    site.app.state.catalogue = Catalogue(LocalStore(other))
    assert site.get("/source/iot-2013.txt").text != before


def test_pages_are_small_enough_to_read_on_the_road(site):
    for slug in ("", *PLANS):
        assert len(gzip.compress(site.get(f"{path_of(slug)}?show=all&uncovered=1", "en").content)) < 150_000


def test_openapi_describes_the_reader_with_examples_that_run(served):
    paths = httpx.get(f"{served.url}/openapi.json", timeout=60).json()["paths"]
    assert set(reader.PATHS) <= set(paths)
    for path in reader.PATHS:
        parameters = paths[path]["get"].get("parameters", [])
        address = path.format(**{it["name"]: it["example"] for it in parameters if it["in"] == "path"})
        query = {it["name"]: it["example"] for it in parameters if it["in"] == "query"}
        found = httpx.get(f"{served.url}{address}", params=query, timeout=60)
        assert found.status_code == (200 if parameters else 303)
        if parameters:
            assert f'id="char={query["char"]}"' in found.text


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_a_browser_lands_on_the_words_and_hides_a_kind_at_once(served, browser, width):
    size = {"width": width, "height": 800}
    with opened(browser, served, "/doc/task/iot-2013_standards_2?lang=en", viewport=size) as page:
        page.click("blockquote a:has-text('国家标准委牵头')")
        page.wait_for_url("**/source/iot-2013/standards?char=3883,3890&lang=en#char=3883,3890")
        words = page.locator("[id='char=3883,3890']")
        assert words.inner_text() == "国家标准委牵头"
        box = words.bounding_box()
        assert 0 <= box["y"] <= 800 - box["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        line = "getComputedStyle(document.querySelector('.t .body')).backgroundImage"
        assert "gradient" in page.evaluate(line)
        page.locator("#show-body").evaluate("box => { box.checked = false }")
        assert page.evaluate(line) == "none"


@pytest.mark.browser
def test_without_scripts_english_is_shown_on_demand(served, browser):
    with opened(browser, served, "/source/iot-2013/standards?lang=zh", java_script_enabled=False) as page:
        assert not page.locator(".beside-words .en").first.is_visible()
        page.check("#show-english")
        assert page.locator(".beside-words .en").first.is_visible()
        page.locator("a[href='#standards_s1']").click()
        assert page.url.endswith("#standards_s1")


def test_the_stylesheet_names_no_kind_that_there_is_not():
    css = (pages._HERE / "static" / "reader.css").read_text(encoding="utf-8")
    assert set(re.findall(r"#show-([a-z]+)", css)) == {*KINDS, "english"}
