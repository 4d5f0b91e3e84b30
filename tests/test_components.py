# ruff: noqa: E501 - a case is read by its lines
"""Every constraint component, target, path and kind of message, by both engines: equal results, at the right place.

A case is Turtle with shapes and data in one. ``#!`` at the end of a line says which components find something there;
the column is that of what follows ``→``, else that of the line's first character. Nothing else is found.
"""

import pytest

from iotkg import checking, engines
from iotkg.advice import RULES
from iotkg.findings import Severity
from iotkg.rdffile import read_all

HEAD = """@prefix : <http://e/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def prop(constraint, *lines, path=":p", more=""):
    """Write a property shape for :C, and data."""
    return "\n".join(
        [
            f":S a sh:NodeShape ; sh:targetClass :C ; sh:property :P . :P a sh:PropertyShape ; sh:path {path} ; {constraint} .",
            more,
            *lines,
        ]
    )


def node(constraint, *lines, more=""):
    """Write a node shape for :C, and data."""
    return "\n".join([f":S a sh:NodeShape ; sh:targetClass :C ; {constraint} .", more, *lines])


CASES = {
    "class": prop(
        "sh:class :D",
        ":a a :C ; :p :d .",
        ":b a :C ; :p →:e . #! Class",
        ":d a :D2 . :D2 rdfs:subClassOf :D .",
    ),
    "datatype": prop(
        "sh:datatype xsd:date",
        ':a a :C ; :p "2013-09-05"^^xsd:date .',
        ':b a :C ; :p →"2013-09-05" . #! Datatype',
        ':c a :C ; :p →"2013-13-45"^^xsd:date . #! Datatype',
        ":d a :C ; :p →:iri . #! Datatype",
    ),
    "nodeKind": prop(
        "sh:nodeKind sh:IRI",
        ":a a :C ; :p :d .",
        ':b a :C ; :p →"d" . #! NodeKind',
        ":c a :C ; :p →[ :q 1 ] . #! NodeKind",
    ),
    "nodeKind blank or literal": prop(
        "sh:nodeKind sh:BlankNodeOrLiteral", ":a a :C ; :p [] , 1 .", ":b a :C ; :p →:d . #! NodeKind"
    ),
    "minCount": prop(
        "sh:minCount 2", ":a a :C ; :p 1 , 2 .", ":b a :C ; :p 1 . #! MinCount", ":c a :C . #! MinCount"
    ),
    "maxCount": prop(
        "sh:maxCount 1", ":a a :C ; :p 1 .", ":b a :C ; :p 1 ,", "  →2 . #! MaxCount", ":c a :C ."
    ),
    "minExclusive": prop(
        "sh:minExclusive 3",
        ":a a :C ; :p 4 , 3.5 .",
        ":b a :C ; :p →3 . #! MinExclusive",
        ':c a :C ; :p →"x" . #! MinExclusive',
    ),
    "minInclusive": prop("sh:minInclusive 3", ":a a :C ; :p 3 .", ":b a :C ; :p →2.9 . #! MinInclusive"),
    "maxExclusive": prop(
        'sh:maxExclusive "2015-01-01"^^xsd:date',
        ':a a :C ; :p "2014-12-31"^^xsd:date .',
        ':b a :C ; :p →"2015-01-01"^^xsd:date . #! MaxExclusive',
    ),
    "maxInclusive": prop("sh:maxInclusive 3", ":a a :C ; :p 3 .", ":b a :C ; :p 1 , →4 . #! MaxInclusive"),
    "minLength": prop(
        "sh:minLength 3",
        ':a a :C ; :p "物联网", :iri .',
        ':b a :C ; :p →"物联"@zh . #! MinLength',
        ":c a :C ; :p →[] . #! MinLength",
    ),
    "maxLength": prop(
        "sh:maxLength 2", ':a a :C ; :p "物联", "😀😀" .', ':b a :C ; :p →"物联网" . #! MaxLength'
    ),
    "pattern": prop(
        'sh:pattern "^[a-z]+$" ; sh:flags "i"',
        ':a a :C ; :p "abC" .',
        ':b a :C ; :p →"a1" . #! Pattern',
        ":c a :C ; :p →[] . #! Pattern",
    ),
    "languageIn": prop(
        'sh:languageIn ( "zh" "en" )',
        ':a a :C ; :p "x"@en-GB , "物"@zh .',
        ':b a :C ; :p →"x"@de . #! LanguageIn',
        ':c a :C ; :p →"x" . #! LanguageIn',
    ),
    "uniqueLang that is not the literal true": prop(
        "sh:uniqueLang '1'^^xsd:boolean ; sh:maxCount 2",
        ':a a :C ; :p "x"@en , "y"@en .',
        ':b a :C ; :p "x"@en , "v"@en , →"y"@en . #! MaxCount',
    ),
    "uniqueLang": prop(
        "sh:uniqueLang true",
        ':a a :C ; :p "x"@en , "y"@de , "z" , "w" .',
        ':b a :C ; :p "x"@en , "v"@de ,',
        '  →"y"@en . #! UniqueLang',
    ),
    "equals": prop(
        "sh:equals :q", ":a a :C ; :p 1 ; :q 1 .", ":b a :C ; :p →1 . #! Equals", ":c a :C ; :q 1 . #! Equals"
    ),
    "disjoint": prop("sh:disjoint :q", ":a a :C ; :p 1 ; :q 2 .", ":b a :C ; :p →1 ; :q 1 . #! Disjoint"),
    "lessThan": prop(
        "sh:lessThan :q",
        ":a a :C ; :p 1 ; :q 2 .",
        ":b a :C ; :p →2 ; :q 2 . #! LessThan",
        ':c a :C ; :p →"x" ; :q 2 . #! LessThan',
    ),
    "lessThanOrEquals": prop(
        "sh:lessThanOrEquals :q", ":a a :C ; :p 2 ; :q 2 .", ":b a :C ; :p →3 ; :q 2 . #! LessThanOrEquals"
    ),
    "not": prop("sh:not [ sh:class :D ]", ":a a :C ; :p :e .", ":b a :C ; :p →:d . #! Not", ":d a :D ."),
    "and": prop(
        "sh:and ( [ sh:minInclusive 1 ] [ sh:maxInclusive 3 ] )",
        ":a a :C ; :p 2 .",
        ":b a :C ; :p →4 . #! And",
    ),
    "or": prop(
        "sh:or ( [ sh:datatype xsd:integer ] [ sh:nodeKind sh:IRI ] )",
        ":a a :C ; :p 2 , :d .",
        ':b a :C ; :p →"x" . #! Or',
    ),
    "xone": prop(
        "sh:xone ( [ sh:minInclusive 1 ] [ sh:maxInclusive 3 ] )",
        ":a a :C ; :p 0 , 4 .",
        ":b a :C ; :p →2 . #! Xone",
    ),
    "node": prop(
        "sh:node :Inner",
        ":a a :C ; :p [ :q 1 ] .",
        ":b a :C ; :p →[ :r 1 ] . #! Node",
        more=":Inner a sh:NodeShape ; sh:property [ sh:path :q ; sh:minCount 1 ] .",
    ),
    "nested property": prop(
        "sh:property [ sh:path :q ; sh:minCount 1 ]",
        ":a a :C ; :p [ :q 1 ] .",
        ":b a :C ; :p →[ :r 1 ] . #! MinCount",
    ),
    "qualified min": prop(
        "sh:qualifiedValueShape [ sh:class :D ] ; sh:qualifiedMinCount 1",
        ":a a :C ; :p :d , :e .",
        ":b a :C ; :p :e . #! QualifiedMinCount",
        ":d a :D .",
    ),
    "qualified max": prop(
        "sh:qualifiedValueShape [ sh:class :D ] ; sh:qualifiedMaxCount 0",
        ":a a :C ; :p :e .",
        ":b a :C ; :p →:d . #! QualifiedMaxCount",
        ":d a :D .",
    ),
    "qualified disjoint": node(
        "sh:property :T , :F",
        ":a a :C ; :p :t , :f .",
        ":b a :C ; :p :both . #! QualifiedMinCount, QualifiedMinCount",
        ":t a :Thumb . :f a :Finger . :both a :Thumb , :Finger .",
        more=":T sh:path :p ; sh:qualifiedValueShape [ sh:class :Thumb ] ; sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 . "
        ":F sh:path :p ; sh:qualifiedValueShape [ sh:class :Finger ] ; sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 .",
    ),
    "closed": node(
        "sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path :p ]",
        ":a a :C ; :p 1 .",
        ":b a :C ; :p 1 ;",
        "  :q →2 . #! Closed",
    ),
    "hasValue": prop("sh:hasValue :d", ":a a :C ; :p :d , :e .", ":b a :C ; :p :e . #! HasValue"),
    "in": prop('sh:in ( :d "x" )', ':a a :C ; :p :d , "x" .', ':b a :C ; :p →"x"@en . #! In'),
    "at the focus node": node(
        "sh:nodeKind sh:IRI ; sh:not [ sh:class :D ]",
        ":a a :C .",
        ":b a :C , :D . #! Not",
        "[] a :C . #! NodeKind",
    ),
    "several at once": prop(
        "sh:datatype xsd:integer ; sh:minLength 3", ':b a :C ; :p →"x" . #! Datatype, MinLength'
    ),
    "deactivated": node("sh:deactivated true ; sh:nodeKind sh:Literal", ":a a :C ."),
    "deactivated property": node(
        "sh:property [ sh:path :p ; sh:minCount 1 ; sh:deactivated true ]", ":a a :C ."
    ),
    "target node": ":S a sh:NodeShape ; sh:targetNode :a , :b ; sh:property [ sh:path :p ; sh:minCount 1 ] .\n:a :p 1 .\n:b :q 1 . #! MinCount",
    "target subjects of": ":S a sh:NodeShape ; sh:targetSubjectsOf :q ; sh:property [ sh:path :p ; sh:minCount 1 ] .\n:a :p 1 ; :q 1 .\n:b :q 1 . #! MinCount\n:c :r 1 .",
    "target objects of": ":S a sh:NodeShape ; sh:targetObjectsOf :q ; sh:nodeKind sh:IRI .\n:a :q :d .\n:b :q →1 . #! NodeKind",
    "target subclass": ":S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :p ; sh:minCount 1 ] .\n:D rdfs:subClassOf :E . :E rdfs:subClassOf :C .\n:a a :D ; :p 1 .\n:b a :D . #! MinCount",
    "implicit class": ":C a sh:NodeShape , rdfs:Class ; sh:property [ sh:path :p ; sh:minCount 1 ] .\n:a a :C ; :p 1 .\n:b a :C . #! MinCount",
    "property shape with a target": ":S a sh:PropertyShape ; sh:path :p ; sh:targetClass :C ; sh:minCount 1 .\n:a a :C ; :p 1 .\n:b a :C . #! MinCount",
    "two targets of one node": ":S a sh:NodeShape ; sh:targetClass :C ; sh:targetNode :b ; sh:property [ sh:path :p ; sh:minCount 1 ] .\n:a a :C ; :p 1 .\n:b a :C . #! MinCount",
    "inverse path": prop(
        "sh:maxCount 1",
        ":a a :C . :x :p :a .",
        ":b a :C . :y :p :b .",
        ":z :p →:b . #! MaxCount",
        path="[ sh:inversePath :p ]",
    ),
    "sequence path": prop(
        "sh:class :D",
        ":a a :C ; :p [ :q :d ] .",
        ":b a :C ; :p [ :q →:e ] . #! Class",
        ":d a :D .",
        path="( :p :q )",
    ),
    "alternative path": prop(
        "sh:nodeKind sh:IRI",
        ":a a :C ; :p :d ; :q :e .",
        ":b a :C ; :q →1 . #! NodeKind",
        path="[ sh:alternativePath ( :p :q ) ]",
    ),
    "zero or more path": prop(
        "sh:nodeKind sh:IRI",
        ":a a :C ; :p :d . :d :p :e .",
        ":b a :C ; :p :f .",
        ":f :p →1 . #! NodeKind",
        path="[ sh:zeroOrMorePath :p ]",
    ),
    "one or more path": prop(
        "sh:hasValue :end",
        ":a a :C ; :p :d . :d :p :end .",
        ":b a :C ; :p :f . #! HasValue",
        path="[ sh:oneOrMorePath :p ]",
    ),
    "zero or one path": prop(
        "sh:maxCount 1", ":a a :C .", ":b a :C ; :p →:f . #! MaxCount", path="[ sh:zeroOrOnePath :p ]"
    ),
    "nested path": prop(
        "sh:class :D",
        ":a a :C . :x :q :a ; :r :d .",
        ":b a :C . :y :q :b ; :r →:e . #! Class",
        ":d a :D .",
        path="( [ sh:inversePath :q ] [ sh:alternativePath ( :r ( :s [ sh:oneOrMorePath :t ] ) ) ] )",
    ),
    "sparql select": node(
        'sh:sparql [ sh:select "SELECT $this ?value ?path WHERE { $this <http://e/p> ?value . BIND(<http://e/p> AS ?path) FILTER(?value > 3) }" ]',
        ":a a :C ; :p 1 .",
        ":b a :C ; :p 1 , →4 . #! SPARQL",
    ),
    "sparql path": prop(
        'sh:sparql [ sh:select "SELECT $this ?value WHERE { $this $PATH ?value FILTER(?value > 3) }" ]',
        ":a a :C ; :p 1 .",
        ":b a :C ; :p →4 . #! SPARQL",
    ),
    "sparql prefixes": ':o sh:declare [ sh:prefix "e" ; sh:namespace "http://e/"^^xsd:anyURI ] .\n'
    + node(
        'sh:sparql [ sh:prefixes :o ; sh:select "SELECT $this WHERE { $this e:p ?x FILTER NOT EXISTS { $this e:q ?x } }" ]',
        ":a a :C ; :p 1 ; :q 1 .",
        ":b a :C ; :p 1 . #! SPARQL",
    ),
    "sparql deactivated": node(
        'sh:sparql [ sh:deactivated true ; sh:select "SELECT $this WHERE { $this ?p ?o }" ]', ":a a :C ."
    ),
    "component ask": ":Limit a sh:ConstraintComponent ; sh:parameter [ sh:path :limit ] ;\n"
    '  sh:validator [ a sh:SPARQLAskValidator ; sh:message "over {$limit}"@en , "多于{$limit}"@zh ; sh:ask "ASK { FILTER(STRLEN(STR($value)) <= $limit) }" ] .\n'
    + node(":limit 10", ":a a :C .", ":far-away-and-long a :C . #! Limit"),
    "component select": ":Same a sh:ConstraintComponent ; sh:parameter [ sh:path :same ] ;\n"
    '  sh:propertyValidator [ a sh:SPARQLSelectValidator ; sh:select "SELECT $this ?value WHERE { $this $PATH ?value . $this $same ?value }" ] .\n'
    + prop(":same :q", ":a a :C ; :p 1 ; :q 2 .", ":b a :C ; :p →1 ; :q 1 . #! Same"),
    "component optional parameter": ":Within a sh:ConstraintComponent ; sh:parameter [ sh:path :low ] , [ sh:path :high ; sh:optional true ] ;\n"
    '  sh:nodeValidator [ a sh:SPARQLSelectValidator ; sh:select "SELECT $this WHERE { $this <http://e/n> ?n FILTER(?n < $low || (bound($high) && ?n > $high)) }" ] .\n'
    + node(":low 3", ":a a :C ; :n 3 .", ":b a :C ; :n 2 . #! Within"),
}


def read(folder, text):
    """Write a case as a file and read it, as data and as shapes; give these, and where findings are to stand."""
    flaws, lines = [], []
    for number, line in enumerate((HEAD + text).splitlines(), 1):
        kept, mark, components = line.partition("#!")
        column = kept.index("→") + 1 if "→" in kept else len(kept) - len(kept.lstrip()) + 1
        flaws += [(number, column, name.strip()) for name in components.split(",") if mark]
        lines.append(kept.replace("→", ""))
    path = folder / "case.ttl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_all([path, path]), sorted(flaws)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Run engines here, not apart: a process of its own for each costs seconds; tests/test_reference.py has them."""

    def run(engine, data, shapes, *, prefixes, limits):  # noqa: ARG001
        return engines._evaluate(engine, data, shapes, prefixes)

    monkeypatch.setattr(checking, "report_apart", run)


