"""The problems of an import's rows."""

from typing import Any

from assignchat.namedtuples import NamedTuple


class Problem(NamedTuple):
    """A problem of a row of an import, or of a word in some of its rows.

    The id, the column and the value are null if they are not known. The file is named if there
    are several; the item, counted from 1, if there are several on the line.
    """

    line: int
    id: str | None
    column: str | None
    value: object
    message: str
    file: str | None = None
    item: int | None = None

    def described(self) -> dict[str, Any]:
        """Return the problem for programs; the file and the item only if they are known."""
        fields = self._asdict()
        for name in ("file", "item"):
            if fields[name] is None:
                del fields[name]
        if not isinstance(self.value, (str, int, float, bool, type(None))):
            fields["value"] = str(self.value)
        return fields

    def __str__(self) -> str:
        of = "" if self.file is None else f"{self.file}, "
        who = "" if self.id is None or repr(self.id) in self.message else f" (id {self.id})"
        item = "" if self.item is None else f", item {self.item}"
        return f"{of}line {self.line}{item}: {self.message}{who}"
