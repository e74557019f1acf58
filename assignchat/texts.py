"""Texts: what an id and a text may hold, what of it is seen, how names are compared, counts."""

import re
from typing import TypeVar, cast

from assignchat.errors import InvalidValue

V = TypeVar("V")

MAX_ID_LENGTH = 200
MAX_TEXT_LENGTH = 1_000
MAX_NOTE_LENGTH = 10_000


def without_password(value: V) -> V:
    """Mask the passwords in a URL. Returns any other value as it is."""
    if not isinstance(value, str) or "://" not in value:
        return value
    # Up to the last @, so that nothing of a password with an @ or a slash in it is left.
    text = re.sub(r"^(\s*[\w+.-]+://[^:@/?]*):.*@", r"\1:***@", value)
    text = re.sub(r"^(\s*[\w+.-]+://[^:/?]*@[^:@/?]*):[^/?]*@", r"\1:***@", text)
    return cast("V", re.sub(r"([?&][^=&]*=)[^&]*", _masked, text))


def _masked(option: re.Match[str]) -> str:
    """Mask what may be a password, even if its name is misspelt or in another spelling."""
    name = re.sub("%([0-9a-fA-F]{2})", lambda code: chr(int(code[1], 16)), option[1].lower())
    return f"{option[1]}***" if "passw" in name.lower() else option[0]


def check_location(text: str) -> str:
    """Check that a text can be the path of a file or the URL of a PostgreSQL server.

    Returns it exactly as given. Raises `InvalidValue` for any other URL.
    """
    scheme, is_url, rest = text.partition(":/")
    is_server = scheme in ("postgresql", "postgres") and rest[:1] == "/"
    if is_url and not is_server and scheme.replace("+", "").isalnum():
        raise InvalidValue(  # without the rest, which may have a password
            f"Neither a file nor a PostgreSQL server: {scheme}:/…",
            hint="Name a file by its path, or a server as postgresql://USER@HOST/DATABASE",
        )
    return text


def check_id(text: str, what: str) -> str:
    """Check that a text can be an id. Returns it exactly as given.

    Raises `InvalidValue` naming `what` it is if it is empty, longer than 200 characters, has
    a control character in it, or white space at an end.
    """
    if not text:
        raise InvalidValue(f"The {what} is empty")
    if len(text) > MAX_ID_LENGTH:
        raise InvalidValue(f"The {what} has {len(text)} characters; at most {MAX_ID_LENGTH} fit")
    if text != text.strip():
        raise InvalidValue(f"The {what} {text!r} has white space at an end")
    # isprintable is quick, and true of nearly every id; imports check millions.
    if not text.isprintable() and any(char < " " or "\x7f" <= char <= "\x9f" for char in text):
        raise InvalidValue(f"The {what} {text!r} has a control character in it")
    return check_text(text, what)


def check_text(text: str, what: str, limit: int = MAX_TEXT_LENGTH) -> str:
    """Check that a text can be stored. Returns it exactly as given.

    Raises `InvalidValue` naming `what` it is if it is blank, longer than `limit` characters,
    has a NUL in it (many SQL functions stop there), or is not Unicode.
    """
    if not text.strip():
        raise InvalidValue(f"The {what} is blank")
    if len(text) > limit:
        raise InvalidValue(f"The {what} has {len(text)} characters; at most {limit} fit")
    if "\0" in text:
        raise InvalidValue(f"The {what} has a NUL in it")
    if not is_unicode(text):
        raise InvalidValue(f"The {what} is not UTF-8 text")
    return text


def is_unicode(text: str) -> bool:
    """Return whether the text can be written as UTF-8. Bytes that are not arrive as surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# Patterns are compiled where they are first needed, which most commands do not.

OTHER_SPACES = frozenset(
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
"""Spaces of other widths, which are as harmless as the space."""

UNSEEN = (
    # All of Default_Ignorable_Code_Point, marks of direction, lines and annotations, and blanks
    # that count as letters, signs or notes.
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013441\U00013442"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""The pattern of a character that is seen as nothing, so that one text looks like another."""

