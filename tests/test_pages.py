"""The pages and the data behind them, over HTTP, on the real graph."""

import asyncio
import re
from dataclasses import fields
from html.parser import HTMLParser as Reader
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from html5rdf import HTMLParser
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse

from iotkg import vocab
from iotkg.catalogue import Catalogue
from iotkg.queryfile import parse_query
from iotkg.store import LocalStore
from iotkg.vocab import ID, IOTKG, RDF, SKOS
from iotkg_api import contexts, home, pages, problems, resources, wording
from iotkg_api.edge import Edge
from iotkg_api.keeping import Cache
from iotkg_api.wording import WORDING

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TEMPLATES = Path(pages.__file__).parent / "templates"
RDF_FORMATS = {
    "ttl": ("text/turtle", RdfFormat.TURTLE),
    "jsonld": ("application/ld+json", RdfFormat.JSON_LD),
    "nt": ("application/n-triples", RdfFormat.N_TRIPLES),
    "rdf": ("application/rdf+xml", RdfFormat.RDF_XML),
}
HOSTILE = "</title><script>alert('x')</script><img src=x onerror=\"y\">&amp;\u202e"


class Answers:
    """Canned queries as the service holds them."""

    def __init__(self, *queries):
        self.queries = {query.name: query for query in queries}


