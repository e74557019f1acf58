"""The expressions for which PostgreSQL has words of its own; see `Database`."""

from collections.abc import Mapping


class Expressions:
    """A part of the engine. Each method returns an expression as SQL."""

    @staticmethod
    def not_ascii(column: str) -> str:
        return f"octet_length({column}) <> length({column})"

    @staticmethod
    def json_at(text: str, path: str) -> str:
        steps = path.replace("[", ",").replace("]", "")
        return f"(CAST({text} AS json) #>> '{{{steps}}}')"

    @staticmethod
    def json_if_valid(text: str) -> str:
        return text  # the tables take no other

    @staticmethod
    def json_has(text: str, key: str) -> str:
        return f"jsonb_exists(CAST({text} AS jsonb), '{key}')"

    @staticmethod
    def json_spelled(text: str) -> str:
        return text  # a json value is kept as it was written

    @staticmethod
    def json_list(column: str, source: str) -> str:
        values = f"json_agg({column} ORDER BY {column})"
        return f"(SELECT CAST(coalesce({values}, '[]') AS text) {source})"

    @staticmethod
    def json_array(*items: str) -> str:
        return f"json_build_array({', '.join(items)})"

    @staticmethod
    def json_object(members: Mapping[str, str]) -> str:
        pairs = (f"'{name}', {value}" for name, value in members.items())
        return f"CAST(json_build_object({', '.join(pairs)}) AS text)"

    @staticmethod
    def json_without_nulls(text: str) -> str:
        return f"nullif(CAST(json_strip_nulls(CAST({text} AS json)) AS text), '{{}}')"

    @staticmethod
    def seconds_between(earlier: str, later: str) -> str:
        times = (f"CAST({time} AS timestamptz)" for time in (later, earlier))
        seconds = f"extract(epoch FROM {' - '.join(times)})"
        return f"CAST(round({seconds}, 3) AS double precision)"
