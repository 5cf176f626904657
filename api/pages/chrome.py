"""What a page itself says, in each language it has a catalogue for: sentences, numbers, durations and days.

A sentence is marked where it stands: `_("…")` in templates, `message("…")` in Python. Catalogues are read from their
`.po` files as they are; English is what stands in the code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from babel.units import format_unit

from api import languages
from api.speaking import message, sentences_in, spoken_in

CATALOGUES = Path(__file__).parent / "catalogues"
SPOKEN = spoken_in(CATALOGUES)

__all__ = ["SPOKEN", "Chrome", "chrome_for", "chrome_in", "message"]


@dataclass(frozen=True)
class Chrome:
    """One language of what pages say.

    Parameters
    ----------
    language, direction
        A BCP 47 tag, `ltr` or `rtl`.
    locale
        How numbers and days are written.
    sentences
        By the English sentence.
    """

    language: str
    direction: str
    locale: Locale
    sentences: Mapping[str, str] = field(repr=False)

    def say(self, text: str, **values: str | float) -> str:
        """Return a sentence in this language, with its values: numbers as the language writes them."""
        said = self.sentences.get(text, text)
        return said.format(**{name: self.shown(value) for name, value in values.items()}) if values else said

    def shown(self, value: str | float) -> str:
        """Return a value as the language writes it."""
        return value if isinstance(value, str) else str(format_decimal(value, locale=self.locale))

    def days(self, count: int) -> str:
        """Return a number of days in words."""
        return format_unit(count, "duration-day", locale=self.locale)

    def day(self, day: date) -> str:
        """Return a day in words."""
        return format_date(day, "long", locale=self.locale)


@lru_cache(maxsize=len(SPOKEN))
def chrome_in(language: str) -> Chrome:
    """Return what pages say in a language there is a catalogue for."""
    locale = Locale.parse(language, sep="-")
    return Chrome(language, languages.direction(language), locale, sentences_in(CATALOGUES, language))


def chrome_for(wanted: Iterable[str | None]) -> Chrome:
    """Return what pages say in the first wanted language that has a catalogue, else in English.

    >>> chrome_for(["xx", "pt-BR"]).language, chrome_for([]).language
    ('pt', 'en')
    """
    return chrome_in(languages.choose(SPOKEN, wanted, None))
