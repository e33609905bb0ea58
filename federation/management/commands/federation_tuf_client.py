"""Our TUF client, alone: it speaks the command protocol of the public TUF conformance suite.

    manage.py federation_tuf_client --metadata-dir DIR init ROOT
    manage.py federation_tuf_client --metadata-dir DIR --metadata-url URL refresh
    manage.py federation_tuf_client --metadata-dir DIR --metadata-url URL \\
        --target-name NAME --target-base-url URL --target-dir DIR download

It ends with 1 where the suite expects a refusal. It touches no node: neither database nor members.
"""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater

from federation.client import HttpFetcher, TrustFetcher
from federation.conf import get_conf
from federation.errors import FederationError
from federation.trust.refresh import CONFIG


class Command(BaseCommand):
    help = "Follow one TUF repository with this node's client, for the TUF conformance suite."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--metadata-dir", type=Path, required=True)
        parser.add_argument("--metadata-url")
        parser.add_argument("--target-name")
        parser.add_argument("--target-base-url")
        parser.add_argument("--target-dir", type=Path)
        verbs = parser.add_subparsers(dest="verb", required=True)
        start = verbs.add_parser("init", help="trust this root.json")
        start.add_argument("root", type=Path)
        verbs.add_parser("refresh", help="take in newer metadata")
        verbs.add_parser("download", help="refresh, then fetch one target")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["metadata_dir"]
        if options["verb"] == "init":
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(options["root"], folder / "root.json")
            return
        try:
            self._follow(folder, options)
        except (RepositoryError, DownloadError, FederationError, OSError, ValueError) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _follow(self, folder: Path, options: dict[str, Any]) -> None:
        fetcher = HttpFetcher(get_conf(), private=True)
        try:
            updater = Updater(
                metadata_dir=str(folder),
                metadata_base_url=options["metadata_url"],
                target_base_url=options["target_base_url"],
                target_dir=str(options["target_dir"]) if options["target_dir"] else None,
                fetcher=TrustFetcher(fetcher, accept="*/*"),
                config=CONFIG,
                bootstrap=(folder / "root.json").read_bytes(),
            )
            updater.refresh()
            if options["verb"] == "download":
                info = updater.get_targetinfo(options["target_name"])
                if info is None:
                    raise ValueError(f"there is no target {options['target_name']}")
                updater.download_target(info)
        finally:
            fetcher.close()
