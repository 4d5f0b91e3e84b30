"""What a change touches, by git: the lines of each file that differ from a revision, new files whole.

A file that the revision does not hold (untracked, ignored, in a submodule, outside of the repository) is new: nothing
of it was there before.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from iotkg.errors import InputError, RequestError
from iotkg.findings import Finding
from iotkg.rdffile import RdfFile

_BREAK: Final = re.compile(rb"\r\n|\r|\n")  # as positions.py counts lines
_FORK: Final = "..."
_GAP: Final = 0.5
_HUNK: Final = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_PLAIN: Final = (  # whatever the user's configuration and attributes say of how a diff is shown
    "--unified=0",
    "--inter-hunk-context=0",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--no-relative",
    "--text",
)


@dataclass(frozen=True, slots=True)
class Changes:
    """A work tree beside a commit: the files that the commit holds, and of those that differ the lines, from 1.

    Where lines were only taken away, it is half a line that differs: 4.5 is between lines 4 and 5. Names are those of
    git, relative to ``root``.
    """

    root: Path
    commit: str
    held: frozenset[str]
    lines: Mapping[str, frozenset[float]]

    def name(self, path: Path) -> str | None:
        """Name a file as git does; None outside of the repository."""
        whole = path.resolve()
        return whole.relative_to(self.root).as_posix() if whole.is_relative_to(self.root) else None

    def touch(self, path: Path, first: int | None, last: int | None) -> bool:
        """Say whether any line of a stretch of a file was touched; without a stretch, any line of the file."""
        name = self.name(path)
        if name not in self.held:
            return True
        touched = self.lines.get(name or "", frozenset())
        if first is None or last is None:
            return bool(touched)
        return any(first <= line <= last for line in touched)

    def restore(self, places: Iterable[Path], folder: Path) -> dict[Path, Path | None]:
        """Write files and folders below ``folder`` as the commit has them; give where each place now is.

        None is a place that the commit does not hold. One outside of the repository is where it was.
        """
        names = {place: self.name(place) for place in places}
        wanted = [
            held
            for held in self.held
            if any(name is not None and _below(held, name) for name in names.values())
        ]
        index = {"GIT_INDEX_FILE": str(folder / ".index")}
        _git(self.root, "read-tree", self.commit, environment=index)
        _git(
            self.root,
            "checkout-index",
            f"--prefix={folder}/",
            "-z",
            "--stdin",
            environment=index,
            given="\0".join(wanted),
        )
        moved = {place: folder / name if name is not None else place for place, name in names.items()}
        return {place: new if new.exists() else None for place, new in moved.items()}


def since(revision: str, folder: Path) -> Changes:
    """Compare the work tree around a folder with a revision; with ``REV...``, with where the two parted.

    Raises: InputError when there is no git repository, or no git; RequestError when the revision is none of its.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n")).resolve()
    commit = _commit(revision, root)
    lines: dict[str, set[float]] = {}
    names = _git(root, "diff", *_PLAIN, "--name-only", "-z", commit, "--")
    for name in filter(None, names.split("\0")):
        current = lines.setdefault(name, set())
        for line in _git(root, "diff", *_PLAIN, commit, "--", name).split("\n"):
            if hunk := _HUNK.match(line):
                start, count = int(hunk[1]), int(hunk[2] or 1)
                current.update(range(start, start + count) if count else (start + _GAP,))
    held = _git(root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    return Changes(
        root,
        commit,
        frozenset(filter(None, held.split("\0"))),
        {name: frozenset(touched) for name, touched in lines.items()},
    )


def _commit(revision: str, root: Path) -> str:
    start = revision.removesuffix(_FORK)
    try:
        commit = _git(root, "rev-parse", "--verify", "--quiet", f"{start}^{{commit}}").strip()
    except InputError as error:
        path = f"; for the path, write --changed HEAD {revision}" if Path(revision).exists() else ""
        raise RequestError(
            f"--changed {revision}: is no revision of {root}; name a commit or a branch that is here "
            f"(a shallow clone lacks most){path}"
        ) from error
    if start == revision:
        return commit
    try:
        return _git(root, "merge-base", commit, "HEAD").strip()
    except InputError as error:
        raise RequestError(
            f"--changed {revision}: {start} and HEAD have no commit in common here; fetch the whole history"
        ) from error


def touched(
    findings: Iterable[Finding],
    changes: Changes,
    *,
    files: Iterable[RdfFile],
    folder: Path,
    before: Collection[str],
) -> list[Finding]:
    """Keep the findings whose statement or block a change touched, and those that were not there before it.

    ``files`` are those the findings stand in, by name; names are relative to ``folder``. ``before`` are the
    identities of what was found in the revision.
    """
    by_name = {file.name: file for file in files}

    @cache
    def blocks(name: str) -> list[tuple[int, int]]:
        return blocks_of(by_name[name]) if name in by_name else []

    kept = []
    for one in findings:
        if one.identity not in before:
            kept.append(one)
            continue
        if one.file is None:
            continue
        first = last = one.line
        for start, end in blocks(one.file):
            if one.line is not None and start <= one.line <= end:
                first, last = start, end
        if changes.touch(folder / one.file, first, last):
            kept.append(one)
    return kept


def blocks_of(file: RdfFile) -> list[tuple[int, int]]:
    """Give the first and last line of each block of statements; blocks are parted by where subjects begin.

    Blank lines and comments after a block's last statement are no part of it.
    """
    lines = _BREAK.split(file.data)
    starts = sorted(file.positions().starts())
    found = []
    for start, after in pairwise([*starts, len(lines) + 1]):
        last = after - 1
        while last > start and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith(b"#")):
            last -= 1
        found.append((start, last))
    return found


def _below(name: str, place: str) -> bool:
    return place in {".", name} or name.startswith(f"{place}/")


def _git(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, given: str | None = None
) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and a revision that was looked up
            ["git", "--literal-pathspecs", "-C", str(folder), *arguments],  # noqa: S607 - git of the user's path is meant
            capture_output=True,
            check=False,
            env={**os.environ, "LC_ALL": "C", **(environment or {})},
            input=given.encode("utf-8", "surrogateescape") if given is not None else None,
        )
    except OSError as error:
        raise InputError(f"--changed needs git: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(
            f"--changed: git says: {said[-1] if said else 'nothing'}; run it inside a git repository"
        )
    return done.stdout.decode("utf-8", "surrogateescape")
