"""Words and short phrases a workspace declares for a condition, found in what somebody wrote.

A phrase is words one after the other, in any language; case, accents and vowel signs make no difference. A word may
begin or end with `*`: then more may stand there, for languages that bend their words. A phrase in a script without
spaces between words is found anywhere.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_PHRASES = 100
LONGEST_PHRASE = 100
FEWEST_LETTERS = 2
MARK = "*"
WORD = re.compile(r"\w+")
JOINERS = "\u200c\u200d"
# Han, kana and Thai, Lao, Khmer, Burmese: their words stand beside each other without a space.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found.

    Parameters
    ----------
    phrase : str
        As declared.
    start, end : int
        The characters of the text from the first word it was found in to the end of the last.
    """

    phrase: str
    start: int
    end: int


def fold(text: str) -> str:
    """Return a text without what makes no difference: case, accents, vowel signs, forms of one letter.

    >>> fold("VERSPÄTET, naïve"), fold("ﬁne")
    ('verspatet, naive', 'fine')
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = (letter for letter in apart if unicodedata.category(letter) != "Mn" and letter not in JOINERS)
    return unicodedata.normalize("NFKC", "".join(kept)).casefold()


def fault_of(phrase: str) -> str | None:
    """Return what keeps a phrase from being looked for, None where nothing does.

    >>> fault_of("too late"), fault_of("?!")
    (None, 'at least 2 letters')
    """
    if len(phrase) > LONGEST_PHRASE:
        return f"at most {LONGEST_PHRASE} characters"
    if sum(len(word.strip(MARK)) for word in _words_of(phrase)) < FEWEST_LETTERS:
        return f"at least {FEWEST_LETTERS} letters"
    return None


class Written:
    """A text as words, read once for however many phrases are looked for in it.

    Parameters
    ----------
    text : str
        What somebody wrote.
    """

    def __init__(self, text: str) -> None:
        self.spans = _spans(text)
        self.words = [fold(text[start:end]) for start, end in self.spans]
        self.held = frozenset(self.words)


def find_phrase(text: str, phrases: Iterable[str]) -> Match | None:
    """Return the phrase that is found first in a text.

    Parameters
    ----------
    text : str
        What somebody wrote.
    phrases : Iterable[str]
        As declared.

    Returns
    -------
    Match | None
        Of several that begin at the same word the longest; None where none is there. A phrase is found in *not too
        late* as in *too late*: nobody here reads what is meant.

    Examples
    --------
    >>> find_phrase("Der Techniker kam 3 Stunden VERSPÄTET.", ["zu spät", "verspät*"])
    Match(phrase='verspät*', start=28, end=37)
    >>> find_phrase("A late reply", ["too late"]) is None
    True
    """
    return find_in(Written(text), phrases)


def find_in(written: Written, phrases: Iterable[str]) -> Match | None:
    """Return the phrase that is found first in what was written: `find_phrase` for many questions to one text.

    Parameters
    ----------
    written : Written
    phrases : Iterable[str]
        As declared.

    Returns
    -------
    Match | None
    """
    told = ((phrase, _words_of(phrase)) for phrase in phrases)
    possible = [(phrase, parts) for phrase, parts in told if parts and all(_may_hold(written, one) for one in parts)]
    possible.sort(key=lambda one: (-len(one[1]), one[0]))
    for place in range(len(written.words)) if possible else ():
        for phrase, parts in possible:
            if _is_at(written.words, place, parts):
                return Match(phrase, written.spans[place][0], written.spans[place + len(parts) - 1][1])
    return None


def _may_hold(written: Written, part: str) -> bool:
    """Return whether a word of a phrase can be among those written; whole words are looked up, others looked for."""
    whole = MARK not in part and UNSPACED.search(part) is None
    return part in written.held if whole else any(_is_word(word, part) for word in written.held)


@lru_cache(maxsize=4096)
def _words_of(phrase: str) -> tuple[str, ...]:
    folded = fold(phrase)
    around = f" {folded} "  # so that there is a character on either side of every word
    spans = _spans(around)
    return tuple(
        MARK * (around[start - 1] == MARK) + around[start:end] + MARK * (around[end] == MARK) for start, end in spans
    )


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where words begin and end; accents and vowel signs within a word are part of it."""
    spans: list[tuple[int, int]] = []
    for found in WORD.finditer(text):
        if spans and all(map(_joins, text[spans[-1][1] : found.start()])):
            spans[-1] = (spans[-1][0], found.end())
        else:
            spans.append(found.span())
    return spans


def _joins(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M") or letter in JOINERS


def _is_at(words: Sequence[str], place: int, parts: Sequence[str]) -> bool:
    there = words[place : place + len(parts)]
    return len(there) == len(parts) and all(map(_is_word, there, parts))


def _is_word(word: str, part: str) -> bool:
    wanted = part.strip(MARK)
    if UNSPACED.search(wanted) or (part.startswith(MARK) and part.endswith(MARK)):
        return wanted in word
    if part.endswith(MARK):
        return word.startswith(wanted)
    return word.endswith(wanted) if part.startswith(MARK) else word == wanted
