"""`{% translate %}` that asks the catalogues once in each language, not at each page.

Django looks through the catalogue of every app for each sentence: with eighty sentences on a page
that was a tenth of what the page took. Load it after `i18n`.
"""

from typing import Any

from django import template
from django.template.base import FilterExpression, Node, Parser, Token
from django.template.context import Context
from django.templatetags.i18n import TranslateNode, do_translate
from django.utils import translation

register = template.Library()


class KeptWords(Node):
    """A sentence that stands in a template: in one language it is the same on every page."""

    child_nodelists = ()

    def __init__(self, node: TranslateNode) -> None:
        self.node, self.name = node, node.asvar
        node.asvar = None
        self.said: dict[Any, str] = {}

    def render(self, context: Context) -> str:
        key = (translation.get_language(), context.autoescape)
        said = self.said.get(key)
        if said is None:
            said = self.said[key] = self.node.render(context)
        if self.name:
            context[self.name] = said
            return ""
        return said


@register.tag
def translate(parser: Parser, token: Token) -> Node:
    """Do what Django's tag does; keep what it says where that cannot depend on the page."""
    node = do_translate(parser, token)
    kind = node.message_context
    if _literal(node.filter_expression) and (kind is None or _literal(kind)):
        return KeptWords(node)
    return node


def _literal(expression: FilterExpression) -> bool:
    known = isinstance(expression.var, str) or expression.var.literal is not None
    return known and not expression.filters
