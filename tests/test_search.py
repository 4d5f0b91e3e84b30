"""Search on the real release: what people type finds what they mean, is marked where it stands, and never fails."""

import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotkg import indexing, search, searchable, words
from iotkg.errors import InvalidParameter
from iotkg.searchable import PASSAGE
from iotkg.store import LocalStore
from iotkg.terms import Names
from iotkg.vocab import ID, SKOS, term

PLAN = f"{ID}plan/iot-2013_standards"


@pytest.fixture(scope="module")
def entries(store):
    return list(searchable.entries(Names(LocalStore(store))))


@pytest.fixture(scope="module")
def index(entries):
    return indexing.build(entries)


@pytest.fixture(scope="module")
def text(store):
    return next(iter(Names(LocalStore(store)).rows("SELECT ?t WHERE { ?s iotkg:textContent ?t }")))["t"].value


def keys(found):
    return [hit.iri.removeprefix(ID) for hit in found.hits]


def squeezed(value):
    return "".join(value.split())


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("无锡", "place/wuxi-zone"),
        ("标准", "instrument/standards"),
        ('"smart grid"', "sector/smart-grid"),
        ("smart grids", "sector/smart-grid"),
        ("863", "programme/national-863-programme"),
        ("863 计划", "programme/national-863-programme"),
        ("863计划", "programme/national-863-programme"),
        ("國家標準", "instrument/national-standards"),
        ("ＲＦＩＤ", "technology/rfid"),
        ("rfid", "technology/rfid"),
        ("M2M", "technology/m2m"),
        ("国家标准委", "actor/sac"),
        ("國家標準委", "actor/sac"),
        ("standardization", "instrument/standardisation"),
        ("工信部", "actor/miit"),
        ("工 信 部", "actor/miit"),
        ("https://w3id.org/iotkg/id/task/iot-2013_standards_2", "task/iot-2013_standards_2"),
        ("http://localhost:8000/doc/task/iot-2013_standards_2.ttl", "task/iot-2013_standards_2"),
        ("task/iot-2013_standards_2", "task/iot-2013_standards_2"),
        ("task:iot-2013_standards_2", "task/iot-2013_standards_2"),
        ("iot-2013_standards_2", "task/iot-2013_standards_2"),
        ("standards_2", "task/iot-2013_standards_2"),
        ("RFID 标准", "deliverable/iot-2013_standards_3_iot-sensing-key-technology-standards"),
        ("标准制定专项行动计划", "plan/iot-2013_standards"),
    ],
)
def test_what_is_meant_comes_first(index, question, first):
    assert keys(index.search(question))[0] == first


@pytest.mark.parametrize(
    "word", ["无锡", "标准", "锡", "知", "示范工程", "传感网", "RFID", "2015", "感知基础设施"]
)
def test_a_word_finds_exactly_the_sentences_that_have_it(index, entries, word):
    """Counted against a scan of the sentences, white space aside: short words, single characters, line breaks."""
    having = {
        (entry.start, entry.end)
        for entry in entries
        if entry.kind == PASSAGE and word in squeezed(entry.texts[0].value)
    }
    found = index.search(word, kind=PASSAGE, limit=500)
    assert {(hit.start, hit.end) for hit in found.hits if word in squeezed(hit.texts[0].value)} == having
    assert having
    assert found.total == len(found.hits)
    chinese = re.fullmatch(r"[\u4e00-\u9fff]+", word)
    if chinese:
        assert found.total == len(having)


def test_every_sentence_of_the_plans_stands_where_it_says(entries, text):
    """And together they are all that the plans say below their headings."""
    passages = [entry for entry in entries if entry.kind == PASSAGE]
    assert len(passages) > 250
    for entry in passages:
        assert squeezed(text[entry.start : entry.end]) == squeezed(entry.texts[0].value)
        assert len(entry.things) == len(entry.texts) - 1
    ends = [(entry.start, entry.end) for entry in passages]
    assert all(one[1] <= two[0] for one, two in pairwise(ends))


