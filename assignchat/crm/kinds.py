"""Finding the kind of a file by its first bytes, and never by its name."""

import gzip
import io
import tempfile
from collections.abc import Sequence
from enum import Enum
from typing import IO, BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from assignchat.errors import FileUnreadable
from assignchat.namedtuples import NamedTuple
from assignchat.shell import command_line, quoted

HEAD_BYTES = 4096
MAX_SPOOLED = 1024 * 1024 * 1024
"""A workbook out of a pipe is kept in a temporary file, up to this size."""

_SAVE_AS = "Save it as .xlsx or as CSV UTF-8."


class Kind(Enum):
    """The kinds of files that are read."""

    TEXT = "text"
    WORKBOOK = "workbook"


class Opened(NamedTuple):
    """A file of a known kind, from its start, and its first bytes."""

    kind: Kind
    stream: IO[bytes]
    head: bytes


class _Refused(NamedTuple):
    """A kind that is not read: the place of its mark, its name, and a hint."""

    mark: bytes
    name: str
    hint: str
    offset: int = 0


_UNPACK = "Unpack it first."
_REFUSED: Sequence[_Refused] = (
    _Refused(b"%PDF", "a PDF document", "Export the table as .xlsx, CSV or JSON."),
    _Refused(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    _Refused(b"Rar!", "a RAR archive", _UNPACK),
    _Refused(b"ustar", "a tar archive", _UNPACK, offset=257),
    _Refused(b"BZh", "compressed with bzip2", "Unpack it: bzcat FILE | assignchat import …"),
    _Refused(b"\xfd7zXZ\0", "compressed with xz", "Unpack it: xzcat FILE | assignchat import …"),
    _Refused(b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACK),
    _Refused(b"SQLite format 3\0", "an SQLite database", "Export the table as CSV or JSON."),
    _Refused(b"PAR1", "a Parquet file", "Export the table as CSV or JSON."),
    _Refused(b"{\\rtf", "a document in Rich Text Format", _SAVE_AS),
    _Refused(b"\x89PNG", "a picture", "Export the table as .xlsx, CSV or JSON."),
    _Refused(b"\xff\xd8\xff", "a picture", "Export the table as .xlsx, CSV or JSON."),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def opened(stream: BinaryIO, name: str) -> Opened:
    """Find the kind of a file, and unpack it if it is gzipped.

    Returns it from its start. Raises `FileUnreadable` for a kind that is not read, with its name
    and a hint.
    """
    head, rest = _peeked(stream)
    if head.startswith(_GZIP):
        head, rest = _peeked(cast("IO[bytes]", gzip.GzipFile(fileobj=rest)))
        if head.startswith(_GZIP):
            raise FileUnreadable(f"{name} is gzipped twice", hint=_UNPACK)
    if head.startswith(_ZIP):
        archive = _seekable(rest, name)
        _check_workbook(archive, name)
        return Opened(Kind.WORKBOOK, archive, head)
    if head.startswith(_OLD_OFFICE):
        raise _old_office(head + rest.read(_MAX_DIRECTORY), name)
    for refused in _REFUSED:
        if head.startswith(refused.mark, refused.offset):
            raise FileUnreadable(f"{name} is {refused.name}", hint=refused.hint)
    return Opened(Kind.TEXT, rest, head)


def _peeked(stream: IO[bytes]) -> tuple[bytes, IO[bytes]]:
    """Read the first bytes. Returns them, and the stream as it was before."""
    if stream.seekable() and not isinstance(stream, gzip.GzipFile):
        start = stream.tell()
        head = stream.read(HEAD_BYTES)
        stream.seek(start)
        return head, stream
    head = stream.read(HEAD_BYTES)
    return head, io.BufferedReader(cast("io.RawIOBase", _Rewound(head, stream)))


class _Rewound(io.RawIOBase):
    """A stream that cannot be rewound, with its first bytes put back."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer, first with the bytes that were put back. Returns how many there were."""
        given = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(given) :]
        buffer[: len(given)] = given
        return len(given)


def _seekable(stream: IO[bytes], name: str) -> IO[bytes]:
    """Return the stream itself, or a temporary file with its contents."""
    if stream.seekable():
        return stream
    spooled = tempfile.TemporaryFile()  # noqa: SIM115  # it is closed with the stream it is for
    left = MAX_SPOOLED
    while chunk := stream.read(min(left, 1024 * 1024) + 1):
        left -= len(chunk)
        if left < 0:
            raise FileUnreadable(f"{name} is an archive of more than {MAX_SPOOLED:,} bytes")
        spooled.write(chunk)
    spooled.seek(0)
    return spooled


def _check_workbook(archive: IO[bytes], name: str) -> None:
    """Raise `FileUnreadable` unless the zip archive is an Excel workbook."""
    try:
        with ZipFile(archive) as opened_archive:
            names = opened_archive.namelist()
            mimetype = opened_archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (BadZipFile, NotImplementedError, RuntimeError, ValueError):
        raise FileUnreadable(
            f"{name} is a zip archive or a workbook that is damaged or cut off",
            hint="Export or download it again.",
        ) from None
    archive.seek(0)
    if any(part.lower().endswith("xl/workbook.xml") for part in names):
        return
    raise _other_archive(name, names, mimetype.decode(errors="replace"))


def _other_archive(name: str, names: Sequence[str], mimetype: str) -> FileUnreadable:
    if any(part.endswith("xl/workbook.bin") for part in names):
        return FileUnreadable(f"{name} is a binary Excel workbook (.xlsb)", hint=_SAVE_AS)
    if "opendocument.spreadsheet" in mimetype:
        return FileUnreadable(f"{name} is an OpenDocument spreadsheet (.ods)", hint=_SAVE_AS)
    if any(part.startswith("word/") for part in names) or "opendocument" in mimetype:
        return FileUnreadable(f"{name} is a text document", hint=_SAVE_AS)
    if any(part.endswith(".iwa") for part in names):
        return FileUnreadable(f"{name} is a spreadsheet of Numbers", hint=_SAVE_AS)
    tables = [part for part in names if part.lower().endswith(_TABLES)]
    if not tables:
        return FileUnreadable(f"{name} is a zip archive", hint=_UNPACK)
    listed = ", ".join(tables[:_NAMED_AT_MOST]) + (", …" if len(tables) > _NAMED_AT_MOST else "")
    unpack = f"unzip -p {quoted(name)} {quoted(tables[0])}"
    return FileUnreadable(
        f"{name} is a zip archive with {listed} in it",
        hint=f"{unpack} | {command_line('import', 'chats', '-')}",
    )


_TABLES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx")
_NAMED_AT_MOST = 10
_MAX_DIRECTORY = 1024 * 1024


def _old_office(beginning: bytes, name: str) -> FileUnreadable:
    """Make the error for a file of the old Office, in which names stand as UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in beginning:
        return FileUnreadable(
            f"{name} is protected with a password", hint="Save it without a password."
        )
    if "WordDocument".encode("utf-16-le") in beginning:
        return FileUnreadable(f"{name} is an old Word document (.doc)", hint=_SAVE_AS)
    return FileUnreadable(f"{name} is an old Excel workbook (.xls)", hint=_SAVE_AS)
