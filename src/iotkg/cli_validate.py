"""``iotkg validate``: SHACL for this checkout and for any RDF files, in a form that a CI job can trust."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand

from iotkg import errors
from iotkg.console import Language, err, fail, out
from iotkg.engines import Choice
from iotkg.findings import Finding, Severity
from iotkg.reports import FORMATS

if TYPE_CHECKING:
    from iotkg.inspecting import Inspected, Request
    from iotkg.outcome import Outcome

_CHANGED: Final = "--changed"
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|^`\\]+")
_PAUSE: Final = 200
"""Milliseconds after which a watch looks whether it is to stop."""


class Command(TyperCommand):
    """Lets ``--changed`` stand alone, for ``--changed HEAD``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Fill in the revision where none is written."""
        filled = [
            f"{_CHANGED}=HEAD" if here == _CHANGED and after.startswith("-") else here
            for here, after in zip_longest(args, args[1:], fillvalue="--")
        ]
        return super().parse_args(ctx, filled)


def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Report only on these files or folders of the checkout.")
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Check this RDF file or folder instead of the checkout; repeatable."),
    ] = None,
    shapes: Annotated[
        list[Path] | None, typer.Option(help="Shapes for --data; default: those in the data. Repeatable.")
    ] = None,
    ontology: Annotated[
        list[Path] | None, typer.Option(help="Read beside --data, for its classes. Repeatable.")
    ] = None,
    base: Annotated[
        str,
        typer.Option(
            metavar="IRI", help="Resolve relative IRIs in --data, --shapes and --ontology against this."
        ),
    ] = "",
    lang: Annotated[Language, typer.Option(help="Language of the messages.")] = Language.en,
    form: Annotated[
        str,
        typer.Option("--format", help="What is written to standard output; see --output for the formats."),
    ] = "text",
    output: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT=PATH",
            help=f"Write a report as well: {', '.join(FORMATS)}; - is standard output. Repeatable.",
        ),
    ] = None,
    fail_on: Annotated[
        Severity, typer.Option(help="The least severity that fails the run.")
    ] = Severity.VIOLATION,
    baseline: Annotated[
        Path | None, typer.Option(help="Fail only on findings that are not in this file.")
    ] = None,
    update_baseline: Annotated[bool, typer.Option(help="Write all findings into the baseline.")] = False,
    changed: Annotated[
        str | None,
        typer.Option(_CHANGED, metavar="[REV]", help="Report only what differs from a revision (HEAD)."),
    ] = None,
    explain: Annotated[
        bool, typer.Option(help="List every shape with what it looked at: why the run passed.")
    ] = False,
    watch: Annotated[bool, typer.Option(help="Check again whenever a file is saved, until Ctrl-C.")] = False,
    engine: Annotated[
        Choice,
        typer.Option(
            help="auto is the quick engine, shifty, with pyshacl for what it cannot evaluate; pyshacl gives the "
            "verdict of record, several times slower."
        ),
    ] = "auto",
    allow_empty: Annotated[bool, typer.Option(help="Let shapes pass whose target matches nothing.")] = False,
    allow_recursion: Annotated[
        bool, typer.Option(help="Let shapes refer to each other in a circle, as the engine sees fit.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that the engine may take.")] = 600.0,
    cache: Annotated[bool, typer.Option(help="Use and keep results of earlier runs.")] = True,
) -> None:
    """Check the checkout, as written and after inference, or any data against any shapes; write nothing but reports.

    Exit codes: 0 good, 1 findings, 2 wrong usage, 3 input or output failed, 4 shapes broken or nothing checked.
    """
    from iotkg.inspecting import Request

    outputs = _outputs(form, output or [])
    if (shapes or ontology) and not data:
        raise errors.RequestError(
            "--shapes and --ontology are for --data: name the files to check with --data"
        )
    read = {os.path.realpath(path) for path in (*(data or ()), *(shapes or ()), *(ontology or ()))}
    for _, path in outputs:
        if path is not None and os.path.realpath(path) in read:
            raise errors.RequestError(f"--output {path}: is one of the files read, and would be lost")
    if data and paths:
        raise errors.RequestError("PATHS are of the checkout; with --data, name files by --data alone")
    if base and not _ABSOLUTE.fullmatch(base):
        raise errors.RequestError(f"--base {base}: is no whole IRI, as in --base https://example.org/data/")
    if update_baseline and baseline is None:
        raise errors.RequestError("--update-baseline needs --baseline FILE, the file to write")
    request = Request(
        start=Path.cwd(),
        data=data or (),
        shapes=shapes or (),
        ontology=ontology or (),
        engine=engine,
        seconds=timeout,
        recursion=allow_recursion,
        cached=cache,
        base=base,
    )
    run = _Run(
        request,
        outputs,
        paths or [],
        lang.value,
        fail_on,
        baseline,
        update_baseline,
        changed,
        explain,
        allow_empty,
    )
    sys.exit(_watching(run) if watch else run.once())


@dataclass(frozen=True, slots=True)
class _Run:
    """One command line, which may run many times."""

    request: Request
    outputs: list[tuple[str, Path | None]]
    paths: list[Path]
    lang: str
    threshold: Severity
    baseline: Path | None
    update: bool
    changed: str | None
    explain: bool
    allow_empty: bool

    def once(self) -> int:
        """Check, report, and give the exit code."""
        from iotkg.inspecting import inspect

        inspected = inspect(self.request)
        outcome = inspected.outcome
        findings, beside = self._selected(inspected)
        shown = replace(
            outcome.only(findings),
            empty=() if self.allow_empty else outcome.empty,
            threshold=self.threshold,
        )
        beside += shown.empty
        failed = shown.partial or any(shown.fails(one) for one in findings)
        code = 1 if failed else 4 if shown.empty else 0
        if self.explain:
            self._explain(outcome)
        self._write(shown)
        sys.stdout.flush()  # whoever watches through a pipe waits for it
        for words in beside:
            err.print(words, markup=False)
        return code

    def _explain(self, outcome: Outcome) -> None:
        """Print the explanation before the text report; beside a report for machines it would break that."""
        from iotkg.reports.explanation import to_explanation

        text = any(name == "text" and path is None for name, path in self.outputs)
        (out if text else err).print(to_explanation(outcome, self.lang), markup=False, end="")

    def _selected(self, inspected: Inspected) -> tuple[list[Finding], list[str]]:
        """Give the findings that are to be reported, and what is said beside them.

        All findings are held against the baseline, whatever of them is shown: an entry is gone only when nothing
        has it.
        """
        findings = list(inspected.outcome.findings)
        beside = list(inspected.outcome.notes)
        if self.baseline is not None:
            findings, said = self._held(findings, self.baseline, complete=not inspected.outcome.partial)
            beside += said
        if self.paths:
            findings, said = _within(findings, _wanted(self.paths), complete=not inspected.outcome.partial)
            beside += said
        if self.changed:
            findings, said = self._touched(findings, inspected, self.changed)
            beside += said
        return findings, beside

    def _held(
        self, findings: list[Finding], baseline: Path, *, complete: bool
    ) -> tuple[list[Finding], list[str]]:
        """Give the findings that are not in the baseline, which is written first where that is asked for."""
        from iotkg import baseline as known

        said = []
        if self.update and complete:
            known.save(baseline, findings)
            count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
            said.append(f"{baseline}: {count} written")
        elif self.update:
            said.append(
                f"{baseline}: not written, for not everything was checked; mend what keeps it from being checked"
            )
            return findings, said
        held = known.compare(findings, known.load(baseline))
        if complete:
            said += [f"no longer found, take it out of {baseline}: {words}" for words in held.gone]
        if held.known and not self.update:
            count = "1 finding is" if len(held.known) == 1 else f"{len(held.known)} findings are"
            said.append(f"{count} in {baseline} and let be")
        return list(held.new), said

    def _touched(
        self, findings: list[Finding], inspected: Inspected, revision: str
    ) -> tuple[list[Finding], list[str]]:
        """Give the findings that the changes since a revision touch or bring about."""
        from iotkg.changes import since, touched
        from iotkg.inspecting import earlier

        changes = since(revision, self.request.start)
        if not findings:
            return [], []
        before, unknown = earlier(self.request, changes)
        places = {one.file for one in findings}
        kept = touched(
            findings,
            changes,
            files=[file for file in inspected.files() if file.name in places],
            folder=inspected.root or self.request.start,
            before=before,
        )
        said = []
        if unknown:
            said.append(f"{revision} itself could not be checked, so all findings count as new: {unknown}")
        if others := len(findings) - len(kept):
            stand = "1 finding stands" if others == 1 else f"{others} findings stand"
            said.append(f"{stand} outside what differs from {revision}, and stood there before")
        return kept, said

    def _write(self, outcome: Outcome) -> None:
        from iotkg.loading import write_text

        texts = [(FORMATS[name](outcome, self.lang), path) for name, path in self.outputs]
        faults = []
        for text, path in texts:
            try:
                if path is None:
                    sys.stdout.write(text)
                else:
                    write_text(path, text, str(path))
            except errors.OutputError as error:
                faults.append(str(error))  # the others are written all the same
        if faults:
            raise errors.OutputError("\n".join(faults))


def _outputs(form: str, stated: Sequence[str]) -> list[tuple[str, Path | None]]:
    """Read ``FORMAT=PATH`` options; None is standard output.

    Raises: RequestError when a format is unknown or standard output is asked for twice; OutputError when a folder
    cannot be written to.
    """
    found: list[tuple[str, Path | None]] = []
    for one in stated:
        name, equals, place = one.partition("=")
        if not equals or not place:
            raise errors.RequestError(
                f"--output {one}: write FORMAT=PATH, as in sarif=report.sarif or turtle=-"
            )
        found.append((name, None if place == "-" else Path(place)))
    if all(path is not None for _, path in found):
        found.insert(0, (form, None))
    for name, _ in found:
        if name not in FORMATS:
            raise errors.RequestError(f"{name!r} is no format; there are {', '.join(FORMATS)}")
    _writable([path for _, path in found if path is not None])
    if sum(path is None for _, path in found) > 1:
        raise errors.RequestError("two reports to standard output; give one of them a file")
    return found


def _writable(files: Sequence[Path]) -> None:
    """See that reports can be written, each to a file of its own, before anything is.

    Raises: OutputError when a file cannot be written; RequestError when two reports have one.
    """
    for path in files:
        if not path.parent.is_dir():
            raise errors.OutputError(f"{path}: there is no folder {path.parent}; make it first")
        if path.is_dir():
            raise errors.OutputError(f"{path}: is a folder; name a file in it")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise errors.OutputError(f"{path}: may not be written; name another place")
    own = {os.path.realpath(path): path for path in files}
    if len(own) < len(files):
        twice = next(path for path in files if path not in own.values() or files.count(path) > 1)
        raise errors.RequestError(f"two reports to {twice}; give each its own file")


def _wanted(paths: Sequence[Path]) -> set[str]:
    """Name the Turtle files of the checkout that the paths cover.

    Raises: RequestError when a path covers none.
    """
    from iotkg.layout import Layout

    layout = Layout.find(Path.cwd())
    known = {layout.relative(path): path for path in layout.turtle}
    wanted: set[str] = set()
    for path in paths:
        whole = path.resolve()
        covered = {name for name, file in known.items() if file == whole or file.is_relative_to(whole)}
        if not covered:
            raise errors.RequestError(
                f"{path}: no Turtle file of this checkout is there; name one below {layout.root}"
            )
        wanted |= covered
    return wanted


def _within(findings: list[Finding], wanted: set[str], *, complete: bool) -> tuple[list[Finding], list[str]]:
    """Keep the findings in some files, and those in none; say how many violations stand in others."""
    inside = [one for one in findings if one.file is None or one.file in wanted]
    elsewhere = sum(one.severity == "violation" for one in findings) - sum(
        one.severity == "violation" for one in inside
    )
    if not elsewhere:
        return inside, []
    count = "1 fault stands" if elsewhere == 1 else f"{elsewhere} faults stand"
    unknown = "" if complete else ", so what follows from these was not checked"
    return inside, [f"{count} in other files{unknown}: run iotkg validate"]


def _watching(run: _Run) -> int:
    """Check, and check again whenever a file is saved, until the user stops it; failures do not end it.

    Folders are watched and not files: an editor that saves by renaming puts another file in the old one's place.
    """
    from watchfiles import watch

    from iotkg.inspecting import watched

    places = [place.resolve() for place in watched(run.request)]
    folders = {place if place.is_dir() else place.parent for place in places}
    for folder in folders:
        if not folder.is_dir():
            raise errors.InputError(f"{folder}: there is no such folder to watch")
    own = {path.resolve() for path in (run.baseline, *(path for _, path in run.outputs)) if path is not None}

    def read(_: object, name: str) -> bool:
        path = Path(name).resolve()
        inside = any(path == place or path.is_relative_to(place) for place in places)
        aside = path.name.startswith((".", "~", "#")) or path.name.endswith(("~", ".new", ".swp"))
        return inside and not aside and path not in own

    code = 130  # stopped before there was a verdict
    with suppress(KeyboardInterrupt):
        saves = watch(
            *folders,
            watch_filter=read,
            recursive=any(place.is_dir() for place in places),
            rust_timeout=_PAUSE,
            yield_on_timeout=True,
            raise_interrupt=True,
        )
        next(saves)  # from here on no save is missed, also during a check
        changes: set[tuple[object, str]] | None = None
        while True:
            if changes:
                names = sorted({Path(name).name for _, name in changes})
                err.print(f"— {', '.join(names)} —", markup=False)
            if changes or changes is None:
                code = _guarded(run)
                err.print("watching; stop with Ctrl-C", markup=False)
            changes = {(kind, name) for kind, name in next(saves)}
    return code


def _guarded(run: _Run) -> int:
    try:
        return run.once()
    except errors.IotkgError as error:
        return fail(error)
