"""China's ten IoT special action plans (2013-2015) as a knowledge graph.

``iotkg.open()`` opens a release: ``graph.run("tasks-of-a-plan", plan="talent")`` answers a canned query,
``graph.select("SELECT …")`` any other; ``.records()`` or ``.to_pandas()`` gives the rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iotkg.answering import Answers

__all__ = ["open"]


def open(folder: Path | str | None = None) -> Answers:  # noqa: A001 - reads as iotkg.open()
    """Open a release: that of the checkout that holds ``folder``.

    Without a folder it is the one that ``IOTKG_DIST`` names, else that of the checkout one stands in, else the one
    that came with the package.

    Raises: InputError when there is none, or it is not what its manifest says.
    """
    from iotkg.answering import open_answers  # noqa: PLC0415 - every command imports this package, few need answers
    from iotkg.layout import Layout, find_release  # noqa: PLC0415 - likewise

    return open_answers(find_release() if folder is None else Layout.find(Path(folder).resolve()).dist)
