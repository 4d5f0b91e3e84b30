"""What a change touches, by git: the lines of each file that differ from a revision, new files whole."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iotkg.errors import InputError, RequestError
from iotkg.findings import Finding
from iotkg.rdffile import RdfFile

_HUNK: Final = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Changes:
    """The lines, from 1, that differ in each file, by resolved path."""

    lines: Mapping[Path, frozenset[int]]

    def touch(self, file: str | None, first: int, last: int) -> bool:
        """Say whether any line of a stretch of a file was touched."""
        touched = self.lines.get(Path(file).resolve(), frozenset()) if file else frozenset()
        return any(first <= line <= last for line in touched)


def since(revision: str, folder: Path) -> Changes:
    """Compare the work tree around a folder with a revision.

    Raises: InputError when there is no git repository, or no git; RequestError when the revision is none of its.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    try:
        _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except InputError as error:
        raise RequestError(
            f"--changed {revision}: is no revision of {root}; name a commit or a branch"
        ) from error
    lines: dict[Path, set[int]] = {}
    current: set[int] = set()
    diff = _git(
        root,
        "diff",
        "--unified=0",
        "--no-color",
        "--no-ext-diff",
        "--no-renames",
        "-z",
        "--name-only",
        revision,
    )
    for name in filter(None, diff.split("\0")):
        current = lines.setdefault((root / name).resolve(), set())
        for line in _git(
            root, "diff", "--unified=0", "--no-color", "--no-ext-diff", revision, "--", name
        ).split("\n"):
            if hunk := _HUNK.match(line):
                start, count = int(hunk[1]), int(hunk[2] or 1)
                # where lines were only taken away, those around the gap were touched
                current.update(range(start, start + count) if count else (start, start + 1))
    for name in filter(None, _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")):
        path = (root / name).resolve()
        try:
            count = path.read_bytes().count(b"\n") + 1
        except OSError:
            continue
        lines[path] = set(range(1, count + 1))
    return Changes({path: frozenset(touched) for path, touched in lines.items()})


def touched(
    findings: Iterable[Finding], changes: Changes, blocks: Mapping[str, Mapping[int, int]]
) -> list[Finding]:
    """Keep the findings whose statement or block a change touched.

    ``blocks`` give for each file the last line of the block that each line belongs to the start of.
    """
    kept = []
    for one in findings:
        line = one.line or 1
        starts = [start for start in blocks.get(one.file or "", {}) if start <= line]
        first = max(starts, default=line)
        last = max(blocks.get(one.file or "", {}).get(first, line), line)
        if changes.touch(one.file, first, last):
            kept.append(one)
    return kept


def blocks_of(files: Iterable[RdfFile]) -> dict[str, dict[int, int]]:
    """Give the first and last line of each block of statements; blocks are parted by where subjects begin."""
    found: dict[str, dict[int, int]] = {}
    for file in files:
        count = file.data.count(b"\n") + 1
        starts = sorted(file.positions().starts())
        ends = [start - 1 for start in starts[1:]] + [count]
        found[file.name] = dict(zip(starts, ends, strict=True)) if starts else {}
    return found


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and a revision that was checked
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - git of the user's path is meant
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise InputError(f"--changed needs git: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(
            f"--changed: git says: {said[-1] if said else 'nothing'}; run it inside a git repository"
        )
    return done.stdout.decode("utf-8", "replace")
