"""Decoding bytes. An encoding is known by its mark, or given; it is never guessed."""

import codecs
from collections.abc import Iterator
from typing import IO

from assignchat.crm.tables import Note
from assignchat.errors import FileUnreadable, Usage

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does, and is looked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_READ_AT_ONCE = 64 * 1024
_BYTE_ORDER_MARK = "\ufeff"


def check_encoding(name: str) -> None:
    """Raise `Usage` unless Python knows a text encoding of this name."""
    try:
        "a".encode(name)
    except (LookupError, ValueError):
        raise Usage(
            f"There is no encoding called {name!r}",
            hint="Common ones are windows-1252, windows-1251, iso-8859-15, shift_jis, gb18030.",
        ) from None


def encoding_of(head: bytes, named: str | None, file: str) -> str:
    """Find the encoding of a file from its first bytes: by its mark, else `named`, else UTF-8.

    UTF-16 without a mark is known by its NULs, which no other text has. Raises `FileUnreadable`
    for NULs that are not of UTF-16 either.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if named is not None:
        return named
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd <= len(head) // 8:
        return "utf-8"
    if even and odd:
        raise FileUnreadable(
            f"{file} is not text", hint="What is read is CSV, JSON and .xlsx, also gzipped."
        )
    return "utf-16-be" if even else "utf-16-le"


def decoded(
    stream: IO[bytes], encoding: str, file: str, note: Note = lambda _: None
) -> Iterator[str]:
    """Decode a stream. Yields it piece by piece, without the byte order marks at its beginning.

    `note` is told at the end of what is UTF-8 as well: the encoding may be that of another file.
    Raises `FileUnreadable` for bytes that are not of this encoding, naming the line.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    utf8 = None if codecs.lookup(encoding).name.startswith("utf") else _Utf8()
    lines, begins = 1, True
    while True:
        piece = stream.read(_READ_AT_ONCE)
        if utf8 is not None and utf8.has_ended_with(piece):
            note(f"Read as {encoding}, and right as UTF-8 too: see whether the names are right")
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            before = bytes(error.object[: error.start]).decode(encoding, "replace")
            raise _undecodable(error, lines + _line_ends(before), encoding, file) from None
        if begins and text:
            text = text.lstrip(_BYTE_ORDER_MARK)
            begins = not text
        if text:
            yield text
            lines += _line_ends(text)
        if not piece:
            return


class _Utf8:
    """Whether bytes are UTF-8, and not only ASCII."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._may_be = True
        self._is_more = False

    def has_ended_with(self, piece: bytes) -> bool:
        """Take the next bytes, none at the end. Returns whether that was the end of UTF-8."""
        try:
            text = self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            self._may_be = False
        else:
            self._is_more = self._is_more or not text.isascii()
        return not piece and self._may_be and self._is_more


def _line_ends(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _undecodable(error: UnicodeDecodeError, line: int, encoding: str, file: str) -> FileUnreadable:
    name = "UTF-8" if encoding == "utf-8" else encoding
    byte = error.object[error.start]
    return FileUnreadable(
        f"{file} is not {name}: line {line} has the byte 0x{byte:02x}",
        hint="Export it as UTF-8, or name its encoding: of Windows in western Europe and America"
        " it is --encoding windows-1252. See with --dry-run whether the names are right.",
    )
