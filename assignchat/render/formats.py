"""Values as JSON documents: exact and complete."""

import json
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from types import NoneType
from typing import Any

from assignchat.model import TrackingRow
from assignchat.render.output import write, write_all
from assignchat.texts import OTHER_SPACES, is_seen


class Form(StrEnum):
    """The form in which a result is printed."""

    PEOPLE = "people"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    IDS = "ids"


_PLAIN = (str, int, NoneType)  # as most values are

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: named tuples as objects, a tracking row's detail parsed."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, TrackingRow):
        detail = None if value.detail is None else json.loads(detail_text(value.detail))
        return value._asdict() | {"detail": detail}
    if hasattr(value, "_asdict"):
        return _plain_object(value._asdict())
    if isinstance(value, dict):
        return _plain_object(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _plain_object(values: dict[Any, Any]) -> dict[Any, Any]:
    return {key: item if isinstance(item, _PLAIN) else plain(item) for key, item in values.items()}


def json_text(value: Any) -> str:
    """Return a value as JSON on one line, exact, with escapes for what a terminal would obey."""
    return escaped(_ENCODER.encode(plain(value)))


def escaped(text: str) -> str:
    """Return JSON with escapes for the characters that a terminal would obey."""
    # Quick for what nearly every row is; JSON itself has escaped the control characters.
    if is_inert(text) or is_seen(text):
        return text
    return "".join(
        char if is_seen(char) or char in OTHER_SPACES else json.dumps(char)[1:-1] for char in text
    )


def is_inert(text: str) -> bool:
    """Return whether it is clear at a glance that a text needs no such escapes."""
    return text.isascii() and "\x7f" not in text


def say_json(value: Any) -> None:
    """Print one JSON document. An iterator in a dict is a list, which is never held whole."""
    if isinstance(value, dict) and any(isinstance(item, Iterator) for item in value.values()):
        write_all(chain(_json_parts(value), ["}\n"]))
    else:
        write(json_text(value) + "\n")


def _json_parts(document: dict[str, Any]) -> Iterator[str]:
    before = "{"
    for key, value in document.items():
        yield f"{before}{json_text(key)}: "
        before = ", "
        if isinstance(value, Iterator):
            first = next(value, None)
            yield "[" if first is None else f"[{json_text(first)}"
            yield from (f", {json_text(item)}" for item in value)
            yield "]"
        else:
            yield json_text(value)


@lru_cache(maxsize=1024)
def detail_text(detail: str) -> str:
    """Return the detail of a tracking row, which is JSON, or text if it was spoilt."""
    try:
        json.loads(detail)
    except ValueError:
        return json.dumps(detail, ensure_ascii=False)
    return detail