def test_the_names_of_a_thing_find_it_among_the_first_ten(index, entries):
    """Every label of everything with a name, in both languages; the more so the longer it is."""
    asked = missed = 0
    lost = []
    for entry in entries:
        if entry.kind == PASSAGE:
            continue
        for name in (*entry.names, *entry.outside):
            if len(name.value) > search.LONGEST:
                continue
            asked += 1
            if entry.iri not in {hit.iri for hit in index.search(name.value, limit=10).hits}:
                same = sum(
                    words.squeeze(other.value) == words.squeeze(name.value)
                    for it in entries
                    if it.kind != PASSAGE
                    for other in it.names
                )
                if same <= 10:  # the ten plans each have a 总体目标
                    missed += 1
                    lost.append((entry.iri, name.value))
    assert asked > 3500
    assert lost == []


def test_facets_add_up(index):
    """Each thing is of one kind; a kind or a plan that is chosen has as many answers as was said."""
    found = index.search("标准", limit=5)
    assert sum(number for _, number in found.kinds) == found.total > 100
    for kind, number in found.kinds:
        chosen = index.search("标准", kind=kind, limit=500)
        assert chosen.total == number == len(chosen.hits)
        assert {hit.kind for hit in chosen.hits} == {kind}
        assert chosen.kinds == found.kinds
        assert chosen.anywhere == found.total
    for plan, number in found.plans:
        chosen = index.search("标准", plan=plan, limit=500)
        assert chosen.total == number
        assert all(plan in hit.plans for hit in chosen.hits)
        both = index.search("标准", plan=plan, kind=PASSAGE)
        assert both.total == dict(chosen.kinds).get(PASSAGE, 0)
    assert [plan for plan, _ in found.plans] == [plan for plan in index.plans if plan in dict(found.plans)]


def test_pages_follow_each_other_without_gap_or_repetition(index):
    whole = index.search("应用", limit=1000)
    pages = [
        hit for at in range(0, whole.total, 20) for hit in index.search("应用", offset=at, limit=20).hits
    ]
    assert tuple(pages) == whole.hits
    assert index.search("应用", offset=whole.total).hits == ()


def test_two_builds_rank_alike(index, entries):
    again = indexing.build(entries)
    for question in ("标准", "standards", "应用 示范", "network"):
        assert again.search(question) == index.search(question)


@pytest.mark.parametrize(
    ("question", "text", "marked"),
    [
        ("標準", "国家标准和标 准化，准标", ["标准", "标 准"]),
        ("ＲＦＩＤ", "建设RFID网", ["RFID"]),
        ("standardization", "Standardisation of standards", ["Standardisation", "standards"]),
        ("program", "The Programme and programmes", ["Programme", "programmes"]),
        ("plan", "Plans for a plant", ["Plans"]),
        ('"smart grid"', "grid; smart; Smart grids", ["Smart grids"]),
        ("RFID 标准", "RFID标准", ["RFID标准"]),
        ("<b>", "a <b> c", ["b"]),
        ("、，", "甲、乙，丙", []),
    ],
)
def test_marks_equal_the_words(question, text, marked):
    asked = words.read(question)
    assert [text[start:end] for start, end in words.spans(asked, text)] == marked
    assert "".join(piece for piece, _ in words.segments(asked, text)) == text


def test_every_answer_shows_the_words_it_was_found_by(index):
    """Each word is marked in a name or a text of each answer: what is not to be seen is not claimed."""
    for question in (
        "标准",
        "standards",
        "無錫",
        "smart grid",
        "2015",
        "technology program",
        "RFID",
        "工信部",
    ):
        found = index.search(question, limit=300)
        assert found.total
        for hit in found.hits:
            for word in found.words:
                assert any(
                    words.spans([word], text.value) for text in (*hit.names, *hit.outside, *hit.texts)
                ), (question, hit.iri)


@pytest.mark.parametrize(
    "question", ["", " ", "*", "(", ")", '"', "???", "。，！", "\0", "\x1b[\x07", "+-&&||!", "  " * 90, "😀"]
)
def test_what_has_no_word_finds_nothing(index, question):
    found = index.search(question)
    assert (found.total, found.hits, found.words) == (0, (), ())


@pytest.mark.parametrize(
    "question",
    ["标准 AND (", "name:标准", '"标准', "标准*", "-标准", "标准~2", "[标准 TO *]", "标准^9", "/标准/"],
)
def test_no_character_is_an_operator(index, question):
    """What other engines would read as syntax only parts words."""
    found = index.search(question, limit=500)
    assert found.words[0].tokens in {("标", "准"), ("name",)}
    if question == "标准*":
        assert found.total == index.search("标准").total