class Site:
    """An application with the pages alone, and a client for it."""

    def __init__(self, store, answers=None):
        self.app = FastAPI(docs_url=None, redoc_url=None)
        for router in (home.router, resources.router, pages.router):
            self.app.router.routes.extend(router.routes)
        self.app.add_exception_handler(problems.Problem, problems.on_problem)
        self.app.state.cache = Cache(0)
        self.app.state.source = LocalStore(store)
        self.app.state.catalogue = Catalogue(self.app.state.source)
        self.app.state.release = {"release": "0123456789abcdef" * 4, "files": {}, "graphs": {}}
        self.app.state.answers = answers

    def get(self, path, language=None, **headers):
        """Ask for a path, as a browser does unless the headers say otherwise."""
        sent = {**BROWSER, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if language:
            sent["Accept-Language"] = language

        async def ask():
            transport = httpx.ASGITransport(app=Edge(self.app, self.app.state))
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.get(path, headers=sent)

        return asyncio.run(ask())

    def __getattr__(self, name):
        return getattr(self.app.state, name)


class Elements(Reader):
    """The start tags of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Keep a tag and its attributes."""
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def site(store):
    header = "#+ summary: Which?\n#+ summary-zh: 哪些？\n#+ kind: answer\n#+ topic: structure\n\n"
    text = f"{header}SELECT ?s WHERE {{ ?s ?p ?o }}\n"
    return Site(store, Answers(parse_query(text, name="which", path="which.rq")))


def checked(response, language, status=200):
    """Hold a page to what all pages owe: well formed, its language told, nothing inline, nothing from elsewhere."""
    assert response.status_code == status
    HTMLParser(strict=True).parse(response.text)
    elements = Elements(response.text).tags
    names = {tag for tag, _ in elements}
    assert not names & {"style", "iframe", "object", "embed", "base"}
    for tag, attributes in elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        loaded = attributes.get("src") or (
            attributes.get("href") if tag == "link" else attributes.get("action")
        )
        assert loaded is None or loaded.startswith("/"), (tag, attributes)
        if tag == "script":
            assert attributes["src"].startswith("/static/")
        if tag == "a":
            assert attributes["href"].startswith(("/", "#", "http://", "https://", "?"))
    assert elements[0] == ("html", {"lang": {"en": "en", "zh": "zh-CN"}[language]})
    assert {"Accept", "Accept-Language"} <= set(response.headers["Vary"].split(", "))
    assert response.headers["Content-Language"] == {"en": "en", "zh": "zh-CN"}[language]
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    return response.text


def first_of_each_class(catalogue):
    return {path.partition("/")[0]: path for path in reversed(catalogue.keys)}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_thing_of_every_class_has_a_page(site, language):
    for path in first_of_each_class(site.catalogue).values():
        html = checked(site.get(f"/doc/{path}", language), language)
        assert f"{ID}{path}" in html


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_has_a_page(site, language):
    for path in site.catalogue.keys:
        checked(site.get(f"/doc/{path}", language), language)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", RDF_FORMATS)
def test_everything_has_data(site, suffix):
    """One thing of each class comes in every form; every thing in one of them, turn by turn."""
    turn = list(RDF_FORMATS).index(suffix)
    in_turn = list(site.catalogue.keys)[turn :: len(RDF_FORMATS)]
    for path in {*first_of_each_class(site.catalogue).values(), *in_turn}:
        response = site.get(f"/doc/{path}.{suffix}")
        triples = {quad.triple for quad in parse(response.content, RDF_FORMATS[suffix][1])}
        assert triples == set(site.catalogue.description(NamedNode(f"{ID}{path}")).triples), path


@pytest.mark.slow
def test_every_link_to_a_page_of_ours_leads_somewhere(site):
    """No page of a thing links to a thing that is not there."""
    known = {f"/doc/{path}" for path in site.catalogue.keys}
    for path in first_of_each_class(site.catalogue).values():
        for tag, attributes in Elements(site.get(f"/doc/{path}").text).tags:
            href = attributes.get("href", "")
            if tag == "a" and href.startswith("/doc/"):
                assert href.partition("?")[0].removesuffix("/cite") in known | {
                    f"/doc/{path}.{suffix}" for suffix in resources.FORMATS
                }


def test_a_task_begins_with_its_owner_its_basis_and_its_words(site):
    html = checked(site.get("/doc/task/iot-2013_standards_2", "en"), "en")

    answer = html[html.index('class="answer"') : html.index('class="columns"')]
    assert "Standardization Administration of China" in answer
    assert "<mark>国家标准委牵头</mark>" in answer
    assert "the plan&#39;s safeguard measures" in answer
    assert WORDING["not-for-task"][0] in answer
    assert WORDING["missing-table"][0] in answer
    assert "2015-12-31" in answer
    assert "<mark>到2015 年</mark>" in answer


def test_an_owner_by_the_whole_set_says_so(site):
    html = checked(site.get("/doc/task/iot-2013_security_3", "zh"), "zh")

    answer = html[html.index('class="answer"') : html.index('class="columns"')]
    assert "物联网发展部际联席会议" in answer
    assert "文件集层面" in answer
    assert WORDING["not-for-task"][1] in answer
    assert "/doc/responsibility/iot-2013_iot-joint-conference_organise" in answer


def test_no_owner_stands_without_basis_and_words(site):
    """Each statement on a page has a basis label and at least one quote."""
    for path in (
        "task/iot-2013_application_13",
        "plan/iot-2013_application",
        "actor/miit",
        "plan-set/iot-2013",
    ):
        html = site.get(f"/doc/{path}", "en").text
        cards = re.split(r'<(?:article|div) class="(?:card|claim)', html)[1:]
        assert cards
        for card in cards:
            assert 'class="basis"' in card
            assert "<mark>" in card


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_of_every_kind_stand_beside_their_english(site, language):
    """A statement's own page, and that of the unit it stands in, have the quote and what it says in English."""
    for path, words, english in (
        ("responsibility/iot-2013_standards_sac_lead", "国家标准委牵头", "China is to take the lead"),
        ("task/iot-2013_standards_2", "国家标准委牵头", "China is to take the lead"),
        ("deadline/iot-2013_standards_goal", "到2015 年", ">by 2015<"),
        (
            "target/iot-2013_industry_goal_backbone-enterprises",
            "100 家以上",
            "100 or more backbone enterprises",
        ),
        ("section/iot-2013_industry_goal", "100 家以上", "100 or more backbone enterprises"),
        (
            "xref/iot-2013_application_s2_expert-advisory-committee",
            "作用",
            "give play to the role of the Expert",
        ),
        ("initiative/iot-2013_application_7_smart-grid-pilots", "试点", "implement ten smart grid pilots"),
        ("task/iot-2013_application_7", "试点", "implement ten smart grid pilots"),
        ("deliverable/iot-2013_standards_1_iot-standards-system", "研制", "develop the IoT standards system"),
        ("mention/iot-2013_top-level_4_military", "军队", "IoT application demonstrations of the military"),
    ):
        html = checked(site.get(f"/doc/{path}", language), language)
        assert words in html
        assert english in html, path


def test_a_clause_is_called_by_its_english_and_has_it_once(site):
    """What has a name of its own, or is named by what it connects, keeps that name."""
    clause = site.get("/doc/measure/iot-2013_application_7_building-energy-saving", "en").text
    assert "roll out IoT applications" in clause[clause.index("<h1") : clause.index("</h1>")]
    assert 'class="said' not in clause
    html = site.get("/doc/target/iot-2013_industry_goal_backbone-enterprises", "en").text
    heading = html[html.index("<h1") : html.index("</h1>")]
    assert "or more" not in heading
    assert "100 家以上" in heading


def test_both_languages_tell_the_same_thing(site):
    english = site.get("/doc/plan/iot-2013_standards", "en").text
    chinese = site.get("/doc/plan/iot-2013_standards", "zh").text

    (name,) = site.catalogue.entity(NamedNode(f"{ID}plan/iot-2013_standards")).term.name
    for html in (english, chinese):
        assert all(text.value in html for text in name)
    assert english.count("<article") == chinese.count("<article") > 0
    assert "Contents" not in chinese
    assert "内容" not in english


def test_the_language_is_the_one_asked_for_then_the_accepted_one(site):
    def language(path, accepted=None):
        return site.get(path, accepted).headers["Content-Language"]

    assert language("/") == "en"
    assert language("/", "zh-TW,en;q=0.5") == "zh-CN"
    assert language("/", "fr, zh;q=0.2, en;q=0.7") == "en"
    assert language("/", "zh;q=x, en;q=0") == "en"
    assert language("/?lang=zh", "en") == "zh-CN"
    assert language("/?lang=tlh", "zh") == "zh-CN"


def test_the_switch_keeps_all_other_parameters(site):
    html = site.get("/doc/basis/corpus?page-in=iotkg%3Abasis&offset=3&lang=zh").text

    assert 'href="/doc/basis/corpus?page-in=iotkg%3Abasis&amp;offset=3&amp;lang=en"' in html
    assert 'href="/?lang=zh"' in html  # a language that was asked for stays


def test_home_counts_in_the_graph(site):
    for language, number in (("en", 0), ("zh", 1)):
        html = checked(site.get("/", language), language)
        said = WORDING["honest-owners"][number].format(tasks=110, corpus=88, own=1, other=21)
        assert said in html
        assert html.count('scope="row"') >= 11
        assert '<a href="/queries/which">' in html
        assert "发挥部际联席会议领导决策作用" in html


def test_home_offers_sparql_only_where_it_is_answered(store):
    site = Site(store)
    assert 'href="/sparql"' not in site.get("/").text

    site = Site(store)
    site.app.add_route("/sparql", lambda _request: None)
    html = checked(site.get("/"), "en")
    assert '<li><a href="/sparql">SPARQL</a><p>Any question' in html


def test_id_sends_to_doc(site):
    response = site.get("/id/task/iot-2013_standards_2?lang=zh")

    assert (response.status_code, response.headers["Location"]) == (
        303,
        "/doc/task/iot-2013_standards_2?lang=zh",
    )


@pytest.mark.parametrize("path", ["task/iot-2013_standrds_2", "task/iot-2013_standards_2.ttl"])
def test_id_of_an_unknown_thing_is_not_found_at_once(site, path):
    """A client that follows links is not sent on to an error; near things are named."""
    html = checked(site.get(f"/id/{path}", "en"), "en", 404)
    assert "/doc/task/iot-2013_standards_2" in html

    response = site.get(f"/id/{path}", Accept="text/turtle")
    assert response.status_code == 404
    assert f"{ID}task/iot-2013_standards_2" in response.json()["near"]


@pytest.mark.parametrize("suffix", RDF_FORMATS)
def test_each_format_holds_the_labels_by_suffix_and_by_accept(site, suffix):
    media_type, rdf_format = RDF_FORMATS[suffix]
    by_suffix = site.get(f"/doc/task/iot-2013_standards_2.{suffix}")
    by_accept = site.get("/doc/task/iot-2013_standards_2", Accept=f"{media_type}, text/html;q=0.4")

    assert by_suffix.content == by_accept.content
    assert by_suffix.headers["Content-Type"].startswith(media_type)
    triples = {quad.triple for quad in parse(by_suffix.content, rdf_format)}
    iri = NamedNode(f"{ID}task/iot-2013_standards_2")
    assert Triple(iri, SKOS.prefLabel, Literal("加快研制基础共性标准", language="zh")) in triples
    assert triples == set(site.catalogue.description(iri).triples)


def test_a_client_that_does_not_care_gets_html(site):
    assert site.get("/doc/actor/sac", Accept="*/*").headers["Content-Type"].startswith("text/html")
    assert (
        site.get("/doc/actor/sac.html", Accept="text/turtle").headers["Content-Type"].startswith("text/html")
    )


def test_a_type_there_is_none_of_is_refused(site):
    response = site.get("/doc/actor/sac", Accept="image/png")

    assert response.status_code == 406
    assert "text/turtle" in response.json()["types"]


def test_the_unknown_is_answered_with_what_is_near(site):
    html = checked(site.get("/doc/task/iot-2013_standrds_2", "zh"), "zh", 404)
    assert "/doc/task/iot-2013_standards_2" in html

    response = site.get("/doc/task/iot-2013_standrds_2.ttl", Accept="text/turtle")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert f"{ID}task/iot-2013_standards_2" in response.json()["near"]


@pytest.mark.parametrize(
    "path",
    ["/id/task/a%20b", "/doc/task/a%20b", "/doc/task/%3Cscript%3E", "/doc/task/%7B%7D.ttl", "/doc/x/..%00"],
)
def test_what_can_be_no_iri_is_unknown(site, path):
    checked(site.get(path), "en", 404)


@pytest.mark.parametrize(
    "query", ["page-in=%3Cscript%3E", "page-in=iotkg:basis&offset=-1", "page-in=iotkg:basis&offset=9e9"]
)
def test_a_window_that_makes_no_sense_is_refused(site, query):
    html = checked(site.get(f"/doc/basis/corpus?{query}"), "en", 422)

    assert "<script>" not in html


def test_portions_are_linked(site):
    html = site.get("/doc/basis/corpus").text
    assert 'href="/doc/basis/corpus?page-in=iotkg%3Abasis"' in html

    first = checked(site.get("/doc/basis/corpus?page-in=iotkg:basis"), "en")
    assert 'rel="next"' in first
    last = checked(site.get("/doc/basis/corpus?page-in=iotkg:basis&offset=100"), "en")
    assert 'rel="next"' not in last
    assert 'rel="prev" href="/doc/basis/corpus?page-in=iotkg%3Abasis"' in last


def test_a_page_known_already_is_not_sent_again(site):
    etag = site.get("/doc/actor/sac").headers["ETag"]

    assert site.get("/doc/actor/sac", If_None_Match=etag).status_code == 304
    assert site.get("/doc/actor/sac", "zh", If_None_Match=etag).status_code == 200
    assert site.get("/doc/actor/sac.ttl", If_None_Match=etag).status_code == 200


def test_the_stylesheet_loads_nothing(site):
    response = site.get("/static/app.css")

    assert response.headers["Content-Type"].startswith("text/css")
    assert "url(" not in response.text
    assert "@import" not in response.text
    assert "://" not in response.text
    assert site.get("/static/..%2fpages.py").status_code == 404


def test_hostile_words_stay_words():
    """Markup in labels, quotes, keys and notes is shown and never run."""
    store = Store()
    task, place = NamedNode(f"{ID}task/x_1"), NamedNode(f"{ID}place/x")

    def add(subject, predicate, value):
        store.add(Quad(subject, predicate, value, DefaultGraph()))

    for name in ("Task", "Place"):
        add(IOTKG.Task if name == "Task" else vocab.term("iotkg:Place"), RDF.type, vocab.term("owl:Class"))
    add(IOTKG.Task, SKOS.prefLabel, Literal(HOSTILE, language="en"))
    add(IOTKG.Task, vocab.term("skos:definition"), Literal(HOSTILE, language="en"))
    add(task, RDF.type, IOTKG.Task)
    add(place, RDF.type, vocab.term("iotkg:Place"))
    add(place, SKOS.prefLabel, Literal(HOSTILE, language="en"))
    for subject in (task, place):
        add(subject, SKOS.altLabel, Literal(HOSTILE, language="zh"))
        add(subject, vocab.term("skos:scopeNote"), Literal(HOSTILE))
    add(task, vocab.term("iotkg:targetPlace"), place)
    add(task, vocab.term("iotkg:measureWord"), Literal(HOSTILE))
    add(task, vocab.term("dcterms:source"), NamedNode("javascript:alert(1)"))

    site = Site(store)
    for path in ("/doc/task/x_1", "/doc/place/x"):
        html = checked(site.get(path), "en")
        assert "&lt;script&gt;" in html
        assert "<script" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html
    checked(site.get(f"/doc/task/x_1?x={HOSTILE}"), "en")
    checked(site.get("/"), "en")


def test_a_definition_is_shown_in_the_language_of_the_page(site):
    """On the page of a code or a scheme it stands under the name, on a class it is the tooltip."""
    for path, english, chinese in (
        ("/doc/basis/task-text", "The words stand in the own text", "文字见于该任务的自身文字。"),
        ("/doc/scheme/sector", "The fields of application", "原文点名的应用领域和行业"),
    ):
        assert f'<p class="lede">{english}' in checked(site.get(path), "en")
        assert english not in checked(site.get(f"{path}?lang=zh"), "zh")
        assert f'<p class="lede">{chinese}' in checked(site.get(f"{path}?lang=zh"), "zh")
        assert chinese not in checked(site.get(path), "en")
    task = "/doc/task/iot-2013_standards_2"
    assert 'title="A leaf item of' in checked(site.get(task), "en")
    assert 'title="“三、重点任务”中的末级条目' in checked(site.get(f"{task}?lang=zh"), "zh")


def test_a_withdrawn_iri_is_gone_and_told():
    old = Store()
    iri = NamedNode(f"{ID}actor/old")
    for predicate, value in (
        (RDF.type, vocab.term("iotkg:Actor")),
        (SKOS.prefLabel, Literal("Old body", language="en")),
        (vocab.term("owl:deprecated"), Literal(True)),
        (vocab.term("dcterms:isReplacedBy"), NamedNode(f"{ID}actor/new")),
    ):
        old.add(Quad(iri, predicate, value, DefaultGraph()))

    html = checked(Site(old).get("/doc/actor/old"), "en", 410)
    assert "/doc/actor/new" in html


def test_an_error_page_serves_any_status(site):
    for status in (400, 404, 500, 503):
        site.app.add_route(
            f"/fail/{status}", lambda request, status=status: pages.error_page(request, status, HOSTILE)
        )
        html = checked(site.get(f"/fail/{status}", "zh"), "zh", status)
        assert "<script" not in html


def test_a_page_tells_what_is_inferred_and_why(store):
    """An inferred value looks different and leads to its explanation; a stated one does neither."""
    site = Site(store)
    site.app.router.add_route("/explain", lambda _request: None)
    html = checked(site.get("/doc/initiative/iot-2013_application_10_hospital-management", "en"), "en")
    head = html[html.index('class="glance"') : html.index('class="columns"')]
    explained = (
        "/explain?s=initiative%3Aiot-2013_application_10_hospital-management&amp;p=iotkg%3AeffectiveDeadline"
    )
    assert f'<span class="inferred">31 December 2015</span> <a class="because" href="{explained}' in head
    assert "p=iotkg%3AprojectLevel" not in head
    assert WORDING["not-stated"][0] in head


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_body_begins_with_its_roles_or_that_it_has_none(site, language):
    number = ["en", "zh"].index(language)
    html = checked(site.get("/doc/actor/sac", language), language)
    head = html[html.index('class="glance"') : html.index('class="columns"')]
    assert WORDING["role-lead"][number] in head
    assert ">国家标准委牵头</a>" in head
    assert WORDING["roles-none"][number] in site.get("/doc/actor/iso-iec", language).text
    assert WORDING["roles-none"][number] not in html


def test_a_task_says_what_it_does_not_say(site):
    html = checked(site.get("/doc/task/iot-2013_standards_2", "en"), "en")
    head = html[html.index('class="glance"') : html.index('class="columns"')]
    assert head.count(WORDING["not-stated"][0]) == 4
    assert 'class="source" lang="zh"' in head


def test_a_page_is_cited_with_its_release(site):
    """The address, in each form, names the release; of another release the page says so."""
    path = "/doc/actor/sac"
    iri = "https://w3id.org/iotkg/doc/actor/sac?release=0123456789abcdef"
    html = checked(site.get(path, "en"), "en")
    assert f'<{iri}>; rel="cite-as"' in site.get(path).headers["Link"]
    assert f'<a href="{path}?release=0123456789abcdef">{iri}</a>' in html
    for form, said in (
        ("gbt7714", "[DB/OL]"),
        ("bibtex", "@misc{iotkg-actor-sac-01234567"),
        ("csl", '"dataset"'),
    ):
        response = site.get(f"{path}/cite?format={form}")
        assert said in response.text
        assert iri in response.text
    assert site.get(f"{path}/cite?format=docx").status_code == 406
    assert site.get("/doc/actor/nobody/cite").status_code == 404
    assert 'class="edition"' not in site.get(f"{path}?release=0123456789abcdef").text
    assert 'class="edition"' in checked(site.get(f"{path}?release=fedcba9876543210", "zh"), "zh")
    assert site.get("/id/actor/sac?release=fedc").headers["Location"] == f"{path}?release=fedc"


def test_everything_is_worded_in_both_languages():
    """Every wording a template asks for is there, no wording is left over, and both languages take the same values."""
    sources = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    code = "".join(path.read_text() for path in TEMPLATES.parent.glob("*.py"))
    asked = set(re.findall(r"""say(?:_in)?\((?:language, )?["']([^"']+)["']""", sources + code))
    families = {f"{it}-" for it in re.findall(r"""(?:say_of|worded)\(\s*["']([\w-]+)["']""", sources + code)}
    families |= {key for key in asked if key.endswith("-")}
    families |= set(re.findall(r"""f["']([\w-]+-)\{""", code))
    families |= set(re.findall(r"""["']([\w-]+-)["'] ~""", sources))
    asked -= families
    names = (
        "column-",
        "to ",
        "month-",
        "role-",
        "error-",
        "group-",
        "kind-",
        "sort-",
        "found-",
        "why-rdf",
        "why-owl",
        "why-skos",
    )
    computed = (*names, "skos:", "dcat:", "dcterms:", *families)

    assert asked <= set(WORDING)
    assert len(WORDING) == sum(len(part.WORDING) for part in wording.PARTS)
    for key, (english, chinese) in WORDING.items():
        assert f'"{key}"' in sources + code or f"'{key}'" in sources + code or key.startswith(computed), key
        values = [set(re.findall(r"\{(\w+)\}", text)) for text in (english, chinese)]
        assert values[0] == values[1], key


def test_words_know_one_from_many():
    assert wording.say("n-tasks", "en", n=1) == "1 task"
    assert wording.say("n-tasks", "en", n=1200) == "1,200 tasks"
    assert wording.say("n-tasks", "zh", n=1) == "1项任务"


def test_every_field_of_a_context_is_shown():
    sources = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))

    for context in (
        contexts.HomePage,
        contexts.EntityPage,
        contexts.ErrorPage,
        contexts.Choice,
        contexts.Question,
        contexts.Topic,
    ):
        for field in fields(context):
            assert re.search(rf"\b{field.name}\b", sources), f"{context.__name__}.{field.name}"


def test_no_template_turns_escaping_off():
    for path in TEMPLATES.glob("*.html"):
        assert "safe" not in re.findall(r"\|\s*(\w+)", path.read_text()), path.name
        assert "autoescape" not in path.read_text(), path.name
