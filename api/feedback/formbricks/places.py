"""What the parts of a translation share: the list of what is left out, keys, and texts by language."""

import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from models.rules.answers import Misfit

DEFAULT = "default"
TAG = re.compile(r"<[^>]{0,2000}>")
RECALL = re.compile(r"#recall:[^#/]{1,200}/fallback:([^#]{0,500})#")
LONGEST = 2000
LONGEST_KEY = 90


@dataclass
class Reading:
    """One document as it is read.

    Attributes
    ----------
    language
        Which language its `default` texts are in.
    left_out
        What is not carried over: where it stood, a stable code, and why.
    """

    language: str
    left_out: list[Misfit] = field(default_factory=list)

    def leave(self, pointer: str, code: str, detail: str) -> None:
        """Say that something is not carried over."""
        self.left_out.append(Misfit(pointer, code, detail))

    def texts(self, pointer: str, *parts: Any) -> dict[str, str]:
        """Return texts by language, of several parts one after the other; empty where none says anything.

        Formatting is taken out. What a text recalls of an earlier answer is replaced by its fallback, and named.
        """
        found: dict[str, list[str]] = {}
        for part in parts:
            by_language = {DEFAULT: part} if isinstance(part, str) else part
            for language, text in by_language.items() if isinstance(by_language, Mapping) else ():
                plain = self._plain(pointer, text)
                if plain:
                    found.setdefault(self.language if language == DEFAULT else language, []).append(plain)
        return {language: "\n".join(lines)[:LONGEST] for language, lines in found.items()}

    def _plain(self, pointer: str, text: Any) -> str:
        if not isinstance(text, str):
            return ""
        if RECALL.search(text):
            self.leave(pointer, "recall", "What is recalled of an earlier answer is replaced by its fallback.")
        return " ".join(unescape(TAG.sub(" ", RECALL.sub(r"\1", text))).split())


def listed(value: Any) -> list[Any]:
    """Return a list as it is, and nothing of what is none."""
    return value if isinstance(value, list) else []


def members(value: Any) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the objects of a list with their places."""
    return [(place, item) for place, item in enumerate(listed(value)) if isinstance(item, Mapping)]


def key_of(text: Any, taken: Container[str], otherwise: str) -> str:
    """Return a key like a text that is not taken yet.

    >>> key_of("Very good!", {"very_good"}, "choice"), key_of("非常", set(), "choice")
    ('very_good_2', 'choice')
    """
    plain = unicodedata.normalize("NFKD", str(text or "")).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_KEY].rstrip("_") or otherwise
    key = key if key[0].isalpha() else f"{otherwise}_{key}"
    number, found = 1, key
    while found in taken:
        number += 1
        found = f"{key}_{number}"
    return found
