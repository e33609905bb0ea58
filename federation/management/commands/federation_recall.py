"""Sign a recall into a file that anybody can carry, or take such a file in and say it on."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.conf import get_conf
from federation.errors import FederationError
from federation.services import recalling
from federation.trust import load_key
from federation.wire import dsse


class Command(BaseCommand):
    help = (
        "Recall an item in an emergency. With --out the recall is signed into a file, with the "
        "identity key or the keys given; with --carry such a file is checked, applied here and "
        "said on in this node's log."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--item", help="the item's id")
        parser.add_argument("--origin", help="the item's node (default: this one)")
        parser.add_argument("--lang", help="only this language (default: all)")
        parser.add_argument("--lift", metavar="ADDRESS", help="lift the recall of this address")
        parser.add_argument("--reason", help="everyone can read it: name nobody")
        parser.add_argument("--key", type=Path, action="append", help="a key file; may be repeated")
        parser.add_argument("--out", type=Path, help="where to write the signed statement")
        parser.add_argument("--add-to", type=Path, help="a file that another steward has signed")
        parser.add_argument("--carry", type=Path, metavar="FILE", help="take in a signed file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["carry"]:
                self._carry(options["carry"])
            elif options["out"]:
                self._sign(options)
            else:
                raise CommandError("Give --out to sign a recall, or --carry to take one in.")
        except FederationError as error:
            raise CommandError(f"{error.code}: {error} {error.remedy}") from error
        except OSError as error:
            raise CommandError(str(error)) from error

    def _carry(self, path: Path) -> None:
        envelope = dsse.Envelope.from_json(path.read_bytes())
        entry = recalling.carry(envelope)
        said = f"said on as entry {entry.index}" if entry else "known already"
        self.stdout.write(f"{envelope.address}: applied here, {said}.")

    def _sign(self, options: dict[str, Any]) -> None:
        conf = get_conf()
        paths = options["key"] or [conf.keys_dir / "identity.pem"]
        keys = [load_key(path) for path in paths]
        if options["add_to"]:
            envelope = dsse.Envelope.from_json(options["add_to"].read_bytes())
            added = [dsse.Envelope.signed(envelope.payload, key).signatures[0] for key in keys]
            envelope = dsse.Envelope(envelope.payload, (*envelope.signatures, *added))
        else:
            if not (options["item"] and options["reason"]):
                raise CommandError("Say which item (--item) and why (--reason).")
            origin = options["origin"] or conf.NODE_ID
            target = {"origin": origin, "id": options["item"]}
            target |= {"lang": options["lang"]} if options["lang"] else {}
            target |= {"record": options["lift"]} if options["lift"] else {}
            envelope = recalling.sign_statement(
                "lift/1" if options["lift"] else "recall/1",
                conf.NODE_ID,
                {
                    "target": target,
                    "reason": options["reason"],
                    "day": datetime.now(UTC).date().isoformat(),
                },
                keys,
            )
        options["out"].write_bytes(envelope.to_json())
        self.stdout.write(
            f"{envelope.address}: written to {options['out']}, with "
            f"{len(envelope.signatures)} signatures. Copies already downloaded cannot be called "
            "back."
        )
