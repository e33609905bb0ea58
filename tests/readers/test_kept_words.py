"""Sentences of templates are looked up once in each language, and stay those of the language."""

import pytest
from django.template import Context, Template
from django.utils import translation

LOAD = "{% load i18n kept_words %}"


def rendered(template, code, **values):
    with translation.override(code):
        return template.render(Context(values))


def test_a_sentence_is_said_in_each_language():
    kept = Template(LOAD + '{% translate "Search" %}')
    stock = Template('{% load i18n %}{% translate "Search" %}')
    for code in ("en", "fr", "ar", "en", "fr"):
        assert rendered(kept, code) == rendered(stock, code)
    assert rendered(kept, "fr") != rendered(kept, "en")


def test_a_sentence_under_a_name_and_in_a_context():
    for source in (
        '{% translate "Threats" as name %}[{{ name }}]',
        '{% translate "Useful" context "feedback on a page" %}',
        '{% translate "a & b" %}',
        '{% translate "100%" %}',
    ):
        kept, stock = Template(LOAD + source), Template("{% load i18n %}" + source)
        for code in ("en", "ar", "en"):
            assert rendered(kept, code) == rendered(stock, code)


@pytest.mark.parametrize("source", ["{% translate word %}", '{% translate "Search"|add:word %}'])
def test_what_depends_on_the_page_is_not_kept(source):
    kept = Template(LOAD + source)
    first, second = rendered(kept, "en", word="one"), rendered(kept, "en", word="two")
    assert first != second


def test_a_value_is_escaped_each_time():
    kept = Template(LOAD + "{% translate word %}")
    assert rendered(kept, "en", word="<b>") == "&lt;b&gt;"
