"""What a file is, is told by its first bytes, and said by name."""

import gzip
import io
import zipfile

import pytest

from assignchat.crm import kinds
from assignchat.crm.encodings import check_encoding, decoded, encoding_of
from assignchat.errors import FileUnreadable, Usage

TEXT = "id,customer\nc-1,Zoë\n"


def archive(**parts: str) -> bytes:
    """A zip archive with these parts, a / written as __."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as written:
        for name, text in parts.items():
            written.writestr(name.replace("__", "/"), text)
    return made.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
REFUSED = {
    "a PDF": (b"%PDF-1.7\n", "a PDF document"),
    "an old workbook": (OLE + "Workbook".encode("utf-16-le"), "(.xls)"),
    "a protected workbook": (OLE + "EncryptedPackage".encode("utf-16-le"), "with a password"),
    "an old document": (OLE + "WordDocument".encode("utf-16-le"), "Word"),
    "a binary workbook": (archive(xl__workbook_bin="").replace(b"_bin", b".bin"), "(.xlsb)"),
    "an OpenDocument": (
        archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
        "OpenDocument spreadsheet",
    ),
    "an archive": (archive(readme="x"), "a zip archive"),
    "half an archive": (archive(readme="x")[:40], "damaged or cut off"),
    "gzipped twice": (gzip.compress(gzip.compress(b"id\n")), "gzipped twice"),
    "bzip2": (b"BZh91AY", "bzip2"),
    "xz": (b"\xfd7zXZ\0\0", "xz"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    "SQLite": (b"SQLite format 3\0", "SQLite database"),
    "Parquet": (b"PAR1\x15", "Parquet"),
    "a picture": (b"\x89PNG\r\n", "a picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_said_by_name(name: str) -> None:
    content, told = REFUSED[name]
    with pytest.raises(FileUnreadable) as refused:
        kinds.opened(io.BytesIO(content), "crm")
    assert told in refused.value.message
    assert refused.value.hint


def text_of(content: bytes, named: str | None = None) -> str:
    """The text of a file."""
    opened = kinds.opened(io.BytesIO(content), "crm")
    encoding = encoding_of(opened.head, named, "crm")
    return "".join(decoded(opened.stream, encoding, "crm"))


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        b"\xef\xbb\xbf" + TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        gzip.compress(TEXT.encode("utf-16")),
    ],
    ids=["UTF-8", "a mark", "two marks", "UTF-16", "little", "big", "UTF-32", "gzipped"],
)
def test_an_encoding_is_known_by_its_mark_or_its_nuls(content: bytes) -> None:
    assert text_of(content) == TEXT


def test_another_encoding_is_named_and_a_mark_goes_before_the_name() -> None:
    assert text_of(TEXT.encode("cp1252"), "cp1252") == TEXT
    assert text_of(TEXT.encode("utf-8-sig"), "cp1252") == TEXT
    for name in ("foo", "base64", ""):
        with pytest.raises(Usage):
            check_encoding(name)


@pytest.mark.parametrize("lines", [1, 20_000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_bytes_of_another_encoding_are_named_with_their_line(lines: int, end: str) -> None:
    with pytest.raises(FileUnreadable, match=f"line {lines + 1} has the byte 0xeb"):
        text_of((f"c-1,Ann{end}" * lines).encode() + b"c-2,Zo\xeb")


def test_what_has_nuls_and_is_not_utf_16_is_not_text() -> None:
    with pytest.raises(FileUnreadable, match="not text"):
        text_of(bytes(5000))
