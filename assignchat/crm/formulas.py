"""Text that a spreadsheet would run as a formula: how CSV guards it, and how it is read back."""

_SIGNS = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")  # in East Asia also the wide forms
_GUARD = "'"

NO_VALUE = "#FORMULA!"
"""What a formula is read as whose value was not saved."""

_ERRORS = frozenset(
    {"#N/A", "#NAME?", "#REF!", "#VALUE!", "#NUM!", "#NULL!", "#DIV/0!", "#SPILL!", "#CALC!"}
    | {"#GETTING_DATA", NO_VALUE}
)


def guarded(text: str) -> str:
    """The text as a CSV cell that no spreadsheet runs: a guard before what may begin a formula.

    Text that begins as guarded text does gets another guard, so that nothing is lost.
    """
    return _GUARD + text if text.lstrip(_GUARD).startswith(_SIGNS) else text


def unguarded(text: str) -> str:
    """The text of a CSV cell without the guard that `guarded` puts before it."""
    is_guarded = text.startswith(_GUARD) and text.lstrip(_GUARD).startswith(_SIGNS)
    return text[1:] if is_guarded else text


def is_error(text: str) -> bool:
    """Whether a cell holds what a spreadsheet shows in place of a value."""
    return text[:1] == "#" and (text in _ERRORS or not text.strip("#"))
