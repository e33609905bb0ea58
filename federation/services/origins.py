"""Where a page comes from, as readers are told: the node, the version, who endorsed it."""

from wagtail.models import Page

from federation.conf import get_conf
from federation.models import Endorsement, Provenance
from playbook.origin import Origin


def origin_of(page: Page) -> Origin | None:
    """Return the origin of a page that is an item of the federation; two queries at most."""
    row = Provenance.objects.filter(page_id=page.pk, retracted=False).first()
    if row is None:
        return None
    endorsers = Endorsement.objects.filter(
        target_origin=row.origin,
        target_address=row.address,
        target_index=row.index,
        withdrawn=False,
    ).values_list("endorser", flat=True)
    return Origin(
        node=row.origin,
        version=row.version,
        endorsed_by=tuple(sorted(endorsers)),
        address=row.address,
        is_local=row.origin == get_conf().NODE_ID,
    )
