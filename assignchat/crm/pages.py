"""The values that an API puts around its rows: that there are more pages, or an error."""

from collections.abc import Sequence
from typing import Any

from assignchat.errors import FileUnreadable, shortened

_ERRORS = frozenset({"error", "errors", "errorcode", "fault", "exception", "error_description"})
_CODES = frozenset({"code", "status", "statuscode", "errorcode", "category", "success"})
_SAYING_ONLY: tuple[set[str], ...] = ({"message"}, {"detail"})
_MORE = frozenset(
    {"has_more", "hasmore", "has_next", "hasnext", "hasnextpage", "has_next_page", "more"}
    | {"more_items_in_collection", "more_records", "morerecords", "more_results"}
)
_LAST = frozenset({"done", "end_of_stream", "is_last", "islast", "last"})
_NEXT = frozenset(
    {"next", "nextlink", "@odata:nextlink", "odata:nextlink", "next_page", "nextpage"}
    | {"nextrecordsurl", "next_page_url", "nextpageurl", "next_cursor", "nextcursor"}
    | {"next_page_token", "nextpagetoken", "next_url", "nexturl", "__next", "next_marker"}
    | {"continuation", "continuation_token", "continuationtoken"}
)
_TOTALS = frozenset(
    {"total", "total_count", "totalcount", "totalsize", "all_count", "@odata:count"}
    | {"totalelements", "total_elements", "total_results", "totalresults", "total_entries"}
    | {"total_items", "totalitems", "total_records", "totalrecords"}
)


class Page:
    """One answer of an API: the values around its rows, and the number of rows."""

    def __init__(self) -> None:
        self.rows = 0
        self._facts: dict[str, Any] = {}

    @classmethod
    def of_object(cls, value: dict[str, Any]) -> "Page":
        """Make a page from an object."""
        page = cls()
        for name, inner in value.items():
            page.add(name, inner)
        return page

    def add(self, path: str, value: Any) -> None:
        """Note the value at a path."""
        if isinstance(value, dict):
            for name, inner in value.items():
                self.add(f"{path}.{name}", inner)
        elif value not in (None, "", []) and len(self._facts) < _ENOUGH:
            self._facts[path] = value

    @property
    def error(self) -> str | None:
        """The error that the API reports, None if there is none."""
        wrong = [value for path, value in self._facts.items() if is_about_an_error(path) and value]
        names = {path.lower() for path in self._facts}
        failed = self._facts.get("success") is False or self._facts.get("status") == "error"
        if failed or (not self.rows and "message" in names and names & _CODES):
            wrong.append(self._facts.get("message", "not successful"))
        if names in _SAYING_ONLY:
            wrong += self._facts.values()
        texts = [value for value in wrong if isinstance(value, str)]
        return max(texts, key=len) if texts else str(wrong[0]) if wrong else None

    def refuse_error(self) -> None:
        """Raise `FileUnreadable` if the API reports an error."""
        if self.error is not None:
            raise FileUnreadable(
                shortened(f"It holds no rows but the error of an API: {self.error}"),
                hint="Ask the API again; mostly a token has expired or a permission is missing.",
            )

    @property
    def has_more(self) -> bool:
        """Whether another page follows. A flag goes before a link, which may always be there."""
        flags = [
            value if name in _MORE else not value
            for name, value in self._named()
            if isinstance(value, bool) and name in _MORE | _LAST
        ]
        if flags:
            return any(flags)
        return any(
            value is not False and (not _NEXT.isdisjoint(names) or _is_place(names[-1], value))
            for names, value in ((_components(path), value) for path, value in self._facts.items())
        )

    @property
    def total(self) -> int:
        """The number of rows on all pages, if it is given."""
        counts = [v for name, v in self._named() if name in _TOTALS and type(v) is int]
        return max(counts, default=0)

    def _named(self) -> list[tuple[str, Any]]:
        return [(_components(path)[-1], value) for path, value in self._facts.items()]


_ENOUGH = 1000


def is_about_an_error(path: str) -> bool:
    """Return whether the value at a path is about an error."""
    return not _ERRORS.isdisjoint(_components(path))


def _is_place(name: str, value: object) -> bool:
    """Return whether a value says where the next page begins. An offset in numbers does not."""
    return name == "offset" and isinstance(value, str) and not value.isdecimal()


def _components(path: str) -> list[str]:
    """Return the names in a path. Names of OData have a dot in them."""
    return path.lower().replace("odata.", "odata:").split(".")


def check_complete(pages: Sequence[Page], files: Sequence[str]) -> None:
    """Raise `FileUnreadable` if the pages in the files say that more follow."""
    rows = sum(page.rows for page in pages)
    total = max((page.total for page in pages), default=0)
    if (pages and all(page.has_more for page in pages)) or total > rows:
        of_all = f" of {total}" if total > rows else ""
        raise FileUnreadable(
            f"{', '.join(files)}: {rows}{of_all} rows, and the last page is missing",
            hint="Fetch the pages that follow too, and import all files at once.",
        )
