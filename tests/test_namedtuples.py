"""Our named tuples behave as those of `typing`, whose classes take longer to make."""

import copy
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

from assignchat.namedtuples import NamedTuple


class Ours(NamedTuple):
    """A pair and a word."""

    left: int
    right: int
    word: str = "none"

    def total(self) -> int:
        """Both together."""
        return self.left + self.right


class Theirs(typing.NamedTuple):
    """The same."""

    left: int
    right: int
    word: str = "none"

    def total(self) -> int:
        """Both together."""
        return self.left + self.right


USES: dict[str, Callable[[Any], object]] = {
    "in order": lambda made: made(1, 2, "x"),
    "by name": lambda made: made(word="x", right=2, left=1),
    "in order, then by name": lambda made: made(1, right=2),
    "with a default": lambda made: made(1, 2),
    "of a row": lambda made: made._make(iter([1, 2, "x"])),
    "its fields": lambda made: (made._fields, made._field_defaults, made.__match_args__),
    "each value by its name": lambda made: (made(1, 2).left, made(1, 2).right, made(1, 2).word),
    "its own method": lambda made: made(1, 2).total(),
    "by the names of its fields": lambda made: list(made(1, 2)._asdict().items()),
    "with a value in the place of another": lambda made: made(1, 2)._replace(right=5),
    "as a tuple": lambda made: (*made(1, 2), made(1, 2) == (1, 2, "none"), hash(made(1, 2))),
    "as text": lambda made: repr(made(1, 2)).removeprefix(made.__name__),
    "copied": lambda made: copy.deepcopy(made(1, 2)),
    "pickled": lambda made: pickle.loads(pickle.dumps(made(1, 2))),  # noqa: S301
    "that is what it was": lambda made: type(copy.copy(made(1, 2))) is made,
    "without a value": lambda made: made(1),
    "without any": lambda made: made(),
    "with a value too many": lambda made: made(1, 2, "x", 4),
    "with a value twice": lambda made: made(1, 2, left=1),
    "with an unknown value": lambda made: made(1, 2, wrong=3),
}


def outcome(use: Callable[[Any], object], made: type) -> object:
    """What comes of a use, which is the error if it is a wrong one."""
    try:
        return use(made)
    except TypeError:
        return TypeError


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_named_tuple_is_used_as_one_of_typing(use: Callable[[Any], object]) -> None:
    assert outcome(use, Ours) == outcome(use, Theirs)


def test_an_unknown_field_cannot_be_replaced() -> None:
    changes: dict[str, Any] = {"wrong": 3}
    with pytest.raises(TypeError, match="no wrong"):
        Ours(1, 2)._replace(**changes)


def test_a_field_cannot_be_set() -> None:
    with pytest.raises(AttributeError):
        Ours(1, 2).left = 3  # type: ignore[misc]
