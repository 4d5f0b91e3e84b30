"""What the rules conclude on the real graph, and that each of them is needed."""

from collections import Counter

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Quad, RdfFormat, Store, Triple, serialize

from iotkg import identifiers, inference
from iotkg.errors import QueryFileError
from iotkg.queryfile import parse_query
from iotkg.vocab import ID, PREFIXES, term

HEAD = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
OWNER_BASIS = """
SELECT ?task ?basis WHERE {
  { SELECT ?task (MIN(?k) AS ?best) WHERE {
    ?task a iotkg:Task . ?s iotkg:appliesTo ?task ; iotkg:role/iotkg:owning true ; iotkg:basis/iotkg:basisRank ?k
  } GROUP BY ?task }
  ?basis iotkg:basisRank ?best
}"""
RULES = {
    "effective-deadline": "?s iotkg:effectiveDeadline ?o ; a iotkg:Task",
    "effective-deadline-inside": "?s iotkg:effectiveDeadline ?o ; a iotkg:Target",
    "effective-owner": "?s iotkg:effectiveOwner ?o",
    "inherit-deadline": "?o a iotkg:Deadline ; iotkg:inheritedFrom ?s",
    "inherit-project-responsibility": "?o iotkg:actor actor:mof ; iotkg:inheritedFrom ?s",
    "inherit-responsibility": "?o iotkg:actor actor:sac ; iotkg:inheritedFrom ?s",
    "inherit-scoped-responsibility": "?o iotkg:actor actor:miit ; iotkg:inheritedFrom ?s",
    "label": "?s rdfs:label ?o",
    "owl-cax-sco": "?s a prov:Agent . BIND(?s AS ?o)",
    "owl-cls-hv2": "?s a iotkg:OverallGoal . BIND(?s AS ?o)",
    "owl-prp-inv": "?s iotkg:hasPart ?o",
    "owl-prp-spo1": "?s iotkg:ownedBy ?o",
    "owl-prp-spo2": "?s iotkg:involvesActor ?o . FILTER NOT EXISTS { ?s iotkg:ownedBy ?o }",
    "owl-prp-symp": "task:iot-2013_application_13 iotkg:relatedTo ?o . BIND(?o AS ?s)",
    "owl-prp-trp": "?s iotkg:partOf plan-set:iot-2013 ; a iotkg:Task . BIND(?s AS ?o)",
    "owl-scm-sco": "iotkg:TaskGroup rdfs:subClassOf eli:WorkSubdivision . BIND(iotkg:Task AS ?s) BIND(?s AS ?o)",
    "owl-scm-spo": "iotkg:ledBy rdfs:subPropertyOf iotkg:involvesActor . BIND(iotkg:ledBy AS ?s) BIND(?s AS ?o)",
    "related": "?s iotkg:relatedTo ?o",
    "role-shortcut": "?s iotkg:ledBy ?o",
    "same-name": "?s iotkg:sameNameAs ?o",
    "set-out": "?s iotkg:hasInitiative ?o",
    "typed-mention": "?s iotkg:mentionsActor ?o ; a iotkg:Measure",
    "typed-shortcut": "?s iotkg:hasDeadline ?o",
}


def ask(store, pattern):
    return list(store.query(f"{HEAD}SELECT ?s ?o WHERE {{ {pattern} }}"))


@pytest.fixture(scope="module")
def asserted(graphs):
    inferred = identifiers.graph("iot-2013/inferred")
    return {t for name, triples in graphs.items() if name != inferred for t in triples}


@pytest.fixture
def without(asserted, inputs):
    """Close the graph without what some subjects say; give the result as a store."""

    def run(*gone):
        subjects = {term(name) for name in gone}
        kept = {t for t in asserted if t.subject not in subjects}
        assert len({t.subject for t in asserted} & subjects) == len(subjects)
        return as_store({*kept, *inference.close(kept, inputs.rules)})

    return run


def as_store(triples):
    store = Store()
    store.bulk_extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in triples)
    return store


def owner_bases(store):
    return Counter(row["basis"].value.rpartition("/")[2] for row in store.query(HEAD + OWNER_BASIS))


def ownerless(store):
    return len(ask(store, "?s a iotkg:Task . FILTER NOT EXISTS { ?s iotkg:effectiveOwner ?o }"))


def test_owners_rest_on_these_bases(store):
    """1 task in its own words, 21 by safeguards, 88 only by the whole-set statement."""
    assert owner_bases(store) == {"task-text": 1, "plan-safeguard": 21, "corpus": 88}


