"""One spelling for texts and queries: no case, no accents, one form of each Arabic letter.

Nothing is stemmed here: what a word may end in is asked when a query is read (`query`).
"""

import re
import unicodedata

# Marks that are left out when people type in a hurry. Marks of Indic and South East Asian scripts
# are vowels: they stay.
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a"
    "\u08d3-\u08e1\u08e3-\u08ff\u135d-\u135f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_LETTERS = str.maketrans(
    {
        # Arabic: hamza seats lose their hamza as a mark; these have no such parts.
        "ٱ": "ا", "ى": "ي", "ی": "ي", "ے": "ي", "ة": "ه", "ہ": "ه", "ە": "ه", "ک": "ك", "ـ": None,
        # Latin letters that NFKD does not take apart.
        "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
        "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ŋ": "n", "ɛ": "e", "ɔ": "o",
    }
)  # fmt: skip
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_NOT_IN_WORDS = re.compile(r"[\W_]+")
# The article, alone or after "and", "with", "so", "like", and "for the". What is left has at least
# three letters, so that short words that begin like it are left alone.
_ARTICLE = re.compile(r"^(?:[وف]?(?:[بك]?ال|لل))(?=\w{3})")


def normalise(text: str) -> str:
    """Return the words of a text in their one spelling, with one space between them."""
    return " ".join(words(text))


def words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text)).casefold()
    # Folding can bring marks of its own, such as that of the Turkish capital I.
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", plain)).translate(_LETTERS)
    plain = unicodedata.normalize("NFC", plain)
    return [_word(found) for found in _split(plain)]


def _split(text: str) -> list[str]:
    if text.isascii() or not any(unicodedata.category(char)[0] == "M" for char in set(text)):
        return _NOT_IN_WORDS.sub(" ", text).split()
    # Python's \w leaves out vowel signs, which are marks.
    return "".join(char if unicodedata.category(char)[0] in "LNM" else " " for char in text).split()


def _word(word: str) -> str:
    if word.isascii():
        return word
    if not word.isalpha():
        word = "".join(_digit(char) for char in word)
    return _ARTICLE.sub("", word)


def _digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