def check(files, engine):
    """Check, and give the findings."""
    return checking.check(checking.Job(data=files[:1], shapes=files[1:], engine=engine)).findings


def said(findings):
    """Give of each finding what engines must agree on, words included."""
    return sorted(
        (
            f.line,
            f.column,
            f.severity,
            f.component,
            f.focus,
            f.path or "",
            f.value or "",
            f.shape,
            f.identity,
            sorted(f.messages.items()),
        )
        for f in findings
    )


@pytest.mark.parametrize("name", CASES)
def test_both_engines_find_the_same_at_the_same_place(tmp_path, name):
    files, flaws = read(tmp_path, CASES[name])
    found = {engine: check(files, engine) for engine in ("shifty", "pyshacl")}
    placed = [
        (
            f.line,
            f.column,
            f.component.rpartition("#")[2].rpartition("/")[2].removesuffix("ConstraintComponent"),
        )
        for f in found["shifty"]
    ]
    assert sorted(placed) == flaws
    assert said(found["shifty"]) == said(found["pyshacl"])
    assert all(f.file == str(tmp_path / "case.ttl") for f in found["shifty"])
    assert all({"en", "zh"} <= f.messages.keys() for f in found["shifty"])


def test_every_core_component_has_a_case():
    """The components are those the advice knows, which are those of the Recommendation."""
    covered = {
        c.strip()
        for text in CASES.values()
        for line in text.splitlines()
        for c in line.partition("#!")[2].split(",")
    }
    assert set(RULES) <= covered


