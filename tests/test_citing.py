"""Citations: which answer was meant stays tellable, in the forms that people and programs cite with."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotkg.citing import DAY_OF_ACCESS, Citation

QUESTION = {"en": "Which 50% & more_of #them?", "zh": "哪些？"}
CITATION = Citation(
    query="targets",
    question=QUESTION,
    parameters={"plan": "iot-2013_standards"},
    release="a" * 64,
    result="b" * 64,
)


def test_the_address_names_query_parameters_release_and_result():
    parts = urlsplit(CITATION.iri)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://w3id.org/iotkg/query/targets"
    assert parse_qs(parts.query) == {
        "plan": ["iot-2013_standards"],
        "release": ["a" * 16],
        "result": ["b" * 16],
    }


@pytest.mark.parametrize("day", ["", "2026-02-28"])
def test_bibtex_has_one_entry_whose_braces_balance(day):
    text = CITATION.bibtex(day)
    assert text.startswith("@misc{iotkg-targets-bbbbbbbb,\n")
    assert text.count("{") == text.count("}")
    assert r"Which 50\% \& more\_of \#them?" in text
    assert re.findall(r"^  urldate = \{(.*)\},$", text, re.MULTILINE) == ([day] if day else [])
    for said in ("a" * 64, "b" * 64, CITATION.iri, r"plan=iot-2013\_standards"):
        assert said in text


@given(st.text())
def test_no_question_breaks_out_of_its_field(question):
    made = Citation(query="q", question={"en": question, "zh": ""}, parameters={}, release="a", result="b")
    inside = re.sub(r"\\[{}]", "", made.bibtex())
    assert inside.count("{") == inside.count("}")


def test_gb_t_7714_has_the_kind_of_source_the_day_of_access_and_the_address():
    assert CITATION.gbt7714("2026-02-28") == (
        "The iotkg authors. 哪些？（targets：plan=iot-2013_standards）[DB/OL]//"
        "物联网发展专项行动计划（2013-2015年）知识图谱. "
        f"发布版本{'a' * 16}，结果SHA-256：{'b' * 16}[2026-02-28]. {CITATION.iri}.\n"
    )
    assert f"[{DAY_OF_ACCESS}]" in CITATION.gbt7714()


def test_csl_has_what_a_reference_manager_reads():
    (item,) = json.loads(CITATION.csl("2026-02-28"))
    assert (item["type"], item["URL"]) == ("dataset", CITATION.iri)
    assert item["accessed"] == {"date-parts": [[2026, 2, 28]]}
    assert "accessed" not in json.loads(CITATION.csl())[0]
