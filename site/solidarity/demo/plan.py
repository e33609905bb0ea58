"""The three nodes of the demo: who they are, where they lie, which environment they run in."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FEDERATION_DOMAIN = "solidarity.example"
ROLES = ("editor", "safety", "publisher", "curator", "admin")
BASE_DIR = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Node:
    """One node: `port` on loopback, its data under `folder`, `languages` that it publishes."""

    id: str
    name: str
    role: str
    languages: tuple[str, ...]
    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "node.sqlite3"

    def secret(self, name: str) -> str:
        """Return a secret of this node, made on first use and kept in its folder."""
        path = self.folder / f"{name}.secret"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48 if name == "key" else 9), encoding="ascii")
        return path.read_text(encoding="ascii")

    @property
    def password(self) -> str:
        return self.secret("password")

    @property
    def environment(self) -> dict[str, str]:
        """The environment for this node's processes."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "solidarity.settings.demo",
            "PYTHONPATH": os.pathsep.join([str(BASE_DIR / "site"), str(BASE_DIR)]),
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": self.secret("key"),
            "DEMO_PASSWORD": self.password,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "SOLIDARITY_DATA_DIR": str(self.folder),
            "SOLIDARITY_NODE_ID": self.id,
            "SOLIDARITY_SITE_NAME": self.name,
            "SOLIDARITY_ROLE": self.role,
            "SOLIDARITY_PUBLIC_URL": self.url,
            "SOLIDARITY_FEDERATION_DOMAIN": FEDERATION_DOMAIN,
            "SOLIDARITY_LANGUAGES": ",".join(self.languages),
            "SOLIDARITY_HEAD_SECONDS": "0.2",
            "SOLIDARITY_ASK_SECONDS": "0",
            "SOLIDARITY_SYNC_SECONDS": "1",
        }


def plan(folder: Path, port_base: int) -> tuple[Node, Node, Node]:
    """Return hub, first coalition, second coalition."""
    return (
        Node("hub", "Global hub", "hub", ("en", "ar", "fr", "es", "pt", "sw"), port_base,
             folder / "hub"),
        Node("cedar", "Cedar coalition", "node", ("ar", "fr", "en"), port_base + 1,
             folder / "cedar"),
        Node("baobab", "Baobab coalition", "node", ("sw", "pt", "en"), port_base + 2,
             folder / "baobab"),
    )  # fmt: skip


def ports(nodes: Sequence[Node]) -> list[int]:
    """Return every port that the demo listens on: the nodes', then the hostile relay's."""
    return [node.port for node in nodes] + [nodes[-1].port + 1]
