"""What other nodes offer: one item, everything that can be known about it, and what to do."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from federation import mapping
from federation.conf import get_conf
from federation.errors import FederationError
from federation.models import GONE, Entry, Item, Provenance, Record, Review
from federation.services import adoption
from federation.services.proofs import Evidence, deep_checks, holds
from federation.trust import DescriptorDirectory
from federation.wire import records
from playbook.redaction import QUESTIONS

from .base import Screen, may
from .changes import Change, compare
from .forms import NoteForm, ReasonForm
from .payloads import pretty
from .preview import preview_of
from .review import own_endorsement
from .texts import PAGES, explained, kind_name, remedy_for, tongue

_VERSIONS = 20


@dataclass(frozen=True)
class Version:
    """One version, by what the log says of it; `version` None where its body is gone."""

    address: str
    index: int | None
    version: int | None
    status_as_of: str


def history(origin: str, address: str) -> list[Version]:
    """Return this version and those before it along `prev`, newest first, at most twenty."""
    found: list[tuple[str, dict[str, Any]]] = []
    following: str | None = address
    while following and len(found) < _VERSIONS:
        record = Record.objects.filter(address=following).first()
        raw = records.parse(bytes(record.payload)).raw if record and record.payload else {}
        found.append((following, raw))
        following = raw.get("prev")
    named = [address for address, _raw in found]
    rows = Entry.objects.filter(log__node_id=origin, address__in=named).order_by("-index")
    places = dict(rows.values_list("address", "index"))
    return [
        Version(address, places.get(address), raw.get("version"), raw.get("status_as_of", ""))
        for address, raw in found
    ]


class ItemScreen(Screen):
    any_of = ("review_items", "adopt_items")
    template_name = "federation/item.html"
    header_icon = "doc-full"
    trail = (("inbox", gettext_lazy("Inbox")),)

    @cached_property
    def item(self) -> Item:
        return get_object_or_404(Item, pk=self.kwargs["pk"])

    @cached_property
    def provenance(self) -> Provenance | None:
        return adoption.provenance_of(self.item)

    def get_page_title(self) -> str:
        return self.item.title or str(self.item.item_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        conf, item = get_conf(), self.item
        try:
            record, missing = adoption.item_record(item), None
        except FederationError as error:
            record, missing = None, error
        versions = history(item.origin, item.address) if record else []
        earlier = [version.address for version in versions]
        evidence = Evidence([item], conf, also=earlier)
        checks = evidence.checks_of(item) + (deep_checks(item, evidence) if record else [])
        basis, changes = self._changes(record, versions)
        return super().get_context_data(
            item=item,
            missing=missing,
            kind=kind_name(item.schema),
            tongue=tongue(item.lang),
            fingerprint=self._fingerprint(),
            versions=versions,
            checks=explained(checks),
            checks_hold=holds(item, checks),
            vouches=evidence.vouches_of(item, also=earlier),
            preview=preview_of(record) if record else None,
            payload_html=pretty(record.raw) if record else "",
            record=record,
            basis=basis,
            changes=changes,
            remedy=remedy_for(item.error),
            questions=list(QUESTIONS.values()),
            reviews=Review.objects.filter(
                target_origin=item.origin, target_item=item.item_id, target_lang=item.lang
            ),
            **self._acts(record is not None),
            **kwargs,
        )

    def _fingerprint(self) -> str:
        directory = DescriptorDirectory(get_conf().trust_dir)
        try:
            return directory.member(self.item.origin).identity_key.fingerprint_groups
        except FederationError:
            return ""

    def _acts(self, here: bool) -> dict[str, Any]:
        """Return what this person may do with the item as it stands, and the page it became."""
        user, item = self.request.user, self.item
        stands = here and item.state not in GONE
        page = self.provenance.page if self.provenance else None
        current = page and self.provenance and self.provenance.address == item.address
        untranslated = page and item.lang not in settings.PLAYBOOK_LANGUAGES
        return {
            "can_review": stands and may(user, "review_items"),
            "can_adopt": stands
            and item.schema in PAGES
            and not current
            and may(user, "adopt_items"),
            "endorsed_here": own_endorsement(item),
            "page": page,
            "page_is_current": current,
            "can_translate": bool(untranslated)
            and user.has_perm("wagtail_localize.submit_translation"),
            "note_form": NoteForm(),
            "reason_form": ReasonForm(),
        }

    def _changes(
        self, record: records.Item | None, versions: list[Version]
    ) -> tuple[str, list[Change]]:
        """Compare with the page here, or else the version before; "" where there is neither."""
        if record is None:
            return "", []
        if self.provenance and self.provenance.page:
            page = self.provenance.page.specific.get_latest_revision_as_object()
            here = mapping.record_fields(page).fields["content"]
            return "page", compare(record.schema, here, record.content)
        before = versions[1] if len(versions) > 1 else None
        row = Record.objects.filter(address=before.address).first() if before else None
        if row is None or row.payload is None:
            return "", []
        old = records.parse(bytes(row.payload)).raw
        return "version", compare(record.schema, old["content"], record.content)