def test_deadlines_rest_on_these_bases(store):
    query = """SELECT ?basis WHERE {
      ?task a iotkg:Task . ?d a iotkg:Deadline ; iotkg:appliesTo ?task ; iotkg:basis ?basis
    }"""
    found = Counter(row["basis"].value.rpartition("/")[2] for row in store.query(HEAD + query))
    assert found == {"plan-goal": 105, "plan-title": 5}


def test_without_the_whole_set_statement_exactly_88_tasks_have_no_owner(without):
    assert ownerless(without("responsibility:iot-2013_iot-joint-conference_organise")) == 88


def test_without_the_deadline_statements_no_task_has_a_deadline(without, inputs):
    deadlines = [s for s in inputs.documents["iot-2013"].places if "/deadline/" in s.value]
    assert len(deadlines) == 10
    store = without(*(identifiers.shorten(s.value) for s in deadlines))
    assert len(ask(store, "?s a iotkg:Task . FILTER NOT EXISTS { ?s iotkg:effectiveDeadline ?o }")) == 110


def test_without_its_lead_the_standards_plan_falls_to_the_whole_set(without):
    store = without("responsibility:iot-2013_standards_sac_lead")
    assert owner_bases(store) == {"task-text": 1, "plan-safeguard": 14, "corpus": 95}


def test_without_the_rollout_statements_the_application_plan_falls_to_the_whole_set(without):
    store = without(
        "responsibility:iot-2013_application_miit_organise_application-rollout",
        "responsibility:iot-2013_application_ndrc_organise_application-rollout",
    )
    assert owner_bases(store) == {"task-text": 1, "plan-safeguard": 7, "corpus": 102}


def test_a_statement_about_projects_owns_no_task(store):
    """The Ministry of Finance organises demonstration projects only."""
    assert ask(store, "?s a iotkg:Task ; iotkg:effectiveOwner actor:mof . BIND(?s AS ?o)") == []


def test_only_the_national_projects_have_owners(store):
    """Those of the zone and those of no stated level get none from the statement on national projects."""
    owners = Counter(
        (row["s"].value.rpartition("/")[2], row["o"].value.rpartition("/")[2])
        for row in ask(store, "?p iotkg:projectLevel ?s ; iotkg:effectiveOwner ?o")
    )
    assert owners == {("national", "mof"): 21, ("national", "ndrc"): 21}
    copied = "?s iotkg:inheritedFrom ?x ; iotkg:appliesTo ?p . ?p a iotkg:DemonstrationProject ."
    quote = "国家物联网重大应用示范工程由发展改革委、财政部负责组织实施"
    kept = (
        f"?s iotkg:basis basis:plan-safeguard ; iotkg:scope ?o ; iotkg:hasEvidence/iotkg:exactQuote '{quote}'"
    )
    assert len(ask(store, f"{copied} BIND(?s AS ?o)")) == len(ask(store, f"{copied} {kept}")) == 42


def test_the_bodies_that_own_tasks_are_these(store):
    owned = ask(store, "?s a iotkg:Task ; iotkg:effectiveOwner ?o")
    found = Counter(row["o"].value.rpartition("/")[2] for row in owned)
    assert found == {"iot-joint-conference": 89, "miit": 14, "ndrc": 14, "sac": 7}


def test_every_mention_of_a_class_with_a_property_of_its_own_has_it(store):
    """Only places, periods, plans and the plan set are mentioned and no more."""
    bare = """?s iotkg:mentions ?o . FILTER NOT EXISTS { ?o a iotkg:Place }
      FILTER NOT EXISTS { ?o a ?c FILTER(?c IN (iotkg:Period, iotkg:ActionPlan, iotkg:PlanSet)) }
      FILTER NOT EXISTS { ?s ?p ?o . ?p rdfs:subPropertyOf iotkg:mentions }"""
    assert ask(store, bare) == []
    asked = "?s a iotkg:Task ; iotkg:mentionsActor actor:localities BIND(?s AS ?o)"
    tasks = {row["s"].value.rpartition("/")[2] for row in ask(store, asked)}
    assert {"iot-2013_application_4", "iot-2013_government-support_6"} <= tasks


