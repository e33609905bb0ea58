"""The words that people type, and what they mean: the files in `words/`, read once."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from playbook.search.normalise import words

FOLDER = Path(__file__).parent / "words"
ANY = "*"  # at the end of a word: it goes on; at its beginning: it ends so
Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Concept:
    """Something that happens or is needed, whatever the language."""

    code: str
    threats: tuple[str, ...]
    ours: tuple[Phrase, ...]
    typed: tuple[Phrase, ...]

    def meant_by(self, typed: list[str]) -> bool:
        """Whether these words hold all words of one of its phrases, in any order."""
        return any(
            all(any(_same(part, word) for word in typed) for part in phrase)
            for phrase in (*self.typed, *self.ours)
        )


@cache
def languages() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("??.yaml"))


@cache
def concepts() -> list[Concept]:
    files = [_read(code)["concepts"] for code in languages()]
    return [
        Concept(
            code,
            tuple(threats),
            tuple(phrase for file in files for phrase in _phrases(file[code]["ours"])),
            tuple(phrase for file in files for phrase in _phrases(file[code]["typed"])),
        )
        for code, threats in _read("concepts").items()
    ]


@cache
def small_words(language: str) -> frozenset[str]:
    """Return the words that say nothing, such as "the"; English ones in every language."""
    known = {language, "en"} & set(languages())
    return frozenset(
        word for code in known for text in _read(code)["small"] for word in words(text)
    )


@cache
def known_words() -> frozenset[str]:
    """Return every word of the files: what a misspelt word may have been."""
    return frozenset(
        part
        for concept in concepts()
        for phrase in (*concept.ours, *concept.typed)
        for part in phrase
        if ANY not in part
    )


@cache
def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return data


def _phrases(texts: list[str]) -> list[Phrase]:
    return [tuple(part for word in text.split() for part in _parts(word)) for text in texts]


def _parts(word: str) -> list[str]:
    before = ANY if word.startswith(ANY) else ""
    after = ANY if word.endswith(ANY) else ""
    parts = words(word)
    if parts:
        parts[0] = before + parts[0]
        parts[-1] += after
    return parts


def _same(part: str, word: str) -> bool:
    if part.startswith(ANY):
        return word.endswith(part[1:])
    if part.endswith(ANY):
        return word.startswith(part[:-1])
    return part == word or (len(part) > 3 and part.rstrip("s") == word.rstrip("s"))
