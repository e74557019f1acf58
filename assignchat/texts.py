"""Texts: what an id and a text may hold, how names are compared, numbers in words."""

from assignchat.errors import InvalidValue

MAX_ID_LENGTH = 200
MAX_TEXT_LENGTH = 1_000
MAX_NOTE_LENGTH = 10_000


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