def test_every_target_and_initiative_has_the_deadline_of_its_plan(store):
    for kind in ("iotkg:Target", "iotkg:Initiative"):
        things = ask(store, f"?s a {kind} BIND(?s AS ?o)")
        dated = ask(
            store,
            f"?s a {kind} ; iotkg:effectiveDeadline ?o ; iotkg:inPlan/iotkg:hasDeadline/iotkg:dueDate ?o",
        )
        assert len(things) == len(dated) > 60


def test_same_names_are_no_identity(store):
    found = ask(
        store,
        "?s iotkg:sameNameAs ?o FILTER(?s = deliverable:iot-2013_government-support_19_risk-sharing-mechanism)",
    )
    assert [row["o"] for row in found] == [term("instrument:risk-sharing-mechanism")]
    assert not ask(store, "?s iotkg:sameNameAs ?s BIND(?s AS ?o)")


def test_every_rule_has_a_case(inputs):
    assert set(RULES) == set(inputs.rules)


@pytest.mark.parametrize("name", sorted(RULES))
def test_each_rule_is_needed(inputs, asserted, store, name):
    """The case holds in the real graph and is gone without the rule."""
    assert ask(store, RULES[name])
    rules = {key: rule for key, rule in inputs.rules.items() if key != name}
    poorer = as_store({*asserted, *inference.close(asserted, rules)})
    if name == "owl-prp-symp":
        assert not ask(poorer, RULES[name])
    else:
        assert len(ask(poorer, RULES[name])) < len(ask(store, RULES[name]))


def test_no_premise_comes_later_than_what_follows(inputs, asserted):
    """Inherited copies come in an earlier round than the effective owners drawn from them."""
    derived = inference.close(asserted, inputs.rules)
    copies = [d.round for t, d in derived.items() if t.predicate == term("iotkg:inheritedFrom")]
    owners = [d.round for t, d in derived.items() if t.predicate == term("iotkg:effectiveOwner")]
    assert max(copies) < min(owners)


def test_a_rule_that_is_no_construct_is_refused(asserted):
    header = "#+ summary: x\n#+ summary-zh: 规则\n#+ kind: rule\n#+ stratum: owl\n#+ premises: ?s ?p ?o\n"
    text = f"{header}SELECT ?s WHERE {{ ?s ?p ?o }}"
    with pytest.raises(QueryFileError, match=r"x\.rq: a rule is a CONSTRUCT"):
        inference.close(asserted, {"x": parse_query(text, name="x", path="x")})
    wrong = parse_query(text.replace("stratum: owl", "stratum: other"), name="x", path="x")
    with pytest.raises(QueryFileError, match="stratum"):
        inference.close(asserted, {"x": wrong})


def test_nothing_blank_is_concluded(graphs):
    inferred = graphs[identifiers.graph("iot-2013/inferred")]
    assert not any(isinstance(node, BlankNode) for t in inferred for node in (t.subject, t.object))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_owlrl_gives_the_same_instance_triples(inputs, asserted):
    """The oracle: given what is asserted and what our own rules add, owlrl concludes exactly ours.

    Set aside: reflexive owl:sameAs, owl:Thing, blank nodes, and what owlrl says about literals and the schema.
    """
    import owlrl
    import rdflib

    derived = inference.close(asserted, inputs.rules)
    own = {t for t, d in derived.items() if inputs.rules[d.rule].header["stratum"] != "owl"}
    text = serialize(
        (Triple(t.subject, t.predicate, t.object) for t in {*asserted, *own}), format=RdfFormat.N_TRIPLES
    )
    graph = rdflib.Graph().parse(data=text, format="nt")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    oracle = {
        (str(s), str(p), o.n3())
        for s, p, o in graph
        if isinstance(s, rdflib.URIRef)
        and s.startswith(ID)
        and not isinstance(o, rdflib.BNode)
        and p != rdflib.OWL.sameAs
        and o != rdflib.OWL.Thing
    }
    ours = rdflib.Graph().parse(
        data=serialize(
            (Triple(t.subject, t.predicate, t.object) for t in {*asserted, *derived} if instance(t)),
            format=RdfFormat.N_TRIPLES,
        ),
        format="nt",
    )
    mine = {(str(s), str(p), o.n3()) for s, p, o in ours}
    same_as = [
        (s, o)
        for s, o in graph.subject_objects(rdflib.OWL.sameAs)
        if s != o and not isinstance(s, rdflib.Literal)
    ]
    assert same_as == []
    assert oracle - mine == set()
    assert mine - oracle == set()


def instance(triple):
    return getattr(triple.subject, "value", "").startswith(ID) and not isinstance(triple.object, BlankNode)
