"""Everything that can go wrong, in one tree.

IotkgError
├── InputError               a file cannot be read or parsed (exit 3)
│   ├── TurtleError          is no Turtle, or breaks a rule of layout
│   └── QueryFileError       a .rq header or parameter slot is wrong
├── CurationError            what the files say does not fit the text (exit 1)
│   ├── TreeMismatch         the curated document tree and the printed one differ
│   ├── QuoteError           a quote is not where its statement says, or not once
│   ├── LinkError            a link without words, or words without a link
│   └── AccountError         a numeral, title or watched word that nothing accounts for
├── OutputError              a file cannot be written (exit 3)
├── ShapesError              the shapes are broken, or nothing was checked (exit 4)
│   └── LimitExceeded        evaluating them takes more time or memory than is allowed
├── RequestError             the caller asked for something there is not (exit 2)
│   ├── UnknownQuery
│   ├── UnknownEntity
│   └── InvalidParameter
└── EngineError              the engine failed; the answer is not known (exit 5)
    └── RemoteError          a store elsewhere does not answer, or not as it should
        └── RemoteTooSlow    it takes longer than it may
"""

from collections.abc import Iterable

from iotkg.problems import Problem


class IotkgError(Exception):
    """Root of the tree; the message names the file, line or parameter and the mend."""


class InputError(IotkgError):
    """A file cannot be read or parsed."""


class TurtleError(InputError):
    """A Turtle file does not parse or breaks a rule of layout."""


class QueryFileError(InputError):
    """A query file's header or slots are wrong."""


class OutputError(IotkgError):
    """A file cannot be written; what stood there before still does."""


class CurationError(IotkgError):
    """What the files say does not fit the text; ``problems`` lists every fault found, sorted."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=str)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class TreeMismatch(CurationError):
    """The curated document tree differs from the one printed in the source text."""


class QuoteError(CurationError):
    """A quote does not stand where its statement says, or stands there more than once."""


class LinkError(CurationError):
    """A link has no supporting words, or a known label in the text has no link."""


class AccountError(CurationError):
    """A numeral, a title or a watched word is neither anchored nor excepted."""


class ShapesError(IotkgError):
    """The shapes are broken, or a check had nothing to look at."""


class LimitExceeded(ShapesError):
    """Evaluating the shapes takes more time or memory than is allowed."""


class RequestError(IotkgError):
    """The caller asked for something there is not."""


class UnknownQuery(RequestError):
    """No canned query has this name."""


class UnknownEntity(RequestError):
    """Nothing in the graph has this IRI."""


class InvalidParameter(RequestError):
    """A parameter is unknown, or its value is none of those allowed."""


class EngineError(IotkgError):
    """The engine or a remote endpoint failed; the answer is not known."""


class RemoteError(EngineError):
    """A store elsewhere does not answer, or with what is no answer."""


class RemoteTooSlow(RemoteError):
    """A store elsewhere takes longer than it may."""
