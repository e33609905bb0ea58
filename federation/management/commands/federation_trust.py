"""Who is a member, decided by stewards: start, propose, sign, publish, look (docs/operating.md)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from federation.conf import get_conf
from federation.errors import FederationError
from federation.services import stewarding, trusting


class Command(BaseCommand):
    help = "Start, change and show who is a member of the federation, and who decides it."
    # A steward signs on a machine with no database and no settings of a node.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        key = verbs.add_parser("key", help="make a steward's key; keep the .pem, hand out the .pub")
        key.add_argument("path", type=Path, help="such as /media/stick/root-amal.pem")
        start = verbs.add_parser("init", help="start the hub's repository of members")
        start.add_argument("--keys", type=Path, metavar="DIR", help="root-* and targets-* keys")
        start.add_argument("--root-threshold", type=int, default=1)
        start.add_argument("--targets-threshold", type=int, default=1)
        start.add_argument("--out", type=Path, default=Path("start.change"))
        self._add_proposals(verbs.add_parser("propose", help="write an unsigned change"))
        sign = verbs.add_parser("sign", help="look at a change and sign it; needs no database")
        sign.add_argument("file", type=Path)
        sign.add_argument("--key", type=Path, required=True)
        publish = verbs.add_parser("publish", help="put a change in place once enough have signed")
        publish.add_argument("file", type=Path)
        show = verbs.add_parser("show", help="who can do what, and when it runs out")
        show.add_argument("file", type=Path, nargs="?", help="a change, instead of what holds now")
        root = verbs.add_parser("adopt-root", help="start anew from a root.json that was compared")
        root.add_argument("file", type=Path)
        root.add_argument("--root-version", type=int, required=True)
        root.add_argument("--sha256", required=True)
        confirm = verbs.add_parser("confirm-keys", help="accept a node's new keys here")
        confirm.add_argument("node_id")
        confirm.add_argument("--fingerprint", required=True)
        descriptor = verbs.add_parser("descriptor", help="write what this node says of itself")
        descriptor.add_argument("--out", type=Path, required=True)
        descriptor.add_argument("--old-identity", type=Path, help="the identity key before these")

    def _add_proposals(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True)
        what = parser.add_subparsers(dest="what", required=True)
        for name in ("add", "rotate"):
            one = what.add_parser(name)
            one.add_argument("descriptor", type=Path, help="the file the node's operator sent")
            if name == "rotate":
                one.add_argument("--from-entry", type=int, required=True)
                one.add_argument("--without-old-identity", action="store_true")
        for name in ("suspend", "activate", "revoke"):
            one = what.add_parser(name)
            one.add_argument("node_id")
        one.add_argument("--last-trusted", metavar="SIZE[:ROOT]", help="what stays")
        one = what.add_parser("last-trusted")
        one.add_argument("node_id")
        one.add_argument("last_trusted", metavar="SIZE[:ROOT]")
        one = what.add_parser("scope")
        one.add_argument("node_id")
        for name in ("languages", "types"):
            one.add_argument(f"--{name}", nargs="*")
        one.add_argument("--entries", type=int)
        one.add_argument("--entries-per-day", type=int)
        one = what.add_parser("witnesses")
        one.add_argument("nodes", nargs="*")
        one.add_argument("--node-quorum", type=int, default=0)
        one.add_argument("--hub-quorum", type=int, default=0)
        one = what.add_parser("role")
        one.add_argument("role", choices=("root", "targets", "snapshot", "timestamp"))
        one.add_argument("--keys", type=Path, metavar="DIR")
        one.add_argument("--threshold", type=int, default=1)
        one = what.add_parser("renew")
        one.add_argument("role", choices=("root", "targets"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb'].replace('-', '_')}")(options)
        except FederationError as error:
            raise CommandError(f"{error.code}: {error} {error.remedy}") from error
        except OSError as error:
            raise CommandError(str(error)) from error

    def _tell(self, lines: list[str]) -> None:
        for line in lines:
            self.stdout.write(line)

    def _key(self, options: dict[str, Any]) -> None:
        public = stewarding.make_key(options["path"])
        self.stdout.write(f"Key {public}")
        self.stdout.write(f"Keep {options['path']} to yourself; hand out the .pub beside it.")

    def _init(self, options: dict[str, Any]) -> None:
        change = trusting.start_trust(
            get_conf(),
            options["keys"],
            root_threshold=options["root_threshold"],
            targets_threshold=options["targets_threshold"],
        )
        self._written_or_published(change, options["out"])

    def _written_or_published(self, change: stewarding.Change, out: Path) -> None:
        self._tell(stewarding.describe(change))
        if change.complete:
            self.stdout.write("Published.")
            return
        trusting.write_change(change, out)
        self.stdout.write(f"Written to {out}. Let the stewards sign it, then publish it.")

    def _propose(self, options: dict[str, Any]) -> None:
        change = stewarding.propose(get_conf(), options)
        self._tell(stewarding.describe(change))
        trusting.write_change(change, options["out"])
        self.stdout.write(f"Written to {options['out']}.")

    def _sign(self, options: dict[str, Any]) -> None:
        change = stewarding.read_change(options["file"])
        self._tell(stewarding.describe(change))
        roles = change.sign(options["key"])
        trusting.write_change(change, options["file"])
        self.stdout.write(f"Signed for: {', '.join(roles)}.")
        self._tell(stewarding.signatures(change))

    def _publish(self, options: dict[str, Any]) -> None:
        change = stewarding.read_change(options["file"])
        self._tell(stewarding.describe(change))
        trusting.publish_change(change)
        self.stdout.write("Published.")

    def _show(self, options: dict[str, Any]) -> None:
        if options["file"]:
            self._tell(stewarding.describe(stewarding.read_change(options["file"])))
        else:
            self._tell(stewarding.show(get_conf()))

    def _adopt_root(self, options: dict[str, Any]) -> None:
        trusting.adopt_root(
            options["file"].read_bytes(), options["root_version"], options["sha256"]
        )
        self.stdout.write("Trust starts from this root now; the next pull fetches its members.")

    def _confirm_keys(self, options: dict[str, Any]) -> None:
        trusting.confirm_keys(options["node_id"], options["fingerprint"])
        self.stdout.write(f"{options['node_id']} counts as before.")

    def _descriptor(self, options: dict[str, Any]) -> None:
        stewarding.write_descriptor(get_conf(), options["out"], options["old_identity"])
        self.stdout.write(f"Written to {options['out']}. Send it to the stewards.")
