"""All items of a language as plain text, in one zip that can be checked by hand and by machine.

`manifest.json` names each text with its SHA-256. Where the node has a key, the manifest is signed
with it, and the node's own log is added as it is served (docs/protocol.md, "Text pack").
"""

import hashlib
import io
import json
import zipfile
from typing import Any

from playbook.addresses import absolute
from playbook.origin import pack_sealer

from .chapters import Chapter
from .text import plain_text

_MOMENT = (2000, 1, 1, 0, 0, 0)
FORMAT = "solidarity-playbook-text-pack/1"


def manifest_of(texts: dict[str, bytes], chapters: list[Chapter], code: str) -> bytes:
    """Return the manifest: sorted JSON, one line, in UTF-8."""
    listed: list[dict[str, Any]] = [
        {
            "path": path,
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "title": each.title,
            "address": each.address,
        }
        for (path, data), each in zip(texts.items(), chapters, strict=True)
    ]
    manifest = {"format": FORMAT, "node": absolute("/"), "language": code, "texts": listed}
    return json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def pack(chapters: list[Chapter], code: str) -> bytes:
    """Return the zip. Its members are stored as they are, so that each is found by its bytes."""
    texts = {f"text/{code}/{each.short_id}.md": plain_text(each).encode() for each in chapters}
    manifest = manifest_of(texts, chapters, code)
    sealer = pack_sealer()
    members = {"manifest.json": manifest, **texts}
    if sealer is not None:
        members |= sealer.members(manifest)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), data)
    return target.getvalue()


def is_signed() -> bool:
    sealer = pack_sealer()
    return sealer is not None and bool(sealer.state())


def state() -> str:
    """Return what, beside the texts, a pack depends on."""
    sealer = pack_sealer()
    return sealer.state() if sealer else ""
