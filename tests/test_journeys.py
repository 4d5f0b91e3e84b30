"""What readers come for, from the first page on: with a mouse, without scripts, and by keyboard alone.

Each journey is made in both languages. No page on the way complains of anything or asks another
site (``opened``); by keyboard, whatever has the focus shows it and stands in the window. Pictures are left in
build/screenshots.
"""

import csv
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from browsing import opened
from iotkg.vocab import ID

PICTURES = Path(__file__).parents[1] / "build" / "screenshots"
PREFIXES = "PREFIX iotkg: <https://w3id.org/iotkg/ontology#> PREFIX place: <https://w3id.org/iotkg/id/place/>"
PLANS = ("iot-2013_standards", "iot-2013_application")
STOPS = 120
"""How often Tab may be pressed from the beginning of a page, or of its content, to where one wants to go."""
FOCUSED = """
wanted => {
  const it = document.activeElement, shown = it.matches(".CodeMirror textarea") ? it.closest(".CodeMirror") : it;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown), box = shown.getBoundingClientRect();
  const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return [it === wanted, outlined && inside, it.outerHTML.slice(0, 120)];
}
"""
"""Whether what has the focus is the one wanted, and whether one sees where the focus is."""

pytestmark = pytest.mark.browser


class Hands:
    """A reader with a mouse."""

    def __init__(self, tab, lang):
        self.tab, self.lang = tab, lang

    def say(self, english, chinese):
        """Choose the words of the page's language."""
        return chinese if self.lang == "zh" else english

    def press(self, target):
        """Follow a link or press a button."""
        target.click()

    def write(self, field, words):
        """Write into a field, in place of what stands there."""
        field.fill(words)

    def choose(self, field, value):
        """Choose of a list."""
        field.select_option(value)


class Keys(Hands):
    """A reader with a keyboard alone."""

    def reach(self, target):
        """Press Tab until something has the focus; what is in the content is reached past the links above it."""
        wanted = target.element_handle()
        if wanted.evaluate("it => it.closest('main') && !document.activeElement.closest('main')"):
            self.tab.keyboard.press("Tab")
            self.tab.keyboard.press("Enter")  # the first link skips to the content
        for _ in range(STOPS):
            self.tab.keyboard.press("Tab")
            there, visible, what = self.tab.evaluate(FOCUSED, wanted)
            assert visible, what
            if there:
                return
        pytest.fail(f"{target} is not reached")

    def press(self, target):
        """Follow a link or press a button."""
        self.reach(target)
        self.tab.keyboard.press("Enter")

    def write(self, field, words):
        """Write into a field, in place of what stands there."""
        self.reach(field)
        self.tab.keyboard.press("Control+A")
        self.tab.keyboard.insert_text(words)

    def choose(self, field, value):
        """Choose of a list."""
        self.reach(field)
        for _ in range(field.locator("option").count()):
            if field.input_value() == value:
                return
            self.tab.keyboard.press("ArrowDown")
        assert field.input_value() == value


WAYS = {"mouse": (Hands, {}), "no-scripts": (Hands, {"java_script_enabled": False}), "keyboard": (Keys, {})}


@pytest.fixture(
    params=[(way, lang) for way in WAYS for lang in ("en", "zh")],
    ids="-".join,
)
def reader(request, served, browser):
    """Put a reader in front of the first page; in the end a picture is taken of where they are."""
    way, lang = request.param
    hands, options = WAYS[way]
    with opened(
        browser, served, f"/?lang={lang}", locale={"en": "en-GB", "zh": "zh-CN"}[lang], **options
    ) as tab:
        yield hands(tab, lang)
        PICTURES.mkdir(parents=True, exist_ok=True)
        name = request.function.__name__.removeprefix("test_")
        tab.screenshot(path=PICTURES / f"{name}-{way}-{lang}.png")


@contextmanager
def turned(reader):
    """Expect another page."""
    before = reader.tab.url.partition("#")[0]
    yield
    reader.tab.wait_for_url(lambda url: url.partition("#")[0] != before)
    reader.tab.wait_for_load_state()


def in_content(reader, selector, **options):
    return reader.tab.locator("main").locator(selector, **options).first