_EMOJI = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
# What joins to the letter before and after it, in the scripts that are written from the right.
_JOINING = "[\u0620\u0626\u0628\u062a-\u062e\u0633-\u063f\u0641-\u0647\u0649\u064a\u0678-\u0687"
_JOINING += "\u069a-\u06bf\u06c1\u06c2\u06cc\u06ce\u06d0\u06d1\u06fa-\u06fc]"


def visible(text: str) -> str:
    """Replace everything that a terminal would obey or hide by an escape. Returns the safe text.

    Control characters, escape sequences, bidirectional overrides and characters that cannot be
    seen become visible and harmless in a hostile customer's name. Names in any script, and emoji,
    stay as they are: a joiner or a variation is left where its neighbours look different by it.
    """
    if is_seen(text):
        return text
    around = f"\0{text}\0"
    return "".join(
        char
        if is_seen(char) or char in OTHER_SPACES or _shapes(around[place], char, around[place + 2])
        else char.encode("unicode_escape").decode("ascii")
        for place, char in enumerate(text)
    )


def hidden(text: str) -> str | None:
    """Find the first character that is not seen, and does not shape its neighbours either."""
    if text.isascii():
        return None
    around = f"\0{text}\0"
    return next(
        (
            found[0]
            for found in re.finditer(UNSEEN, text)
            if not _shapes(around[found.start()], found[0], around[found.end() + 1])
        ),
        None,
    )


def is_seen(text: str) -> bool:
    """Return whether each character of a text is seen, as itself or as a space."""
    return text.isprintable() and (text.isascii() or not re.search(UNSEEN, text))


def _shapes(before: str, char: str, after: str) -> bool:
    """Return whether a character that is not seen itself changes how its neighbours look.

    In words that is so where internet names may have it too (RFC 5892, appendix A).
    """
    from unicodedata import combining

    if char in "\ufe0e\ufe0f":
        keycap = before in "#*0123456789" and after == "\u20e3"
        return keycap or re.match(_EMOJI, before) is not None
    if char == "\u200d" and re.match(f"{_EMOJI}|\ufe0f", before) and re.match(_EMOJI, after):
        return True
    if char == "\u200c" and re.match(_JOINING, before) and "\u0620" <= after <= "\u06ff":
        return True
    return char in "\u200c\u200d" and combining(before) == _VIRAMA


_VIRAMA = 9  # the class of the marks that join two consonants in Hindi and its sisters


def one_line(text: str) -> str:
    """Return the visible text on one line, with each run of white space as one space."""
    return " ".join(visible(text).split())


_MARKUP = r"""(?ix)
    ^(?:[-+](?=\ )|>|\d{1,9}[.)](?=\ ))       # a list, a quotation
  | [<*`~]|\](?=[(\[:])|\|(?=\|)             # HTML, emphasis, code, links, what is blacked out
  | (?<![^\W_])_|_(?![^\W_])|(?<!\w)\#       # emphasis around words, headings, tags
  | (?<![0-9a-z])@|@(?=everyone|here|channel|all)  # mentions, but not the @ of a mail address
  | :(?=[a-z+-][\w+-]*:)|(?<!\S)/(?=\w)       # names of emoji, commands
"""


def inert(text: str) -> str:
    """Return the text on one line, of which no mail and no chat makes markup or a mention.

    The signs that would begin one are there in their wide form, such as `U+FF20` for `@`.
    """
    return re.sub(_MARKUP, lambda found: _wide(found[0]), one_line(text))


def _wide(signs: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) for sign in signs)


def look(text: str) -> str:
    """Return the form that all texts share that look alike but for case, width and blanks."""
    return " ".join(folded(re.sub(UNSEEN, "", text)).split())


def folded(text: str) -> str:
    """Return the text in the form in which it is compared if case and width do not count."""
    from unicodedata import normalize  # ids, which most commands name, are compared exactly

    return normalize("NFKC", normalize("NFKC", text).casefold())


def how_many(count: int, noun: str) -> str:
    """Put a number of things into words, such as `1 chat` or `50 chats`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counts(**numbers: int) -> str:
    """Put numbers of things into words, such as `2 created, 1 updated`, those that are not 0."""
    return ", ".join(f"{number} {word}" for word, number in numbers.items() if number)
