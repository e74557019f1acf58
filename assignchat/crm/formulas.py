"""Text that a spreadsheet would run as a formula: guarding it in CSV, and reading it back."""

_SIGNS = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")  # in East Asia also the wide forms
_GUARD = "'"

NO_VALUE = "#FORMULA!"
"""What a formula is read as whose value was not saved."""

_ERRORS = frozenset(
    {"#N/A", "#NAME?", "#REF!", "#VALUE!", "#NUM!", "#NULL!", "#DIV/0!", "#SPILL!", "#CALC!"}
    | {"#GETTING_DATA", NO_VALUE}
)


def guarded(text: str) -> str:
    """Guard a text, as a CSV cell, that a spreadsheet might run as a formula.

    Text that looks guarded already gets another guard, so that nothing is lost.
    """
    return _GUARD + text if text.lstrip(_GUARD).startswith(_SIGNS) else text


def unguarded(text: str) -> str:
    """Remove the guard that `guarded` puts before a text."""
    is_guarded = text.startswith(_GUARD) and text.lstrip(_GUARD).startswith(_SIGNS)
    return text[1:] if is_guarded else text


def is_error(text: str) -> bool:
    """Return whether a cell holds an error that a spreadsheet shows instead of a value."""
    return text[:1] == "#" and (text in _ERRORS or not text.strip("#"))
