"""Reading JSON as objects: an array, values one after another, or a list inside objects."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from assignchat.crm.pages import Page, is_about_an_error
from assignchat.crm.tables import Unreadable
from assignchat.errors import FileUnreadable, InvalidValue
from assignchat.system.textfile import MAX_ROW_LENGTH, too_long

Object = dict[str, Any]
NumberedObject = tuple[int, Object | InvalidValue]

_MAX_DEPTH = 20
_SPACE = re.compile("[ \t\r\n]*")
_LONGEST_TOKEN = len("\\uD83D\\uDE00")
"""What is cut off is told of where it begins: the escapes of one character are the longest."""


def begins_json(text: str) -> bool:
    """Return whether a text with this beginning is JSON."""
    return text.lstrip()[:1] in {"[", "{"}


def objects(
    pieces: Iterable[str],
    is_row: Callable[[Object], bool],
    path: str | None,
    pages: list[Page],
) -> Iterator[NumberedObject]:
    """Yield the objects that are rows, each with its first line.

    An object that `is_row`, or has no list of objects in it, is a row itself. From any other
    object, the rows are the one list of objects in it, or the one at `path`, and the values
    around the list are added to `pages`. Unreadable parts are yielded as an `InvalidValue`.
    Raises `FileUnreadable` if it is unclear which list holds the rows.
    """
    text = Text(pieces)
    are_arrays = text.skip_space() == "["
    while first := text.skip_space():
        if are_arrays and first != "[":
            yield text.line, InvalidValue("not readable as JSON: no array, as what stands before")
            return
        if are_arrays:
            yield from _array(text, is_row)
        elif first == "{" and path is None:
            yield from _row_or_page(text, is_row, pages)
        elif first == "{":
            yield from _Wrapped(text, path, pages).rows()
        else:
            yield from _value(text)
        if text.is_broken:
            return


class Text:
    """A text that is read piece by piece, with a whole row ahead of `position`."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self.text = ""
        self.position = 0
        self.line = 1
        self.is_broken = False
        self._pieces = iter(pieces)
        self._ended = False

    def fill(self) -> None:
        """Read on if less than a row lies ahead, and forget the text behind."""
        if self._ended or len(self.text) - self.position > MAX_ROW_LENGTH:
            return
        ahead = [self.text[self.position :]]
        length = len(ahead[0])
        while length <= MAX_ROW_LENGTH + _READ_AHEAD:
            more = next(self._pieces, None)
            if more is None:
                self._ended = True
                break
            ahead.append(more)
            length += len(more)
        self.text = "".join(ahead)
        self.position = 0

    def go_to(self, position: int) -> None:
        """Set the position."""
        self.line += self.text.count("\n", self.position, position)
        self.position = position

    def skip_space(self) -> str:
        """Go to the next character that is no white space. Returns it, or "" at the end."""
        while True:
            self.fill()
            found = _SPACE.match(self.text, self.position)
            self.go_to(self.position if found is None else found.end())
            if self.position < len(self.text):
                return self.text[self.position]
            if self._ended:
                return ""

    def skip(self) -> str:
        """Go past one character and the white space after it. Returns the next one."""
        self.go_to(self.position + 1)
        return self.skip_space()

    def value(self) -> Any:
        """Read the JSON value here and go past it. Returns it. Raises `InvalidValue`."""
        self.fill()
        try:
            value, end = _DECODER.raw_decode(self.text, self.position)
        except (ValueError, RecursionError) as error:
            self.is_broken = True
            message = f"not readable as JSON: {self._reason(error)}"
            raise Unreadable(message, self._row()) from None
        self.go_to(end)
        return value

    def _row(self) -> str:
        """Return the text of the value that begins here, as far as it can be told."""
        end = self.text.find("\n{", self.position)
        text = self.text[self.position :] if end < 0 else self.text[self.position : end]
        return text[:_MOST_IN_A_CELL].rstrip()

    def go_to_next_line(self) -> None:
        """Skip unreadable text, up to the next value: `{` at a line's start."""
        self.fill()
        found = self.text.find("\n{", self.position)
        self.is_broken = found < 0
        if found >= 0:
            self.go_to(found + 1)

    @property
    def is_all(self) -> bool:
        """Whether the text read so far is all of it."""
        return self._ended

    def _reason(self, error: Exception) -> str:
        if isinstance(error, RecursionError):
            return "nested too deep"
        if not isinstance(error, json.JSONDecodeError):
            return "a number is too long" if "digits" in str(error) else str(error)
        # Whether it only ends too early, in a string or elsewhere.
        near_the_end = error.pos > len(error.doc) - _LONGEST_TOKEN
        if not self._ended and (near_the_end or error.msg.startswith("Unterminated")):
            return too_long().message
        return error.msg


_READ_AHEAD = 1024 * 1024
_MOST_IN_A_CELL = 32_767  # of a spreadsheet


