"""Collecting the problems of an import: each bad row is named, a repeated word only once."""

from collections.abc import Iterable

from assignchat.crm.words import folded_word
from assignchat.errors import ImportInvalid, InvalidValue
from assignchat.problems import Problem
from assignchat.texts import how_many

MAX_PROBLEMS = 10_000
"""After so many bad rows it is the wrong file, or one without end, and is read no further."""


_MOST_OF_A_VALUE = 10_000


class Problems:
    """The problems of one import."""

    def __init__(self) -> None:
        self._rows: list[Problem] = []
        self._words: dict[tuple[str | None, str], tuple[Problem, int]] = {}
        self._bad_rows: dict[int, str] = {}
        self._hint: str | None = None

    @property
    def are_too_many(self) -> bool:
        """Whether the limit is reached, so that the import need not look for more."""
        return len(self._rows) + len(self._words) >= MAX_PROBLEMS

    def add(self, line: int, row_id: str | None, error: InvalidValue) -> None:
        """Note the problem of a row. A word that was noted before is only counted."""
        self._hint = self._hint or error.hint
        value = error.value
        if isinstance(value, str):
            value = value[:_MOST_OF_A_VALUE]  # there may be many, and each of megabytes
        problem = Problem(line, row_id, error.column, value, error.message)
        if not error.is_word:
            self.extend([problem])
            return
        self._note_bad(problem)
        word = (error.column, folded_word(error.value))
        first, count = self._words.get(word, (problem, 0))
        self._words[word] = (first, count + 1)

    def extend(self, problems: Iterable[Problem], hint: str | None = None) -> None:
        """Note the problems of several rows."""
        for problem in problems:
            self._hint = self._hint or hint
            self._rows.append(problem)
            self._note_bad(problem)

    def _note_bad(self, problem: Problem) -> None:
        known = self._bad_rows.get(problem.line)
        if known is not None:
            self._bad_rows[problem.line] = f"{known}; {problem.message}"
        elif len(self._bad_rows) < MAX_PROBLEMS:
            self._bad_rows[problem.line] = problem.message

    def refuse(self) -> None:
        """Raise `ImportInvalid` if there are any problems."""
        rows = len(self._rows) + sum(count for _, count in self._words.values())
        if not rows:
            return
        listed = sorted([*self._rows, *map(_counted, self._words.values())], key=_place)
        wrong = "1 row is" if rows == 1 else f"{rows} rows are"
        if len(listed) >= MAX_PROBLEMS:
            wrong = f"{MAX_PROBLEMS:,} rows or more are"
        raise ImportInvalid(
            f"{wrong} wrong; nothing was imported",
            listed[:MAX_PROBLEMS],
            self._hint,
            self._bad_rows,
        )


def _counted(word: tuple[Problem, int]) -> Problem:
    problem, count = word
    return problem._replace(message=f"{problem.message} ({how_many(count, 'row')})")


def _place(problem: Problem) -> tuple[int, str]:
    return problem.line, problem.message
