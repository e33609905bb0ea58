"""Which language a page was translated from on this node, as the translators' tool knows it."""

import uuid

from wagtail_localize.models import Translation


def source_locales(tree: uuid.UUID, locale_id: int) -> set[int]:
    """Return the locales from which the page of a tree in this locale is translated here.

    Empty where nobody used the tool: the page may have been made from any page of the tree.
    """
    found = Translation.objects.filter(source__object_id=tree, target_locale_id=locale_id)
    return set(found.values_list("source__locale_id", flat=True))