def test_what_finds_nothing_says_how_near_it_came(index):
    found = index.search("smrt grid")
    assert found.total == found.anywhere == 0
    assert [(word.text, number > 0) for word, number in found.apart] == [("smrt", False), ("grid", True)]
    assert "sector/smart-grid" in {entry.iri.removeprefix(ID) for entry in found.near}
    found = index.search("无锡物联网标准")
    assert found.total == 0
    assert any("物联网标准" in name.value for entry in found.near for name in entry.names)


def test_names_from_elsewhere_are_told_apart(index):
    """They find a thing, and stand neither in its names nor in any graph of the default view."""
    (hit,) = index.search("工信部").hits
    assert [text.value for text in hit.outside] == ["工信部"]
    assert "工信部" not in {text.value for text in hit.names}


def test_external_labels_name_their_source(inputs):
    """A name from elsewhere is no more than the document that prints it."""
    named, sourced = (
        {triple.subject for triple in inputs.external.triples if triple.predicate == predicate}
        for predicate in (SKOS.altLabel, term("dcterms:source"))
    )
    assert named == sourced


def test_external_labels_are_of_things_that_the_texts_name(inputs, store):
    named = {
        str(row["s"]) for row in Names(LocalStore(store)).rows("SELECT ?s WHERE { ?s skos:prefLabel ?label }")
    }
    assert inputs.external.triples
    for triple in inputs.external.triples:
        assert str(triple.subject) in named
        assert not store.query(f"ASK {{ {triple} }}")


def test_suggestions_complete_what_is_typed(index):
    def shown(typed):
        return [name.value for _, name in index.suggest(typed)]

    assert shown("smart g")[0] == "smart grid"
    assert "标准体系" in shown("标准")
    assert shown("標準") == shown("标准")
    assert all("grid" in name for name in shown("grid"))
    assert shown("") == shown("!") == []
    assert len(index.suggest("标", limit=3)) == 3
    assert any(name == "无锡国家传感网创新示范区" for name in shown("传感网创新"))


def test_filters_are_read_and_refused(index):
    assert index.plan("standards") == index.plan("iot-2013_standards") == index.plan(PLAN) == PLAN
    assert index.plan("") == index.kind("") == ""
    with pytest.raises(InvalidParameter, match="iot-2013_talent"):
        index.plan("tal")
    with pytest.raises(InvalidParameter, match="passage"):
        index.kind("thing")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=250),
        st.lists(
            st.sampled_from(
                ["标准", '"', "“", "RFID", "*", "(", "\0", "無", " ", "_", "/", "ß", "İ", "e\u0301"]
            )
        ).map("".join),
    )
)
def test_no_question_fails(index, question):
    """Any characters at all, half ones included; marks only cut a text and lose nothing of it."""
    found = index.search(question)
    assert found.total >= len(found.hits)
    index.suggest(question)
    assert "".join(piece for piece, _ in words.segments(words.read(question), question)) == question


def test_the_index_is_kept_in_the_release_and_made_anew_when_stale(store, tmp_path):
    """Another release has another index; a torn one, or a folder that cannot be written, is no failure."""
    made = []

    def names():
        made.append(1)
        return Names(LocalStore(store))

    one = indexing.opened(names, "one", tmp_path)
    assert indexing.opened(names, "one", tmp_path).search("无锡") == one.search("无锡")
    assert len(made) == 1
    (place,) = tmp_path.glob(".search-*")
    indexing.opened(names, "two", tmp_path)
    assert len(made) == 2
    assert not place.exists()
    (place,) = tmp_path.glob(".search-*")
    lock = place / ".tantivy-meta.lock"
    lock.unlink()
    lock.mkdir()  # as in a read-only folder: it cannot be locked
    assert indexing.opened(names, "two", tmp_path).search("无锡") == one.search("无锡")
    assert len(made) == 2
    (place / "meta.json").write_text("{")
    assert indexing.opened(names, "two", tmp_path).search("无锡") == one.search("无锡")
    assert indexing.opened(names, "three", tmp_path / "missing").search("无锡") == one.search("无锡")
    assert indexing.opened(names, "three", None).search("无锡") == one.search("无锡")
