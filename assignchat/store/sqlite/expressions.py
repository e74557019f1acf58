"""The expressions for which SQLite has words of its own; see `store.expressions`."""

from collections.abc import Mapping


class Expressions:
    """A part of the engine. Each method returns an expression as SQL."""

    @staticmethod
    def not_ascii(column: str) -> str:
        return f"length({column}) <> length(CAST({column} AS BLOB))"

    @staticmethod
    def json_at(text: str, path: str) -> str:
        return f"json_extract({text}, '$.{path}')"

    @staticmethod
    def json_if_valid(text: str) -> str:
        return f"CASE WHEN json_valid({text}) THEN {text} END"

    @staticmethod
    def json_has(text: str, key: str) -> str:
        return f"(json_type({text}, '$.{key}') IS NOT NULL)"

    @staticmethod
    def json_spelled(text: str) -> str:
        return f"json({text})"

    @staticmethod
    def json_list(column: str, source: str) -> str:
        ordered = f"SELECT {column} {source} ORDER BY {column}"
        return f"(SELECT json_group_array({column}) FROM ({ordered}))"

    @staticmethod
    def json_array(*items: str) -> str:
        return f"json_array({', '.join(items)})"

    @staticmethod
    def json_object(members: Mapping[str, str]) -> str:
        pairs = (f"'{name}', {value}" for name, value in members.items())
        return f"json_object({', '.join(pairs)})"

    @staticmethod
    def json_without_nulls(text: str) -> str:
        return f"nullif(json_patch('{{}}', {text}), '{{}}')"

    @staticmethod
    def seconds_between(earlier: str, later: str) -> str:
        return f"round((julianday({later}) - julianday({earlier})) * 86400, 3)"