def _once(pairs: list[tuple[str, Any]]) -> Object:
    """Make an object whose names are all different: with a repeated name, a value would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def _as_object(value: Any) -> Object | InvalidValue:
    if isinstance(value, dict):
        return value
    text = json.dumps(value, ensure_ascii=False)[:_MOST_IN_A_CELL]
    return Unreadable("not a JSON object", text)


def _value(text: Text) -> Iterator[NumberedObject]:
    """Yield a value on its own, which is a row."""
    line = text.line
    try:
        yield line, _as_object(text.value())
    except InvalidValue as error:
        yield line, error
        text.go_to_next_line()


def _array(
    text: Text, is_row: Callable[[Object], bool] = lambda _: True
) -> Iterator[NumberedObject]:
    """Yield the objects of an array. Raises `FileUnreadable` for an error before the first one."""
    following = text.skip()
    is_first = True
    while following != "]":
        line = text.line
        try:
            value = _as_object(text.value())
        except InvalidValue as error:
            yield line, error
            return
        if is_first and isinstance(value, dict) and not is_row(value):
            Page.of_object(value).refuse_error()
        is_first = False
        yield line, value
        following = text.skip_space()
        if following == ",":
            following = text.skip()
        elif following != "]":
            text.is_broken = True
            yield (
                text.line,
                InvalidValue("not readable as JSON: the array does not end as it should"),
            )
            return
    text.go_to(text.position + 1)


def _row_or_page(
    text: Text, is_row: Callable[[Object], bool], pages: list[Page]
) -> Iterator[NumberedObject]:
    """Yield the object that begins here, or the rows in it if it is not a row itself."""
    line = text.line
    text.fill()
    try:
        value, end = _DECODER.raw_decode(text.text, text.position)
    except (ValueError, RecursionError) as error:
        # No row is so long; anything else is told of where it is read.
        if not text.is_all and isinstance(error, json.JSONDecodeError):
            yield from _Wrapped(text, None, pages).rows()
        else:
            yield from _value(text)
        return
    if is_row(value) or not (_has_list(value, 0) or Page.of_object(value).error is not None):
        text.go_to(end)
        yield line, value
    else:
        yield from _Wrapped(text, None, pages).rows()


def _has_list(value: Object, depth: int) -> bool:
    """Return whether an object, or one in it, has a list of objects or an empty list."""
    for inner in value.values():
        if isinstance(inner, list) and (not inner or isinstance(inner[0], dict)):
            return True
        if isinstance(inner, dict) and depth < _MAX_DEPTH and _has_list(inner, depth + 1):
            return True
    return False


class _Wrapped:
    """An object around the list of rows. It is read without being held."""

    def __init__(self, text: Text, path: str | None, pages: list[Page]) -> None:
        self._text = text
        self._path = path
        self._found: str | None = None
        self._others = list[str]()
        self._page = Page()
        pages.append(self._page)

    def rows(self) -> Iterator[NumberedObject]:
        """Yield the rows. Raises `FileUnreadable` if no list holds them, or several may."""
        try:
            yield from self._object("", 0)
        except InvalidValue as error:
            self._text.is_broken = True
            yield self._text.line, error
        if self._text.is_broken:
            return
        if self._found is None:
            self._page.refuse_error()
            where = "in the object" if self._path is None else f"at {self._path!r}"
            listed = ", ".join(self._others) or "none"
            raise FileUnreadable(
                f"There is no list of objects {where}", hint=f"Its lists are: {listed}"
            )

    def _object(self, path: str, depth: int) -> Iterator[NumberedObject]:
        """Read an object, and the objects in it. Yields the rows."""
        text = self._text
        following = text.skip()
        while following == '"':
            name = text.value()
            if text.skip_space() != ":":
                raise InvalidValue("not readable as JSON: a name without a value")
            text.skip()
            yield from self._inner(f"{path}.{name}" if path else name, depth)
            if text.is_broken:
                return
            following = text.skip_space()
            if following == ",":
                following = text.skip()
        if following != "}":
            raise InvalidValue("not readable as JSON: the object does not end as it should")
        text.go_to(text.position + 1)

    def _inner(self, path: str, depth: int) -> Iterator[NumberedObject]:
        """Read a value in the object. Yields the rows."""
        begins = _BEGINS.match(self._text.text, self._text.position)
        begins_with = "" if begins is None else begins[0][0] + begins[0][-1]
        if begins_with[:1] == "{" and depth < _MAX_DEPTH:
            yield from self._object(path, depth + 1)
        elif begins_with in ("[{", "[]") and self._holds_rows(path, begins_with):
            self._found = path
            for row in _array(self._text):
                self._page.rows += 1
                yield row
        else:
            self._page.add(path, self._text.value())

    def _holds_rows(self, path: str, begins_with: str) -> bool:
        """Return whether a list holds the rows. Raises `FileUnreadable` if it is a second one."""
        self._others.append(path)
        if self._path is not None:
            return path == self._path
        if is_about_an_error(path):
            return False
        if self._found is None or not self._page.rows:
            return True
        if begins_with == "[]":
            return False
        raise FileUnreadable(
            f"There is more than one list of objects: {self._found}, {path}",
            hint=f"Say which holds the rows, for example: --rows {self._found}",
        )


_BEGINS = re.compile(r"[{]|\[[ \t\r\n]*.|.", re.DOTALL)
