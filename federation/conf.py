"""What a node's operator decides about the federation, read from the one setting FEDERATION."""

from dataclasses import dataclass, fields
from pathlib import Path

from django.conf import settings

MIB = 1024 * 1024


@dataclass(frozen=True)
class Conf:
    """The FEDERATION setting, with a default for all but the node's own name and place.

    Sizes are bytes, durations seconds unless the name says otherwise.
    """

    NODE_ID: str
    DOMAIN: str
    DATA_DIR: Path
    PUBLIC_URL: str
    PRIVATE_ENDPOINT: bool = False
    ROLE: str = "node"
    LANGUAGES: tuple[str, ...] = ("en",)
    HEAD_SECONDS: float = 3600
    ASK_SECONDS: float = 6 * 3600
    SYNC_SECONDS: float = 300
    WITNESS_SECONDS: float = 3600
    PUSH: bool = False
    MIRRORS: tuple[str, ...] = ()
    SOCKS_PROXY: str = ""
    STEWARDS: tuple[str, ...] = ()

    MAX_RECORD: int = MIB
    MAX_BLOB: int = 50 * MIB
    MAX_BUNDLE: int = 2048 * MIB
    MAX_BUNDLE_MEMBERS: int = 100_000
    MAX_WAITING_BUNDLES: int = 4
    MAX_IMAGE_PIXELS: int = 40_000_000
    MAX_ENTRIES: int = 100_000
    MAX_ENTRIES_PER_DAY: int = 1_000
    CONNECT_SECONDS: float = 10
    READ_SECONDS: float = 30
    TRANSFER_SECONDS: float = 300
    BLOB_THREADS: int = 4
    BACKOFF_MAX_SECONDS: float = 6 * 3600
    NONCE_MINUTES: int = 15
    INVITE_DAYS: int = 7
    LEASE_DAYS: int = 180
    LICENCE: str = "CC-BY-SA-4.0"

    @property
    def log_origin(self) -> str:
        """The name of this node's log: `<federation domain>/<node id>`, also its key's name."""
        return f"{self.DOMAIN}/{self.NODE_ID}"

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """Every address of this node, the public one first."""
        return (self.PUBLIC_URL, *self.MIRRORS)

    @property
    def relays(self) -> bool:
        """Does this node serve the logs of others, and the directory of members?"""
        return self.ROLE == "hub"

    @property
    def keys_dir(self) -> Path:
        return self.DATA_DIR / "keys"

    @property
    def trust_dir(self) -> Path:
        return self.DATA_DIR / "trust"

    @property
    def bundles_dir(self) -> Path:
        """Where bundles lie that were uploaded or pushed, until they are imported."""
        return self.DATA_DIR / "bundles"

    @property
    def blobs_dir(self) -> Path:
        return self.DATA_DIR / "blobs"


_NAMES = {field.name for field in fields(Conf)}


def get_conf() -> Conf:
    """Return the configuration as it stands now (tests and tools may override the setting)."""
    given = dict(settings.FEDERATION)
    for several in ("LANGUAGES", "MIRRORS"):
        given[several] = tuple(given.get(several, ()))
    given["DATA_DIR"] = Path(given["DATA_DIR"])
    return Conf(**given)


def unknown_names() -> set[str]:
    """Return the keys of FEDERATION that mean nothing, for the system check."""
    return set(settings.FEDERATION) - _NAMES
