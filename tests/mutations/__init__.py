r"""Defects of many kinds, seeded into copies of the real data: each is found by the rule meant for it.

One file of ``defects/`` for each stage of the build, one table for each defect:

    [[defect]]
    name = "a responsibility without its actor"
    file = "data/iot-2013/standards/statements.ttl"
    subject = "responsibility:iot-2013_standards_sac_lead"   # the block that the edit stands in
    old = "  iotkg:actor actor:sac ;\n"                     # once in the block; * is the block, "" the file's end
    new = ""
    expect = "iotsh:Responsibility-actor"                    # shape, check (query:), check of the text (check:)
    at = "block"                                             # the subject's first line; else words on the line
    focus = "…"                                              # where it is not the subject

Defects of the stage ``graph`` change what the build derives (``drops``, as in tests/cases, and ``adds``), since no
edit of a file can: they show that a fault of the build itself would be found. Those of ``read`` keep the files from
being read; the words of the error are held against ``says``, in which ``{line}`` is that of ``new``. The defects of
one stage, or of one ``copy`` in it, stand in one copy, for they do not disturb each other.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pyoxigraph as ox

import cases
from iotkg import build, examining
from iotkg.engines import Engine
from iotkg.errors import CurationError, InputError
from iotkg.findings import Finding
from iotkg.layout import Layout
from iotkg.turtle import parse_turtle
from iotkg.vocab import PREFIXES

FOLDER = Path(__file__).parent / "defects"
STAGES = ("read", "written", "tree", "quotes", "links", "accounts", "complete", "graph")
TEXT = ("tree", "quotes", "links", "accounts")
COPIED = ("data", "ontology", "queries", "shapes")


@dataclass(frozen=True, kw_only=True, slots=True)
class Defect:
    """One seeded fault and what must be found."""

    name: str
    stage: str
    expect: str = ""
    file: str = ""
    subject: str = ""
    old: str = ""
    new: str = ""
    at: str = ""
    focus: str = ""
    beside: str = ""
    """The subject whose block, or line, the finding points at, where it is not the edited one."""
    copy: str = ""
    says: str = ""
    renames: bool = False
    """Whether ``old`` is an IRI that is written as ``new`` wherever it stands, so that nothing dangles."""
    drops: Sequence[str] = ()
    adds: str = ""

    @property
    def shape(self) -> str:
        """The IRI of the rule that must find it."""
        return cases.iri(self.expect)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding must point: nowhere for what stands in no file."""

    file: str | None
    line: int | None
    column: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one defect: whether the rule found it, and whether it pointed at the right place."""

    defect: Defect
    engine: str
    found: bool
    wanted: Place
    places: tuple[Place, ...]
    words: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether it was found, in the right place, and in the words asked for."""
        return (
            self.found
            and self.wanted in self.places
            and (not self.defect.says or any(self.defect.says in words for words in self.words))
        )


@cache
def defects() -> tuple[Defect, ...]:
    """Read all defects, stage by stage."""
    return tuple(
        Defect(stage=stage, **table)
        for stage in STAGES
        for table in tomllib.loads((FOLDER / f"{stage}.toml").read_text(encoding="utf-8"))["defect"]
    )


def copies() -> dict[tuple[str, str], list[Defect]]:
    """Group the defects that are seeded together."""
    found: dict[tuple[str, str], list[Defect]] = defaultdict(list)
    for defect in defects():
        found[defect.stage, defect.copy or (defect.name if defect.stage == "read" else "")].append(defect)
    return dict(found)


def checkout(root: Path, seeded: Iterable[Defect]) -> Layout:
    """Copy the real data to a folder, with defects."""
    for name in COPIED:
        shutil.copytree(cases.ROOT / name, root / name)
    for defect in seeded:
        if defect.renames:
            rename(root / "data", defect)
        elif defect.file:
            path = root / defect.file
            text = edited(path.read_text(encoding="utf-8"), defect)
            path.write_text(text if defect.stage == "read" else declared(text), encoding="utf-8")
    return Layout(root)


def rename(folder: Path, defect: Defect) -> None:
    """Write another IRI everywhere."""
    for path in folder.rglob("*.ttl"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(rf"{re.escape(defect.old)}(?![\w-])", defect.new, text), encoding="utf-8")


def declared(text: str) -> str:
    """Declare the prefixes of ours that an edit brought in: a file without them could not be read at all."""
    words = re.sub(r'"[^"\n]*"', "", text)
    used = {
        prefix for prefix in re.findall(r"(?<![\w:/<-])([a-z][a-z-]*):(?=\w)", words) if prefix in PREFIXES
    }
    known = set(re.findall(r"^@prefix ([a-z-]+):", text, re.MULTILINE))
    return "".join(f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in sorted(used - known)) + text


