"""China's ten IoT special action plans (2013-2015) as a knowledge graph.

``iotkg.open()`` opens the release of the checkout one stands in: ``graph.run("tasks-of-a-plan", plan="talent")``
answers a canned query, ``graph.select("SELECT …")`` any other.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iotkg.answering import Answers

__all__ = ["open"]


def open(folder: Path | str = ".") -> Answers:  # noqa: A001 - reads as iotkg.open()
    """Open the release of the checkout that holds ``folder``.

    Raises: InputError when there is no checkout, or no release in it.
    """
    from iotkg.answering import open_answers  # noqa: PLC0415 - every command imports this package, few need answers
    from iotkg.layout import Layout  # noqa: PLC0415 - likewise

    return open_answers(Layout.find(Path(folder).resolve()).dist)