WORDS = {
    "the constraint's own, filled, in both languages": (
        node(
            """sh:message "not this"@en ; sh:sparql [ sh:message "{?x} of {$this}: {?value} {?none} {x}"@en , "{$this}的{?x}"@zh ;
              sh:select "SELECT $this ?x ?value WHERE { $this <http://e/p> ?value ; <http://e/q> ?x }" ]""",
            ":b a :C ; :p 4 ; :q :far .",
        ),
        [{"en": "<http://e/far> of <http://e/b>: 4 {?none} {x}", "zh": "<http://e/b>的<http://e/far>"}],
    ),
    "the shape's where the constraint has none": (
        node(
            """sh:message "has {?x}"@en , "有{?x}"@zh ;
              sh:sparql [ sh:select "SELECT $this ?x WHERE { $this <http://e/q> ?x }" ]""",
            ":b a :C ; :q :far .",
        ),
        [{"en": "has <http://e/far>", "zh": "有<http://e/far>"}],
    ),
    "of several constraints each its own": (
        node(
            """sh:sparql [ sh:message "one"@en ; sh:select "SELECT $this WHERE { $this <http://e/q> ?x }" ] ,
              [ sh:message "two"@en ; sh:select "SELECT $this WHERE { $this <http://e/q> ?y }" ]""",
            ":b a :C ; :q :far .",
        ),
        [{"en": "one"}, {"en": "two"}],
    ),
    "of a constraint that two shapes share": (
        node(
            """sh:message "S"@en ; sh:sparql :shared . :shared sh:select "SELECT $this WHERE { $this <http://e/q> ?x }" .
            :T a sh:NodeShape ; sh:targetClass :C ; sh:message "T"@en ; sh:sparql :shared""",
            ":b a :C ; :q :far .",
        ),
        [{"en": "S"}, {"en": "T"}],
    ),
    "braces in a value are no placeholder": (
        node(
            """sh:sparql [ sh:message "{?value}"@en ; sh:select "SELECT $this ?value WHERE { $this <http://e/p> ?value }" ]""",
            ':b a :C ; :p "{$this} {?value}" .',
        ),
        [{"en": "{$this} {?value}"}],
    ),
    "a core constraint's are its shape's": (
        prop('sh:maxCount 0 ; sh:message "none"@en , "不可有"@zh', ":b a :C ; :p 1 ."),
        [{"en": "none", "zh": "不可有"}],
    ),
    "a component's are its validator's, with parameters": (
        """:Limit a sh:ConstraintComponent ; sh:parameter [ sh:path :limit ] ;
          sh:validator [ a sh:SPARQLAskValidator ; sh:message "over {$limit}: {$value}"@en , "多于{$limit}"@zh ;
            sh:ask "ASK { FILTER(STRLEN(STR($value)) <= $limit) }" ] .\n"""
        + node(":limit 10", ":far-away a :C .", ":farther a :C ."),
        [
            {"en": "over 10: <http://e/far-away>", "zh": "多于10"},
            {"en": "over 10: <http://e/farther>", "zh": "多于10"},
        ],
    ),
}


