"""What the machine knows to be so, and what must therefore hold at each place, at every moment.

The four invariants of docs/protocol.md, "How it is proved", as far as one place shows them: heads
and versions never fall and no log has two histories; what was recalled is nowhere; what is trusted
no longer is out of use. That nothing is lost, and that roots agree, shows after healing (`healed`).
"""

from dataclasses import dataclass, field

from wagtail.models import Page

from federation.conf import get_conf
from federation.models import (
    GONE,
    Acknowledgement,
    Entry,
    Item,
    ItemState,
    Log,
    Provenance,
    Quarantine,
    Recall,
    Record,
)
from federation.trust import DescriptorDirectory

from .world import Place


@dataclass
class Version:
    """One version that was shared: where it stands in its origin's log, and its signed bytes."""

    address: str
    index: int
    payload: bytes
    signatures: list[dict[str, str]]


@dataclass
class Known:
    """One item. `word` stands in its title and nowhere else. `recalls` holds addresses.

    `restated`: its own node has since put the bytes of a version it took back in its log again.
    """

    origin: str
    page: int
    item: str
    word: str
    versions: list[Version] = field(default_factory=list)
    retracted: bool = False
    endorsed: int = 0
    recalls: list[str] = field(default_factory=list)
    lifted: set[str] = field(default_factory=set)
    restated: bool = False

    @property
    def addresses(self) -> list[str]:
        return [version.address for version in self.versions]

    @property
    def standing(self) -> list[str]:
        return [address for address in self.recalls if address not in self.lifted]


@dataclass
class Facts:
    """All that was said and decided. `trusted`: how many entries of a taken-over node count."""

    known: list[Known] = field(default_factory=list)
    trusted: dict[str, int] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    history: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def hold_at(self, place: Place) -> None:
        """Check, as the process of that place, everything that holds at any moment."""
        self._heads_never_fall(place)
        self._versions_never_fall(place)
        self._the_recalled_is_gone(place)
        self._the_untrusted_is_out_of_use(place)
        own = Acknowledgement.objects.filter(node_id=place.name)
        told = own.exclude(recall_address__in=Recall.objects.values("address"))
        assert not told.exists(), "it told of a recall that it does not know"

    def _heads_never_fall(self, place: Place) -> None:
        sizes = {}
        for log in Log.objects.exclude(checkpoint=b""):
            sizes[log.node_id] = log.head_size
            root = self.history.setdefault((log.node_id, log.head_size), log.root)
            assert root == log.root, f"{log.node_id} has two histories"
        for name, size in place.heads.items():
            assert sizes[name] >= size, (place.name, name)
        place.heads = sizes

    def _versions_never_fall(self, place: Place) -> None:
        rows = Item.objects.values_list("origin", "item_id", "version")
        versions = {(origin, str(item)): version for origin, item, version in rows}
        for key, version in place.versions.items():
            if key[0] not in self.trusted:
                assert versions[key] >= version, (place.name, key)
        place.versions = versions

    def _the_recalled_is_gone(self, place: Place) -> None:
        heard = set(Recall.objects.standing().values_list("address", flat=True))
        gone = [known for known in self.known if heard.intersection(known.recalls)]
        gone = [one for one in gone if not (one.restated and one.origin == place.name)]
        if not gone:
            return
        addresses = [address for known in gone for address in known.addresses]
        items = [known.item for known in gone]
        for model in (Record, Quarantine):
            kept = model.objects.filter(address__in=addresses, payload__isnull=False)
            assert not kept.exists(), f"{place.name} keeps the text of what was recalled"
        shown = Item.objects.filter(item_id__in=items).exclude(state__in=GONE)
        assert not shown.exists(), f"{place.name} offers what was recalled"
        live = Page.objects.filter(provenance__item_id__in=items, live=True)
        assert not live.exists(), f"{place.name} shows what was recalled"

    def _the_untrusted_is_out_of_use(self, place: Place) -> None:
        directory = DescriptorDirectory(get_conf().trust_dir)
        for name, size in self.trusted.items():
            if name == place.name or directory.member(name).trusted_size != size:
                continue
            after = Entry.objects.filter(log__node_id=name, index__gte=size)
            kept = Record.objects.filter(address__in=after.values("address"))
            kept = kept.filter(payload__isnull=False).exclude(schema__in=("recall/1", "lift/1"))
            before = Entry.objects.filter(log__node_id=name, index__lt=size)
            kept = kept.exclude(address__in=before.values("address"))
            assert not kept.exists(), f"{place.name} keeps what is not trusted"
            items = Item.objects.filter(origin=name, index__gte=size)
            assert not items.exclude(state=ItemState.RECALLED).exists(), place.name
            rows = Provenance.objects.filter(origin=name, index__gte=size, by_policy=True)
            assert not rows.filter(page__live=True).exists(), f"{place.name} shows what is not"
