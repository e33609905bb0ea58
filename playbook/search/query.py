"""What a reader typed, as the alternatives to look for. Nothing of it is logged or kept."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from playbook.search.normalise import words
from playbook.search.vocabulary import ANY, Concept, Phrase, concepts, known_words, small_words

MOST_CHARACTERS = 300
MOST_WORDS = 8
MOST_CONCEPTS = 4
_WHOLE = 4  # words of so few letters are looked for as they stand; Arabic says more with fewer
_WHOLE_ARABIC = 3
_LONGEST = 40
# What a word may end in, and what then takes its place. The rest is looked for as a beginning.
_ENDINGS = [
    ("ies", "y"), ("aux", "al"), ("oes", "ao"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""),
    ("ات", ""), ("ون", ""), ("ين", ""), ("ان", ""), ("نا", ""), ("كم", ""), ("هم", ""), ("ها", ""),
    ("ه", ""), ("ي", ""),
]  # fmt: skip
# Swahili says one and many at the beginning of a word.
_BEGINNINGS = [("wa", "m"), ("ma", ""), ("vi", "ki"), ("mi", "m"), ("m", "wa")]
_ARABIC = re.compile("[\u0600-\u06ff]")


@dataclass(frozen=True)
class Term:
    """A word to look for; `open_end`: or anything that begins with it."""

    word: str
    open_end: bool = False


Alternative = tuple[Term, ...]  # all of them


@dataclass(frozen=True)
class Group:
    """One thing that was asked for, and each way to say it."""

    alternatives: tuple[Alternative, ...]
    is_concept: bool = False


@dataclass(frozen=True)
class Query:
    typed: tuple[str, ...]
    groups: tuple[Group, ...]
    threats: tuple[str, ...]
    shortened: bool = False

    def __bool__(self) -> bool:
        return bool(self.groups)


def read_query(text: str, language: str) -> Query:
    """Return what to look for; an empty query when the text holds no word."""
    said = [word[:_LONGEST] for word in words(text)]
    small = small_words(language)
    telling = list(dict.fromkeys(word for word in said if word not in small)) or said
    meant = [concept for concept in concepts() if concept.meant_by(said)]
    meant = meant[:MOST_CONCEPTS]
    asked = tuple(telling[:MOST_WORDS])
    groups = [Group(_forms(word, language)) for word in asked]
    groups += [Group(_phrases(concept), is_concept=True) for concept in meant]
    threats = dict.fromkeys(code for concept in meant for code in concept.threats)
    return Query(asked, tuple(groups), tuple(threats), len(telling) > MOST_WORDS)


def closest(query: Query, others: set[str]) -> str:
    """Return the query with each unknown word as the known word nearest to it, or nothing."""
    known = sorted(known_words() | others)
    nearest = [
        word if word in known else next(iter(get_close_matches(word, known, 1, 0.75)), word)
        for word in query.typed
    ]
    return " ".join(nearest) if nearest != list(query.typed) else ""


def _phrases(concept: Concept) -> tuple[Alternative, ...]:
    return tuple(dict.fromkeys(_all(phrase) for phrase in concept.ours))


def _all(phrase: Phrase) -> Alternative:
    return tuple(_term(word.strip(ANY)) for word in phrase)


def _term(word: str) -> Term:
    return Term(word, len(word) > (_WHOLE_ARABIC if _ARABIC.search(word) else _WHOLE))


def _forms(word: str, language: str) -> tuple[Alternative, ...]:
    forms = {word: None, **dict.fromkeys(_shorter(word))}
    if language == "sw":
        forms |= dict.fromkeys(_one_and_many(word))
    if not _ARABIC.search(word) and len(word) <= _WHOLE:
        forms[f"{word}s"] = None
    return tuple((_term(form),) for form in forms)


def _shorter(word: str) -> list[str]:
    least = 3 if _ARABIC.search(word) else 4
    return [
        word.removesuffix(ending) + instead
        for ending, instead in _ENDINGS
        if word.endswith(ending) and len(word) - len(ending) >= least
    ]


def _one_and_many(word: str) -> list[str]:
    return [
        instead + word.removeprefix(beginning)
        for beginning, instead in _BEGINNINGS
        if word.startswith(beginning) and len(word) - len(beginning) >= _WHOLE
    ]
