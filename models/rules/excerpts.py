"""A part of a long text, around what it is shown for."""

LENGTH = 280
MORE = "…"


def excerpt_of(text: str, start: int = 0, end: int = 0, *, length: int = LENGTH) -> str:
    """Return so many characters of a text around some of them, with an ellipsis where it goes on.

    >>> excerpt_of("one two three four five", 8, 13, length=9)
    '…o three f…'
    >>> excerpt_of("short"), excerpt_of("too long", length=3)
    ('short', 'too…')
    """
    around = (start + end - length) // 2
    first = max(0, min(around, len(text) - length))
    last = first + length
    return MORE * (first > 0) + text[first:last] + MORE * (last < len(text))