def highlighted(reader, words):
    """Check that words of the text are marked, and in the window."""
    mark = reader.tab.locator("mark.here").first
    assert mark.inner_text() == words
    box = mark.bounding_box()
    assert 0 <= box["y"] <= reader.tab.viewport_size["height"] - box["height"]
    assert mark.evaluate("it => getComputedStyle(it).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_from_the_first_page_to_the_words_that_name_the_leader(reader):
    """Through the plan, and again through the question that is asked of all plans."""
    home = reader.tab.url
    plan = reader.say("Special action plan on standards development", "标准制定专项行动计划")
    with turned(reader):
        reader.press(in_content(reader, "a", has_text=plan))
    with turned(reader):
        reader.press(in_content(reader, "blockquote a", has_text="国家标准委牵头"))
    highlighted(reader, "国家标准委牵头")

    reader.tab.goto(home)
    question = reader.say("What does the text itself say about who is responsible", "原文自身写明了哪些主体")
    with turned(reader):
        reader.press(in_content(reader, "a[href*='responsibilities-as-stated']"))
    assert question in reader.tab.title()
    reader.choose(in_content(reader, "select[name=plan]"), "iot-2013_standards")
    with turned(reader):
        reader.press(in_content(reader, "form.params button"))
    with turned(reader):
        reader.press(in_content(reader, "td a", has_text="国家标准委牵头"))
    highlighted(reader, "国家标准委牵头")


def test_which_tasks_concern_wuxi_as_csv(reader, store):
    """What is downloaded is what the graph says, in more than one plan."""
    with turned(reader):
        reader.press(in_content(reader, "a[href*='/queries/where-wuxi-stands']"))
    with reader.tab.expect_download() as download:
        reader.press(in_content(reader, ".downloads a", has_text="CSV").locator("xpath=../a[.='CSV']"))
    rows = list(
        csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8").splitlines(keepends=True))
    )
    told = {(row["unit"], row["quote"]) for row in rows if row["unit"].startswith(f"{ID}task/")}
    asked = "?words iotkg:identifies place:wuxi-zone ; iotkg:standsIn ?task ; iotkg:exactQuote ?q . ?task a iotkg:Task"
    known = {
        (row["task"].value, row["q"].value)
        for row in store.query(f"{PREFIXES} SELECT ?task ?q WHERE {{ {asked} }}")
    }
    assert told == known
    assert len({row["plan"] for row in rows if row["unit"].startswith(f"{ID}task/")}) > 3


def test_the_sectors_of_two_plans_beside_each_other(reader, store):
    with turned(reader):
        reader.press(in_content(reader, ".cards a[href*='/compare']"))
    for number, plan in enumerate(PLANS):
        reader.choose(reader.tab.locator("main form").first.locator("select").nth(number), plan)
    with turned(reader):
        reader.press(in_content(reader, "form button"))
    table = reader.tab.locator("table.sides").first
    assert reader.say("Sectors", "领域") in table.locator("caption").inner_text()
    for side, plan in enumerate(PLANS):
        rows = table.locator("tbody tr").filter(has=reader.tab.locator(f"td:nth-of-type({side + 1}) a"))
        asked = (
            f"?unit iotkg:inPlan <{ID}plan/{plan}> . ?words iotkg:standsIn ?unit ; iotkg:identifies ?sector"
        )
        known = store.query(f"{PREFIXES} SELECT DISTINCT ?sector {{ {asked} . ?sector a iotkg:Sector }}")
        assert things(rows.locator("th a")) == {row["sector"].value.rpartition("/")[2] for row in known}
    assert things(table.locator("tr.shared th a")) >= {"transport"}


@pytest.mark.parametrize(
    ("words", "thing", "passage"),
    [
        ("无锡", "place/wuxi-zone", "无锡"),
        ("标准", "instrument/standards", "标准"),
        ("smart grid", "sector/smart-grid", "智能电网"),
        ("863", "programme/national-863-programme", "863"),
    ],
)
def test_search_lands_on_the_thing_and_on_its_words(reader, words, thing, passage):
    with turned(reader):
        reader.write(reader.tab.locator("main input[type=search]"), words)
        reader.tab.keyboard.press("Enter")
    first = in_content(reader, ".hit h3 a")
    with turned(reader):
        reader.press(first)
    assert urlsplit(reader.tab.url).path == f"/doc/{thing}"
    with turned(reader):
        reader.press(in_content(reader, "a[href*='char=']", has_text=passage))
    assert passage in reader.tab.locator("mark.here").first.inner_text()


def test_a_query_is_run_and_shared(reader, browser, served):
    """Whoever opens the address sees the same query and the same rows."""
    with turned(reader):
        reader.press(in_content(reader, ".cards a[href*='/sparql']"))
    query = f"{PREFIXES}\nSELECT ?sector WHERE {{ ?sector a iotkg:Sector }} ORDER BY ?sector LIMIT 7"
    editor = reader.tab.locator("#editor textarea, form.editor textarea").locator("visible=true").first
    link = None
    if reader.tab.locator(".CodeMirror").count():
        write_in_editor(reader, query)
        link = link_to_share(reader)
        button = ".yasqe_queryButton"
    else:
        reader.write(editor, query)
        button = "form.editor button"
    with turned(reader):
        reader.press(reader.tab.locator(button))
    rows = shown_rows(reader.tab)
    assert len(rows) == 7
    assert link in {None, reader.tab.url}
    assert parse_qs(urlsplit(reader.tab.url).query)["query"][0].splitlines() == query.splitlines()
    shared = reader.tab.url.removeprefix(served.url)
    for scripts in (True, False):
        with opened(browser, served, shared, java_script_enabled=scripts) as other:
            assert other.locator("textarea[name=query]").input_value() == query
            assert shown_rows(other) == rows


def write_in_editor(reader, query):
    if isinstance(reader, Keys):
        reader.reach(reader.tab.locator(".CodeMirror textarea"))
    else:
        reader.tab.locator(".CodeMirror").click()
    reader.tab.keyboard.press("Control+A")
    reader.tab.keyboard.insert_text(query)


def link_to_share(reader):
    """Read the link that the share button gives; Escape leads back to the button."""
    share, popup = reader.tab.locator(".yasqe_share"), reader.tab.locator(".yasqe_sharePopup")
    reader.press(share)
    link = popup.locator("input").first.input_value()
    reader.tab.keyboard.press("Escape")
    assert popup.count() == 0
    assert share.evaluate("it => it === document.activeElement")
    return link


def shown_rows(tab):
    """Read the links of a result, by the editor's table or the page's own."""
    cells = tab.locator("#results .iri, #drawn td a")
    cells.first.wait_for()
    return things(cells)


def things(links):
    """Name the things that links lead to."""
    return {urlsplit(link.get_attribute("href")).path.rpartition("/")[2] for link in links.all()}
