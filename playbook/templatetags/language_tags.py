"""The language of a text that stands on a page of another one."""

from django import template

from playbook.languages import language

register = template.Library()


@register.filter
def language_name(code: str) -> str:
    """Return a language's name in its own script."""
    return language(code).name


@register.filter
def language_direction(code: str) -> str:
    return language(code).direction
