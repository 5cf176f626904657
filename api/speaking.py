"""Catalogues of what is said in other languages: `.po` files read as they are when a language is first spoken.

English is what stands in the code, and has no catalogue.
"""

from pathlib import Path

from babel.messages.pofile import read_po

from api import languages


def message(text: str) -> str:
    """Mark a sentence to be translated where it is said, and return it as it is."""
    return text


def spoken_in(catalogues: Path) -> tuple[str, ...]:
    """Return English and the languages a folder has catalogues for."""
    return (languages.FALLBACK, *sorted(path.stem for path in catalogues.glob("*.po")))


def sentences_in(catalogues: Path, language: str) -> dict[str, str]:
    """Return the sentences of a language by the English ones; none of English, whose they are."""
    if language == languages.FALLBACK:
        return {}
    with (catalogues / f"{language}.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, language) if one.id and one.string}
