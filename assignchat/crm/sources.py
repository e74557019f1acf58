"""A CRM as `import` knows it: under which headings, with which words and times it writes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Source(NamedTuple):
    """How the files of one CRM are to be read. What is not said here is found in the file.

    `columns` names the headings of a column, in the order in which they are tried;
    `values` the meaning of a column's words; `defaults` what a blank cell means.
    """

    columns: Mapping[str, Sequence[str]] = MappingProxyType({})
    values: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    defaults: Mapping[str, str] = _NOTHING
    time_zone: str | None = None
    time_format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    rows: str | None = None
    has_headings: bool = True