@pytest.mark.parametrize("engine", ["shifty", "pyshacl"])
@pytest.mark.parametrize("name", WORDS)
def test_messages_keep_their_language_and_are_filled(tmp_path, name, engine):
    text, messages = WORDS[name]
    files, _ = read(tmp_path, text)
    found = sorted((dict(f.messages) for f in check(files, engine)), key=str)
    assert found == messages


@pytest.mark.parametrize("engine", ["shifty", "pyshacl"])
@pytest.mark.parametrize(
    ("stated", "severity"),
    [
        ("sh:Violation", Severity.VIOLATION),
        ("sh:Warning", Severity.WARNING),
        ("sh:Info", Severity.INFO),
        (":Grave", Severity.VIOLATION),
    ],
)
def test_severities_are_the_shapes(tmp_path, stated, severity, engine):
    """One that a shapes graph made up gates as a violation does, and stays in the report as it is."""
    files, _ = read(tmp_path, prop(f"sh:severity {stated} ; sh:maxCount 0", ":b a :C ; :p 1 ."))
    outcome = checking.check(checking.Job(data=files[:1], shapes=files[1:], engine=engine))
    assert [f.severity for f in outcome.findings] == [severity]
    written = stated.replace("sh:", "http://www.w3.org/ns/shacl#").replace(":Grave", "http://e/Grave")
    assert f"#resultSeverity> <{written}>" in outcome.report().decode()


def test_pyshacl_leaves_out_the_value_of_an_ask_on_a_property(tmp_path):
    """The one difference known: the Recommendation (6.2.1) has the value, and the quick engine gives it."""
    text = (
        ":Limit a sh:ConstraintComponent ; sh:parameter [ sh:path :limit ] ; sh:validator [ a "
        'sh:SPARQLAskValidator ; sh:ask "ASK { FILTER(STRLEN(STR($value)) <= $limit) }" ] .\n'
    )
    files, _ = read(tmp_path, text + prop(":limit 3", ':b a :C ; :p "long" .'))
    assert [f.value for f in check(files, "shifty")] == ['"long"']
    assert [f.value for f in check(files, "pyshacl")] == [None]
