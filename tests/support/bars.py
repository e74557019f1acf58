"""Bars of a picture in letters."""


def length_of(bar: str) -> float:
    """How many columns a bar is long, to an eighth."""
    eighths = "▏▎▍▌▋▊▉█"
    return sum((eighths.index(char) + 1) / 8 if char in eighths else 1 for char in bar)
