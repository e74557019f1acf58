"""The options that describe how to read the files of a CRM, and the source made of them."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.invocation import invocation
from assignchat.cli.session import Session
from assignchat.config import edit, load
from assignchat.config.sources import source_named
from assignchat.crm.encodings import check_encoding
from assignchat.crm.separated import delimiter_named
from assignchat.crm.sources import Source
from assignchat.crm.times import Times
from assignchat.crm.words import folded_word
from assignchat.errors import Usage
from assignchat.service.config import record_change
from assignchat.system import signals

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=HEADER",
        help="Under which heading a column stands; repeated, the first that is not blank.",
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--value", metavar="COLUMN:WORD=MEANING", help="What a word of the file means; blank: none."
    ),
]
Defaults = Annotated[
    list[str] | None,
    typer.Option("--default", metavar="COLUMN=VALUE", help="What a blank cell means."),
]
TimeZone = Annotated[
    str | None,
    typer.Option("--time-zone", metavar="ZONE", help="Of times without one, such as Asia/Kolkata."),
]
TimeFormat = Annotated[
    str | None,
    typer.Option(
        "--time-format", metavar="FORMAT", help="Of times: '%d/%m/%Y %H:%M', epoch or excel."
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding", metavar="NAME", help="If it is not UTF-8 or UTF-16, such as windows-1252."
    ),
]
Delimiter = Annotated[
    str | None, typer.Option("--delimiter", metavar="CHAR", help="Between cells, or tab.")
]
NoHeader = Annotated[
    bool, typer.Option("--no-header", help="There are no headings; HEADER is a number from 1.")
]
Sheet = Annotated[
    str | None,
    typer.Option("--sheet", metavar="NAME", help="Of a workbook, else the first visible one."),
]
Rows = Annotated[
    str | None,
    typer.Option("--rows", metavar="PATH", help="Where in JSON the rows are, as data.items."),
]


From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="SOURCE",
        autocompletion=options.SOURCES,
        help="As the config says of this source; options go before it.",
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save-source", metavar="NAME", help="Keep what was given as a source in the config."
    ),
]


def source_from(
    columns: Sequence[str],
    *,
    column: Sequence[str] | None,
    value: Sequence[str] | None,
    default: Sequence[str] | None,
    time_zone: str | None,
    time_format: str | None,
    encoding: str | None,
    delimiter: str | None,
    no_header: bool,
    sheet: str | None,
    rows: str | None,
) -> Source:
    """Make a source from the options. Raises `Usage` for a combination without a meaning."""
    Times(time_zone, time_format)
    if encoding is not None:
        check_encoding(encoding)
    return Source(
        columns=_headings(column or [], columns),
        values=_meanings(value or [], columns),
        defaults=dict(_named(text, columns, "--default", "COLUMN=VALUE") for text in default or []),
        time_zone=time_zone,
        time_format=time_format,
        encoding=encoding,
        delimiter=None if delimiter is None else delimiter_named(delimiter),
        sheet=sheet,
        rows=rows,
        has_headings=not no_header,
    )


def _headings(texts: Sequence[str], columns: Sequence[str]) -> dict[str, list[str]]:
    found = dict[str, list[str]]()
    for text in texts:
        name, heading = _named(text, columns, "--column", "NAME=HEADER")
        if not heading:
            raise Usage(f"--column {text!r} is not NAME=HEADER")
        found.setdefault(name, []).append(heading)
    return found


def _meanings(texts: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, str]]:
    found = dict[str, dict[str, str]]()
    for text in texts:
        name, separator, rest = text.partition(":")
        word, equals, meaning = rest.rpartition("=")
        if not (separator and equals and name.strip() in columns):
            raise _wrong("--value", text, "COLUMN:WORD=MEANING", columns)
        words = found.setdefault(name.strip(), {})
        same = {old: of for old, of in words.items() if folded_word(old) == folded_word(word)}
        if set(same.values()) - {meaning.strip()}:
            raise Usage(f"--value gives {word.strip()!r} in {name.strip()} two meanings")
        words |= {} if same else {word.strip(): meaning.strip()}
    return found


def _named(text: str, columns: Sequence[str], option: str, form: str) -> tuple[str, str]:
    name, separator, rest = map(str.strip, text.partition("="))
    if not separator or name not in columns:
        raise _wrong(option, text, form, columns)
    return name, rest


def _wrong(option: str, text: str, form: str, columns: Sequence[str]) -> Usage:
    what = form.partition("=")[0].partition(":")[0]
    return Usage(
        f"{option} {text!r} is not {form}", hint=f"A {what} is one of {', '.join(columns)}."
    )


def named_source(session: Session, name: str, kind: str) -> Source:
    """Find a source of the config. Raises `SourceNotFound`, and `Usage` for a wrong value in it."""
    source = source_named(session.config.sources, name, kind)
    Times(source.time_zone, source.time_format)
    if source.encoding is not None:
        check_encoding(source.encoding)
    delimiter = source.delimiter and delimiter_named(source.delimiter)
    return source._replace(delimiter=delimiter)


def save(ctx: typer.Context, session: Session, name: str, kind: str, source: Source) -> None:
    """Write a source to the config file, and record it as any change of the config."""
    path = session.config.path
    with edit.locked(path), ExitStack() as until_done:
        old = load.load(invocation(ctx).config_file)
        new, text, backup = edit.change_source(old, name, kind, source)
        if new.values == old.values:
            return
        replace = until_done.enter_context(edit.replacement(old.path, text, keep_as=backup))
        database = session.database
        with database.write():
            until_done.enter_context(signals.held())
            before, after = old.sources.get(name), new.sources[name]
            record_change(database, f"sources.{name}", before, after, actor=session.actor)
        replace()
        invocation(ctx).changed_files = True
    render.note(f"Source {name} is in {path} now: --from {name}")
    if backup is not None:
        render.note(f"The comments could not be kept; the old file is {backup}.")
