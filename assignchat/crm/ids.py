"""Ids that a spreadsheet has spoilt, and other forms of known ids."""

import re
from collections.abc import Sequence

from assignchat.texts import hidden, look

_SPOILT = re.compile(
    r"""(?P<rounded>\d(?:[.,]\d+)?E\+?\d+)   # 9.19877E+11
      | (?P<fraction>\d+[.,]0+)              # 919876543210.0
      | (?P<formula>=\s*".*")                # ="919876543210"
      | (?P<zeros>\d{15}0+)                  # more digits than a spreadsheet keeps
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_SPOILT_LINE = re.compile(f"\\n(?=[\\d=])(?:{_SPOILT.pattern})\\n", _SPOILT.flags)
_UNUSUAL = re.compile("[^-_.@+a-z0-9\n]")
_WHY = {
    "rounded": "is a number that a spreadsheet has rounded",
    "fraction": "is a number that a spreadsheet has given a fraction",
    "formula": "is a formula of a spreadsheet",
    "zeros": "has more digits than a spreadsheet keeps, and ends in zeros",
}
_TOTALS = frozenset(
    {"total", "totals", "sum", "grand total", "subtotal", "count", "gesamt", "summe"}
    | {"gesamtergebnis", "total general", "suma total", "total général", "totale", "итого"}
)
_COUNT = re.compile(r"\(?\d+ (?:rows?|records?)\b.*", re.IGNORECASE)  # as databases tell it
_GUID = re.compile(
    r"[{(]?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[)}]?", re.IGNORECASE
)
_SALESFORCE = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?")
_SALESFORCE_PREFIX = re.compile("[0-9]|a[0-9]")  # of what is built in, and of what is not
_SALESFORCE_SHORT = 15
_DIGITS_KEPT = 15  # by a spreadsheet
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def why_hidden(text: str) -> str | None:
    """Name a character in an id that cannot be seen. Returns None if there is none."""
    char = hidden(text)
    return char and f"has a character that cannot be seen, U+{ord(char):04X}"


def why_spoilt(text: str) -> str | None:
    """Say what a spreadsheet has made of an id, or what hides in it. Returns None for neither."""
    if len(text) <= _DIGITS_KEPT and text.isdigit():  # quick for phone numbers
        return None
    if why := why_hidden(text):
        return why
    found = _SPOILT.fullmatch(text)
    if found is not None:
        return _WHY[str(found.lastgroup)]
    is_total = text.casefold() in _TOTALS or _COUNT.fullmatch(text) is not None
    return "is a line of totals" if is_total else None


def are_ordinary(ids: Sequence[str]) -> bool:
    """Return whether none of the ids is spoilt, and each is the canonical form of itself.

    If it returns False, some may be. It looks at all at once, because there are millions.
    """
    together = "".join(ids)
    if together.isdigit() and together.isascii() and max(map(len, ids)) <= _DIGITS_KEPT:
        return True
    apart = "\n".join(["", *ids, ""])
    return (
        _UNUSUAL.search(apart) is None
        and _SPOILT_LINE.search(apart) is None
        and _TOTALS.isdisjoint(ids)
    )


def may_have_been(text: str) -> list[tuple[str, str]]:
    """List the ranges of ids that a spoilt one may have been, each as its first and last id."""
    found = _SPOILT.fullmatch(text)
    kind = None if found is None else found.lastgroup
    if kind == "fraction":
        low = high = re.split("[.,]", text)[0]
    elif kind == "formula":
        low = high = text.lstrip("=").strip('"')
    elif kind == "zeros":
        low, high = text, text[:_DIGITS_KEPT] + "9" * (len(text) - _DIGITS_KEPT)
    elif kind == "rounded":
        digits, _, power = text.lower().replace(",", ".").partition("e")
        low, high = _unrounded(digits, int(power))
    else:
        return []
    return [(low, high), (f"+{low}", f"+{high}")]


def _unrounded(digits: str, power: int) -> tuple[str, str]:
    """Return the smallest and the largest number that round to this one."""
    decimals = len(digits.partition(".")[2])
    unit = 10 ** max(min(power, _LONGEST) - decimals, 0)
    number = int(digits.replace(".", "")) * unit
    low = max(number - unit // 2, 10 ** (len(str(number)) - 1))  # with as many digits
    return str(low), str(number + unit // 2)


_LONGEST = 200


def canonical(text: str) -> str:
    """Return the form that all spellings of an id have in common.

    A GUID is without braces and in lower case. An id of Salesforce is its first 15 characters,
    which differ by case; the other three are their checksum. In any other id, case, width and
    invisible characters make no difference.
    """
    if text.isdecimal() and text.isascii():  # quick for phone numbers and running numbers
        return text
    guid = _GUID.fullmatch(text)
    if guid is not None:
        return guid[1].lower()
    if _is_salesforce(text):
        return text[:_SALESFORCE_SHORT]
    if text.isascii() and "  " not in text:
        return text.lower()
    return look(text)


def salesforce_checksum(short: str) -> str:
    """Return the three characters that turn an id of 15 into one of 18: they tell its capitals."""
    return "".join(
        _CHECKSUM[sum(1 << bit for bit, char in enumerate(short[at : at + 5]) if char.isupper())]
        for at in (0, 5, 10)
    )


def _is_salesforce(text: str) -> bool:
    """Return whether an id is of Salesforce, by its checksum or a form that no others have."""
    if not _SALESFORCE.fullmatch(text):
        return False
    if len(text) > _SALESFORCE_SHORT:
        return salesforce_checksum(text[:_SALESFORCE_SHORT]) == text[_SALESFORCE_SHORT:]
    return _SALESFORCE_PREFIX.match(text) is not None and not text.isupper() and not text.islower()
