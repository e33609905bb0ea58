"""The spelling that texts and queries share, and the words that people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.models import Threat
from playbook.search import vocabulary
from playbook.search.normalise import normalise
from playbook.search.query import MOST_WORDS, closest, read_query


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Épargne NAÏVE", "epargne naive"),
        ("l’avocat", "l'avocat"),
        ("Œuvre", "oeuvre"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("detenção", "detencao"),
        ("ƙungiya", "kungiya"),
        ("إشاعة أخبار آمن ٱسم", "اشاعه اخبار امن اسم"),
        ("مُداهَمَة", "مداهمة"),
        ("مداهمـــة", "مداهمه"),
        ("مستشفى", "مستشفي"),
        ("المحامي والمحامي بالمحامي للمحامي فالمحامي", "محامي محامي محامي محامي محامي"),
        ("٤٨ ساعة", "48 ساعه"),
        ("۴۸", "48"),
        ("پلیس ایران کتاب", "پليس ايران كتاب"),
        ("a\u00adb\u200dc", "abc"),
        ("e\u0301te\u0301", "été"),
        ("ﻻ ﷲ", "لا الله"),
    ],
)
def test_spellings_of_one_word_become_one(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize("word", ["हिन्दी", "কলকাতা", "தமிழ்", "กิน"])
def test_vowel_signs_of_other_scripts_stay(word):
    assert normalise(word).replace(" ", "")
    assert normalise(word) != normalise("".join(char for char in word if char.isalpha()))


@pytest.mark.parametrize("word", ["الله", "والد", "بالغ", "الف"])
def test_short_words_that_only_look_like_an_article_stay(word):
    assert normalise(word) == word


@given(st.text(max_size=200))
def test_any_text_becomes_words_that_no_query_language_can_misread(text):
    found = normalise(text)
    assert not set(found) & set("\"'\\*():&|!<>%-_\x00\n\t")


@given(st.text(max_size=300))
def test_any_query_is_read_into_a_few_groups(text):
    query = read_query(text, "ar")
    assert len(query.typed) <= MOST_WORDS
    assert all(term.word for group in query.groups for way in group.alternatives for term in way)


def test_every_language_says_every_concept_in_words():
    assert vocabulary.languages() == ["ar", "en", "es", "fr", "pt", "sw"]
    codes = {concept.code for concept in vocabulary.concepts()}
    for language in vocabulary.languages():
        said = vocabulary._read(language)["concepts"]
        assert set(said) == codes, language
        for code, lists in said.items():
            for text in lists["ours"] + lists["typed"]:
                assert isinstance(text, str), (language, code, text)
                assert normalise(text), (language, code, text)
        assert all(isinstance(word, str) for word in vocabulary._read(language)["small"]), language


@pytest.mark.django_db
def test_concepts_name_threats_that_exist(site):
    known = set(Threat.objects.values_list("code", flat=True))
    named = {code for concept in vocabulary.concepts() for code in concept.threats}
    assert named == known


@pytest.mark.parametrize(
    ("text", "language", "threat"),
    [
        ("raid", "en", "coercive"), ("bank account blocked", "en", "coercive"),
        ("descente de police", "fr", "coercive"), ("perquisition", "fr", "coercive"),
        ("مداهمة", "ar", "coercive"), ("المداهمات", "ar", "coercive"),
        ("allanamiento", "es", "coercive"), ("redada", "es", "coercive"),
        ("polisi", "sw", "coercive"), ("uvamizi", "sw", "coercive"),
        ("tumevamiwa", "sw", "coercive"), ("rusga", "pt", "coercive"),
        ("boatos", "pt", "media"), ("رومور fake news", "ar", "media"), ("coup", "en", "upheaval"),
    ],
)  # fmt: skip
def test_what_people_type_means_a_threat(text, language, threat):
    assert threat in read_query(text, language).threats


def test_words_that_say_nothing_are_left_out_unless_there_is_nothing_else():
    assert read_query("the police are at our door", "en").typed == ("police", "door")
    assert read_query("the", "en").typed == ("the",)
    assert not read_query("", "en")
    assert not read_query(" \x00 *** \"' ", "en")


def test_the_nearest_known_word_is_offered():
    assert closest(read_query("polcie", "en"), set()) == "police"
    assert closest(read_query("police", "en"), set()) == ""
    assert closest(read_query("zzzzqqq", "en"), set()) == ""
    assert closest(read_query("herron", "en"), {"heron"}) == "heron"
