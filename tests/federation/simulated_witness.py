"""Witnesses in memory, which keep the rules of tlog-witness, and one method for each lie."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from federation.client.fetcher import Answer, Body, Fetcher
from federation.errors import BadProof, PeerUnreachable
from federation.wire import checkpoint, merkle
from federation.wire.notes import Note
from federation.wire.witnessing import SIZE_TYPE, Submission, encode_size

from .simulated_node import SimulatedNode, key_for


class Witnesses(Fetcher):
    """Answers `add-checkpoint` for each of these nodes; `known` is what each cosigned last.

    `asked` lists who was asked, in order, with the old size and the size of each submission.
    """

    def __init__(self, *witnesses: SimulatedNode) -> None:
        super().__init__()
        self.nodes = {urlsplit(node.url).hostname: node for node in witnesses}
        self.known: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[str, int, int]] = []
        self.stop_lying()

    def stop_lying(self) -> None:
        self._claims: dict[str, int] = {}
        self._dead: set[str] = set()
        self._bodies: dict[str, tuple[int, str, bytes]] = {}
        self._wrong_key: set[str] = set()
        self._clocks: dict[str, float] = {}

    # --- Lies -------------------------------------------------------------------------------------

    def claim(self, node: SimulatedNode, size: int) -> None:
        """Claim to have seen this much of any log."""
        self._claims[node.node_id] = size

    def die(self, *nodes: SimulatedNode) -> None:
        self._dead |= {node.node_id for node in nodes}

    def answer(self, node: SimulatedNode, status: int, kind: str, body: bytes) -> None:
        """Answer these bytes whatever is submitted."""
        self._bodies[node.node_id] = (status, kind, body)

    def sign_with_another_key(self, node: SimulatedNode) -> None:
        self._wrong_key.add(node.node_id)

    def set_clock(self, node: SimulatedNode, at: float) -> None:
        self._clocks[node.node_id] = at

    # --- Honestly ---------------------------------------------------------------------------------

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body
    ) -> Iterator[Answer]:
        parts = urlsplit(url)
        node = self.nodes.get(parts.hostname)
        if node is None or node.node_id in self._dead:
            raise PeerUnreachable(f"Nobody answers at {url}.")
        assert (method, parts.path) == ("POST", "/federation/v1/add-checkpoint")
        assert isinstance(body, bytes)
        status, kind, answer = self._bodies.get(node.node_id) or self._answer(node, body)
        yield Answer(status, {"content-type": kind}, iter([answer]))

    def _answer(self, node: SimulatedNode, body: bytes) -> tuple[int, str, bytes]:
        submission = Submission.decode(body)
        head = submission.checkpoint
        self.asked.append((node.node_id, submission.old, head.size))
        size, root = self.known.get(node.node_id, (0, merkle.EMPTY_ROOT))
        size = self._claims.get(node.node_id, size)
        if submission.old != size or (head.size == size and head.root != root):
            return 409, SIZE_TYPE, encode_size(size)
        if size:
            try:
                merkle.verify_consistency(size, root, head.size, head.root, submission.proof)
            except BadProof:
                return 422, "text/plain", b""
        self.known[node.node_id] = (head.size, head.root)
        wrong = node.node_id in self._wrong_key
        key = key_for("stranger", "any") if wrong else node.keys.witness
        seconds = int(self._clocks.get(node.node_id, time.time()))
        text = Note.decode(submission.note).text
        line = checkpoint.cosignature(text, node.member.witness_name, key, seconds)
        return 200, "text/plain", line.line().encode()
