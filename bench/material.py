"""Plays and pictures to sync: real words at their real frequencies, pictures that do open.

Words are drawn one by one from the starter plays, so that gzip finds in them about what it finds
in a text, and not that one play repeats another.
"""

import io
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

STARTER = Path(__file__).resolve().parents[1] / "playbook" / "starter" / "plays"
PICTURE_BYTES = 37_000
_COMMENT = b"\xff\xfe"


class Writer:
    """Writes plays and pictures; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        text = " ".join(path.read_text("utf-8") for path in sorted(STARTER.glob("*.en.yaml")))
        self.words = re.findall(r"[A-Za-z][a-z]+", text)
        self.picture = picture_maker(self.random)

    def uuid(self) -> str:
        """A UUIDv4 of this writer's own randomness."""
        digits = list(self.random.randbytes(16).hex())
        digits[12], digits[16] = "4", "8"
        whole = "".join(digits)
        return "-".join((whole[:8], whole[8:12], whole[12:16], whole[16:20], whole[20:]))

    def sentence(self, words: int) -> str:
        return " ".join(self.random.choices(self.words, k=words)).capitalize() + "."

    def html(self, words: int) -> str:
        return f"<p>{self.sentence(words)}</p>"

    def content(self) -> dict[str, Any]:
        """The content of one play, as long as the English ones that the product starts with."""
        return {
            "title": self.sentence(6),
            "outcome": self.sentence(14),
            "threats": ["media"],
            "phase": "now",
            "who_leads": self.sentence(3),
            "effort": "medium",
            "time": self.sentence(3),
            "cost": self.sentence(4),
            "preconditions": self.html(40),
            "steps": [self._step() for _ in range(6)],
            "worse": self.html(60),
            "stop_conditions": self.html(40),
            "visibility": "closed_group",
            "mechanisms": [],
            "dimensions": [],
            "sectors": [],
            "status": "current",
        }

    def _step(self) -> dict[str, Any]:
        value = {
            "do": self.html(85),
            "who": self.sentence(4),
            "by_when": self.sentence(4),
            "dont": self.sentence(16),
        }
        return {"id": self.uuid(), "type": "step", "value": value}


def picture_maker(source: random.Random) -> Callable[[], bytes]:
    """A function that gives another JPEG of 37,000 bytes each time: one image, another comment."""
    small = Image.frombytes("RGB", (80, 60), source.randbytes(80 * 60 * 3))
    whole = small.resize((640, 480), Image.Resampling.BICUBIC)
    for quality in range(95, 5, -3):
        target = io.BytesIO()
        whole.save(target, "JPEG", quality=quality)
        data = target.getvalue()
        if len(data) <= PICTURE_BYTES - 100:
            break
    start, rest = data[:2], data[2:]
    length = PICTURE_BYTES - len(data) - len(_COMMENT)

    def another() -> bytes:
        comment = source.randbytes(length - 2)
        return start + _COMMENT + length.to_bytes(2, "big") + comment + rest

    return another
