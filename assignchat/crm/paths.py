"""Finding values in objects, by a name or by a path that goes down: `meta.assignee.email`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assignchat.crm.headings import folded
from assignchat.crm.tables import is_blank

ABSENT: Any = object()
"""What is found where a path leads nowhere; a null is found as None."""


class Paths:
    """The paths into objects with the same names at the top."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._folded = {folded(name): name for name in self._names}
        self._ways = dict[str, Sequence[tuple[str, str]]]()

    def has(self, path: str) -> bool:
        """Return whether the path begins at one of the names."""
        return bool(self._way(path))

    def used(self, paths: Mapping[str, Sequence[str]]) -> set[str]:
        """Return the names at which any of the paths begins."""
        return {name for of in paths.values() for path in of for name, _ in self._way(path)}

    def name(self, path: str) -> str | None:
        """Return the name that is the whole path. Returns None if it goes on or is joined."""
        way = self._way(path)
        return way[0][0] if len(way) == 1 and not way[0][1] else None

    def values(self, row: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
        """List the values of an object at paths, without absent ones."""
        return {path: value for path in paths if (value := self._value(row, path)) is not ABSENT}

    def _value(self, row: Mapping[str, Any], path: str) -> Any:
        parts = [_down(row[name], rest) for name, rest in self._way(path)]
        if not parts:
            return ABSENT
        if len(parts) == 1:
            return parts[0]
        texts = [str(part).strip() for part in parts if part is not ABSENT and not is_blank(part)]
        return " ".join(texts)

    def _way(self, path: str) -> Sequence[tuple[str, str]]:
        """Return the name at which a path begins, and its rest; several if they are joined."""
        if path not in self._ways:
            self._ways[path] = self._found(path)
        return self._ways[path]

    def _found(self, path: str) -> Sequence[tuple[str, str]]:
        parts = [self.begin(part.strip()) for part in path.split("+")]
        joined = [part for part in parts if part is not None]
        name = _called(path, self._names, self._folded)
        if name is not None:
            return [(name, "")]
        if len(joined) == len(parts):
            return joined
        alone = self.begin(path)
        return [] if alone is None else [alone]

    def begin(self, path: str) -> tuple[str, str] | None:
        """Return the name at which a path begins, and its rest. Returns None if there is none."""
        end = len(path)
        while end > 0:
            name = _called(path[:end], self._names, self._folded)
            if name is not None:
                return name, path[end + 1 :]
            end = path.rfind(".", 0, end)
        return None


def _called(text: str, names: Iterable[str], by_folded: Mapping[str, str]) -> str | None:
    return text if text in names else by_folded.get(folded(text))


def _down(value: Any, path: str) -> Any:
    """Return the value at a path below a value."""
    if not path or value is None:
        return value
    if isinstance(value, list):
        first, _, rest = path.partition(".")
        if not first.isdecimal() or int(first) >= len(value):
            return ABSENT
        return _down(value[int(first)], rest)
    if not isinstance(value, dict):
        return ABSENT
    if path in value:
        return value[path]
    way = Paths(value).begin(path)
    return ABSENT if way is None else _down(value[way[0]], way[1])


def flat(value: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return an object as one row of cells, each named by its path."""
    cells = dict[str, Any]()
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            cells |= flat(inner, f"{before}{name}.")
        else:
            cells[before + name] = json.dumps(inner) if isinstance(inner, list) else inner
    return cells
