"""What anybody may read: not what stands below a page that an editor made private."""

from django.db.models import Q
from wagtail.models import PageViewRestriction

from playbook import epoch


def readable() -> Q:
    """Return the condition on pages. One query, none while the content stays as it is.

    Wagtail guards a private page itself, and nothing that lists it or copies it.
    """
    open_to_all = Q()
    for path in _private_paths():
        open_to_all &= ~Q(path__startswith=path)
    return open_to_all


def is_readable(path: str) -> bool:
    """Whether anybody may read the page with this path in the tree."""
    return not path.startswith(_private_paths())


@epoch.kept
def _private_paths() -> tuple[str, ...]:
    return tuple(PageViewRestriction.objects.values_list("page__path", flat=True))
