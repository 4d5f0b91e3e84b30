"""Why a run passed: every shape and check with its target, how much it looked at, and what it found."""

from __future__ import annotations

from typing import Final

from iotkg.outcome import Outcome, ShapeRun
from iotkg.reports.wording import EVERYTHING, aim, line_of, plural, prefixed, said, short

_SHOWN: Final = 5


def to_explanation(outcome: Outcome, lang: str) -> str:
    """Write a paragraph for each shape and check, then the engine and the size of the data."""
    parts = [_paragraph(run, outcome, lang) for run in outcome.runs]
    parts.append(_total(outcome, lang))
    return "\n\n".join(parts) + "\n"


def looked_at(run: ShapeRun, lang: str) -> str:
    """Say how much a shape or check looked at."""
    if run.targets == (EVERYTHING,):
        return aim(EVERYTHING, lang, {})
    return plural(len(run.focus), "focus node") if lang == "en" else f"{len(run.focus)} 个焦点节点"


def found(run: ShapeRun, lang: str) -> str:
    """Say how much a shape or check found."""
    if lang == "zh":
        return f"发现 {run.results} 项" if run.results else "无发现"
    return plural(run.results, "finding") if run.results else "no findings"


def _paragraph(run: ShapeRun, outcome: Outcome, lang: str) -> str:
    name = line_of(said(run.names, lang))
    place = f" ({line_of(run.file)}:{run.line or 0})" if run.file else ""
    mark = "✗" if run.results else "✓" if run.focus or run.targets == (EVERYTHING,) else "–"
    shape = short(run.shape, outcome.prefixes)
    lines = [f"{mark} {shape}{name and f' {name}'}{place}"]
    colon, comma, stop = ("：", "、", "；") if lang == "zh" else (": ", ", ", "; ")
    aims = comma.join(aim(words, lang, outcome.prefixes) for words in run.targets)
    looked = looked_at(run, lang)
    lines.append(f"    {aims if aims == looked else f'{aims}{colon}{looked}'}{stop}{found(run, lang)}")
    if run.focus:
        more = len(run.focus) - _SHOWN
        rest = {"en": f" and {more} more", "zh": f" 等，另有 {more} 个"}[lang] if more > 0 else ""
        lines.append(
            f"    {' '.join(line_of(prefixed(node, outcome.prefixes), 80) for node in run.focus[:_SHOWN])}{rest}"
        )
    return "\n".join(lines)


def _total(outcome: Outcome, lang: str) -> str:
    checks = sum(run.targets == (EVERYTHING,) for run in outcome.runs)
    shapes = len(outcome.runs) - checks
    if lang == "zh":
        ran = f"{shapes} 个形状" + (f"、{checks} 个检查" if checks else "")
        return f"{ran}；{outcome.engine}，{len(outcome.files)} 个文件，{outcome.triples} 条三元组"
    ran = plural(shapes, "shape") + (f" and {plural(checks, 'check')}" if checks else "")
    return f"{ran}; {outcome.engine} on {plural(outcome.triples, 'triple')} of {plural(len(outcome.files), 'file')}"
