"""Marks are nested and cut without losing a character or a mark."""

from hypothesis import given
from hypothesis import strategies as st

from iotkg.highlights import HERE, KINDS, Mark, Node, nest

LENGTH = 40
SPANS = st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)).filter(lambda span: span[0] < span[1])
MARKS = st.lists(
    st.builds(
        lambda span, kind: Mark(start=span[0], end=span[1], kind=kind),
        SPANS,
        st.sampled_from([HERE, *KINDS]),
    ),
    max_size=12,
)


def leaves(pieces):
    """Give the runs of words in the order in which they would be written."""
    for piece in pieces:
        if isinstance(piece, Node):
            yield from leaves(piece.inside)
        else:
            yield piece


def nodes(pieces):
    """Give every part of a mark."""
    for piece in pieces:
        if isinstance(piece, Node):
            yield piece
            yield from nodes(piece.inside)


@given(MARKS, SPANS)
def test_all_words_are_there_once_and_each_mark_covers_its_own(marks, window):
    start, end = window
    pieces = nest(marks, start, end, KINDS)

    assert [at for left, right in leaves(pieces) for at in range(left, right)] == list(range(start, end))
    parts = list(nodes(pieces))
    for mark in marks:
        wanted = [at for at in range(mark.start, mark.end) if start <= at < end]
        found = sorted(at for part in parts if part.mark == mark for at in range(part.start, part.end))
        assert found == sorted(wanted * marks.count(mark))
    for part in parts:
        assert [at for left, right in leaves(part.inside) for at in range(left, right)] == list(
            range(part.start, part.end)
        )


@given(MARKS)
def test_a_mark_is_cut_only_where_another_crosses_it(marks):
    parts = list(nodes(nest(marks, 0, LENGTH, KINDS)))

    crossing = any(one.start < other.start < one.end < other.end for one in marks for other in marks)
    assert crossing or all((part.start, part.end) == (part.mark.start, part.mark.end) for part in parts)


def test_longer_marks_stand_outside_and_lines_have_room_for_those_shown_inside():
    sentence = Mark(start=0, end=9, kind="provision")
    claim = Mark(start=0, end=5, kind="responsibility")
    actor = Mark(start=0, end=5, kind="body")
    (outer, rest) = nest((actor, claim, sentence), 0, 10, {"responsibility", "body"})

    assert (outer.mark, outer.height, rest) == (sentence, 2, (9, 10))
    (inner, behind) = outer.inside
    assert (inner.mark, inner.height, behind) == (claim, 1, (5, 9))
    assert (inner.inside[0].mark, inner.inside[0].height) == (actor, 0)
    assert nest((actor, claim, sentence), 0, 10, {"body"})[0].height == 1


def test_what_crosses_goes_on_behind():
    first, second = Mark(start=0, end=4, kind="target"), Mark(start=2, end=6, kind="sector")
    (one, two) = nest((first, second), 0, 6, KINDS)

    assert (one.mark, one.start, one.end, one.first) == (first, 0, 4, True)
    assert [(it.mark, it.start, it.end, it.first) for it in one.inside if isinstance(it, Node)] == [
        (second, 2, 4, True)
    ]
    assert (two.mark, two.start, two.end, two.first) == (second, 4, 6, False)
