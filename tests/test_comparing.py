"""Words that tasks share: the longest runs, within a sentence, white space skipped."""

from iotkg.comparing import SHORTEST, shared_wording

ONE = "甲。一二三四五六七八九十甲乙丙。"
TWO = "乙。零一二三四五六七 八九十甲乙丁。"
THREE = "丙。一二三四五六七八九。"


def spans(*texts):
    """Lay texts behind each other; give the whole and the span of each."""
    starts = [sum(map(len, texts[:index])) for index in range(len(texts))]
    return "".join(texts), {index: (start, start + len(texts[index])) for index, start in enumerate(starts)}


def test_the_longest_run_is_found_with_every_place():
    text, where = spans(ONE, TWO)
    found = shared_wording(text, where)
    assert list(found) == ["一二三四五六七八九十甲乙"]
    ((first, one), (second, two)) = found["一二三四五六七八九十甲乙"]
    assert (first, second) == (0, 1)
    assert text[slice(*one)] == "一二三四五六七八九十甲乙"
    assert text[slice(*two)] == "一二三四五六七 八九十甲乙"


def test_nine_characters_are_too_few():
    assert SHORTEST == 10
    assert shared_wording(*spans(ONE, THREE)) == {}


def test_points_at_the_ends_are_no_words():
    text, where = spans(
        "一二三四五六七八九，甲。",
        "一二三四五六七八九，乙。",
        "，一二三四五六七八九十，丙。",
        "，一二三四五六七八九十，丁。",
    )
    assert list(shared_wording(text, where)) == ["一二三四五六七八九十"]


def test_a_run_ends_with_its_sentence():
    assert shared_wording(*spans("一二三四五。六七八九十。", "一二三四五。六七八九十。")) == {}


def test_what_repeats_in_one_task_alone_is_no_shared_wording():
    assert shared_wording(*spans(ONE + ONE)) == {}


def test_the_wuxi_clause_is_shared_by_two_tasks(store):
    """Industry task 4 and government support task 16 speak of Wuxi in the same words."""
    query = """PREFIX iotkg: <https://w3id.org/iotkg/ontology#>
      SELECT ?task ?quote WHERE {
        ?wording a iotkg:SharedWording ; iotkg:sharedBy ?task ; iotkg:hasEvidence ?anchor .
        ?anchor iotkg:exactQuote ?quote FILTER(CONTAINS(?quote, "先行先试"))
      }"""
    found = {
        (row["task"].value.rpartition("_")[0].rpartition("_")[2], row["quote"].value)
        for row in store.query(query)
    }
    assert {plan for plan, _ in found} == {"industry", "government-support"}
    assert {quote for _, quote in found} == {"充分发挥无锡作为国家示范区先行先试的引领带动作用"}
