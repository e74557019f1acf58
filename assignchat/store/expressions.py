"""The part of the protocol of an engine that is about the words of its SQL."""

from collections.abc import Mapping
from typing import Protocol


class Expressions(Protocol):
    """Expressions that engines have different words for. Each is returned as SQL."""

    @staticmethod
    def not_ascii(column: str) -> str:
        """Return the condition that a text has other characters than those of ASCII."""

    @staticmethod
    def json_at(text: str, path: str) -> str:
        """Return the value in a JSON text at a path such as `status[1]`, or NULL."""

    @staticmethod
    def json_if_valid(text: str) -> str:
        """Return the text, or NULL if it is not JSON."""

    @staticmethod
    def json_has(text: str, key: str) -> str:
        """Return the condition that a JSON object has a member, which may be null."""

    @staticmethod
    def json_spelled(text: str) -> str:
        """Return the JSON text as `json_at` spells it."""

    @staticmethod
    def json_list(column: str, source: str) -> str:
        """Return a JSON text of the values of a column, in order."""

    @staticmethod
    def json_array(*items: str) -> str:
        """Return a JSON array of the items."""

    @staticmethod
    def json_object(members: Mapping[str, str]) -> str:
        """Return a JSON text of the object with these members."""

    @staticmethod
    def json_without_nulls(text: str) -> str:
        """Return a JSON object without its members that are null, or NULL if none is left."""

    @staticmethod
    def seconds_between(earlier: str, later: str) -> str:
        """Return the seconds between two stored times, to the millisecond."""