def edited(text: str, defect: Defect) -> str:
    """Seed one defect into the text of its file."""
    if not defect.old:
        return text + defect.new
    start, end = block(text, defect.subject) if defect.subject else (0, len(text))
    held = text[start:end]
    if defect.old == "*":
        return text[:start] + defect.new + text[end:]
    assert held.count(defect.old) == 1, f"{defect.name}: {defect.old!r} stands {held.count(defect.old)} times"
    return text[:start] + held.replace(defect.old, defect.new) + text[end:]


def block(text: str, subject: str) -> tuple[int, int]:
    """Give the span of a subject's block in a file that is laid out."""
    start = f"\n{text}".find(f"\n{subject}\n")
    assert start >= 0, f"{subject} is not there"
    return start, text.index("\n.\n", start) + 3


def wanted(layout: Layout, defect: Defect) -> Place:
    """Say where the finding must point, counted in the text of the copy."""
    if defect.at == "nowhere":
        return Place(None, None, None)
    name = defect.beside or defect.subject
    files = [layout.root / defect.file] if defect.file else sorted(layout.root.rglob("*.ttl"))
    for path in dict.fromkeys((*files, *sorted(layout.root.rglob("*.ttl")))):
        text = path.read_text(encoding="utf-8")
        if f"\n{name}\n" in f"\n{text}":
            break
    else:
        raise AssertionError(f"{defect.name}: {name} is nowhere")
    start, end = block(text, name)
    line = text.count("\n", 0, start) + 1
    if defect.at == "block":
        return Place(layout.relative(path), line, 1)
    lines = text[start:end].splitlines()
    rows = [number for number, row in enumerate(lines) if defect.at in row]
    assert len(rows) == 1, f"{defect.name}: {defect.at!r} stands on {len(rows)} lines"
    row = lines[rows[0]]
    before = row.strip().split(" ", 1)[0]
    return Place(layout.relative(path), line + rows[0], row.index(before) + len(before) + 2)


def run(folder: Path, stage: str, seeded: Sequence[Defect], engine: Engine = "shifty") -> list[Verdict]:
    """Check one copy and say what became of each defect in it."""
    layout, found = found_in(folder, stage, seeded, engine)
    if stage == "read":
        return [_unread(layout, defect) for defect in seeded]
    return [verdict(layout, defect, found, engine) for defect in seeded]


def found_in(
    folder: Path, stage: str, seeded: Sequence[Defect], engine: Engine = "shifty"
) -> tuple[Layout, list[Finding]]:
    """Make one copy with its defects and give everything that is found in it; nothing where it is not to be read."""
    layout = checkout(folder, seeded)
    if stage == "read":
        return layout, []
    return layout, _found(layout, build.read(layout), stage, seeded, engine)


def verdict(layout: Layout, defect: Defect, found: Iterable[Finding], engine: str) -> Verdict:
    """Hold what was found against what one defect asks for."""
    focus = cases.iri(defect.focus or defect.subject)
    mine = [one for one in found if one.shape == defect.shape and one.focus == focus]
    return Verdict(
        defect=defect,
        engine=engine,
        found=bool(mine),
        wanted=wanted(layout, defect),
        places=tuple(Place(one.file, one.line, one.column) for one in mine),
        words=tuple(" ".join((*one.messages.values(), *one.advice.values())) for one in mine),
    )


def _found(
    layout: Layout, inputs: build.Inputs, stage: str, seeded: Sequence[Defect], engine: Engine
) -> list[Finding]:
    written = build.check(layout, inputs, inputs.written, "written", engine=engine)
    if stage == "written":
        return written
    assert not [one for one in written if one.severity == "violation"], written
    if stage in TEXT:
        try:
            build.assemble(inputs)
        except CurationError as error:
            return examining.located(inputs, error.problems)
        return []
    triples = build.merged(build.assemble(inputs))
    for defect in seeded:
        triples = changed(triples, defect)
    return build.check(layout, inputs, triples, "complete", engine=engine)


def changed(triples: set[ox.Triple], defect: Defect) -> set[ox.Triple]:
    """Change the complete graph as a defect says."""
    left = set(cases.dropped(frozenset(triples), defect.drops))
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    return left | {
        item for item in parse_turtle(head + defect.adds, name=defect.name) if isinstance(item, ox.Triple)
    }


def _unread(layout: Layout, defect: Defect) -> Verdict:
    text = (layout.root / defect.file).read_text(encoding="utf-8") if defect.file else ""
    line = text.count("\n", 0, text.find(defect.new)) + 1
    defect = replace(defect, says=defect.says.replace("{line}", str(line)))
    try:
        build.read(layout)
    except InputError as error:
        said = str(error)
    else:
        said = ""
    nowhere = Place(None, None, None)
    return Verdict(defect, "-", bool(said), nowhere, (nowhere,), (said,))


def by_rule(seeded: Iterable[Defect]) -> Mapping[str, int]:
    """Count the defects of each rule."""
    count: dict[str, int] = defaultdict(int)
    for defect in seeded:
        if defect.expect:
            count[defect.expect] += 1
    return count
