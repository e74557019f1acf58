"""Text that a spreadsheet would run as a formula: guarding it in CSV, and reading it back."""

import re

_GUARD = "'"
_SIGNS = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"  # in East Asia also the wide forms
# A cell begins at the start of a text. To a spreadsheet that separates by something else than
# commas, quotation marks in the middle of its cells are none, and others begin within the text.
_SEPARATORS = frozenset(";|\t\r\n")
_BEGINNINGS = frozenset("'\"=+-@\uff1d\uff0b\uff0d\uff20")
# After a space a whole cell is a text to all of them; some skip one behind a separator.
_WHOLE = f"['\"]*{_SIGNS}|'*[\t\r\n]"
_PART = f"['\" \u00a0\u3000]*{_SIGNS}"
_CELL = f"(^){{guard}}(?={_WHOLE})|([;|\t\r\n]){{guard}}(?={_PART})"
_UNGUARDED = _CELL.format(guard="")
_GUARDED = _CELL.format(guard=_GUARD)

NO_VALUE = "#FORMULA!"
"""What a formula is read as whose value was not saved."""

_ERRORS = frozenset(
    {"#N/A", "#NAME?", "#REF!", "#VALUE!", "#NUM!", "#NULL!", "#DIV/0!", "#SPILL!", "#CALC!"}
    | {"#GETTING_DATA", NO_VALUE}
)


def guarded(text: str) -> str:
    """Guard a text, as a CSV cell, that a spreadsheet might run as a formula, in whole or in part.

    Returns the text. Text that looks guarded already gets another guard, so that nothing is lost.
    """
    if text[:1].isalnum() and _SEPARATORS.isdisjoint(text):  # quick for nearly every cell
        return text
    return re.sub(_UNGUARDED, rf"\1\2{_GUARD}", text)


def are_harmless(texts: list[str]) -> bool:
    """Return whether it is clear at a glance that none of many texts has to be guarded."""
    if not _BEGINNINGS.isdisjoint([text[:1] for text in texts]):
        return False
    together = "".join(texts)
    return not any(separator in together for separator in _SEPARATORS)


def unguarded(text: str) -> str:
    """Remove the guards that `guarded` puts into a text. Returns the text."""
    return re.sub(_GUARDED, r"\1\2", text) if _GUARD in text else text


def is_error(text: str) -> bool:
    """Return whether a cell holds an error that a spreadsheet shows instead of a value."""
    return text[:1] == "#" and (text in _ERRORS or not text.strip("#"))
