"""What a person carries where no network goes: a bundle, exported here and imported there."""

import html
import re
from typing import Any

from solidarity.demo.acts import Acts, log_size
from solidarity.demo.people import StepFailed, until

_BUNDLES = "/admin/federation/bundles/"


class Carrying(Acts):
    """Steps in which a file travels instead of a request."""

    def bundle(self) -> tuple[str, list[str]]:
        admin = self.person(self.second, "admin")
        admin.post(f"/admin/federation/peers/{self.hub.id}/freeze/", {"on": "1"})
        since = log_size(self.first)
        fields = {**self.plain, "title": f"{self.plain['title']}, carried"}
        fields["slug"] = f"{self.plain['slug']}-carried"
        self.pages["carried"] = self.publish("Play", fields)
        self.share(self.pages["carried"])
        carried = self.person(self.first, "admin").download(
            f"{_BUNDLES}export/", {"nodes": self.first.id, "since": str(since)}
        )
        shown = admin.upload(_BUNDLES, "carried.zip", carried)
        if fields["title"] not in html.unescape(shown) or self._arrived(fields):
            raise StepFailed("the inspection did not show the play, or took it already")
        confirm = re.search(rf"{_BUNDLES}[0-9a-f-]{{36}}/import/", shown)
        if confirm is None:
            raise StepFailed("the bundle could not be confirmed")
        admin.post(confirm[0])
        item = until("the carried play at Baobab", lambda: self._arrived(fields))
        found = self.checks(self.second, "editor", item)
        admin.post(f"/admin/federation/peers/{self.hub.id}/freeze/", {"on": "0"})
        return (
            f"With the hub cut off, Cedar's new play reaches Baobab as a file of {len(carried)} "
            "bytes. It is looked into, then imported."
        ), ["inspection changed nothing", *(check["name"] for check in found["checks"])]

    def _arrived(self, fields: dict[str, Any]) -> str | None:
        return self.inbox_item(self.second, "editor", fields["title"], "all")
