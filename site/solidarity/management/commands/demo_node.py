"""One demo node's process behind the scenes: fills its database, then works. Used by `demo`.

A real node has a process for the worker and one for the beat. Here they are one, since starting
Django six times more is a good part of the time that the demo takes.
"""

import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from wagtail.users.models import UserProfile

from federation.conf import get_conf
from federation.models import Policy, Subscription
from federation.services import trusting
from federation.services.enrolment import initialise_node
from playbook.permissions import CURATORS, EDITORS, PUBLISHERS, SAFETY_REVIEWERS
from playbook.setup import prepare_site
from playbook.starter.loader import load_starter
from solidarity.demo.plan import ROLES
from solidarity.env import text

GROUPS = {
    "editor": [EDITORS],
    "safety": [SAFETY_REVIEWERS],
    "publisher": [PUBLISHERS],
    "curator": [CURATORS],
    "admin": [],
}


class Command(BaseCommand):
    help = "Wait for `fill PATH` (fill the database, then write that file) or `work` on a line."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SETTINGS_MODULE != "solidarity.settings.demo":
            raise CommandError("This makes users with a known password: for the demo alone.")
        import_module(settings.ROOT_URLCONF)  # needed to fill it; there is time while it is made
        self.stdout.write("waits for its line")
        match sys.stdin.readline().split():
            case ["fill", done]:
                self._fill()
                Path(done).touch()
            case ["work"]:
                pass
            case _:
                raise CommandError("Nobody said that the database is there.")
        beat = {"interval": 0.2, "skip_checks": True}
        threading.Thread(
            target=call_command, args=["run_scheduler"], kwargs=beat, daemon=True
        ).start()
        call_command("db_worker", interval=0.1, startup_delay=False, reload=False, skip_checks=True)

    def _fill(self) -> None:
        languages = list(settings.PLAYBOOK_LANGUAGES)
        prepare_site(languages)
        load_starter(languages, live=True)
        initialise_node(get_conf())
        if get_conf().relays:  # one of one, the keys on the hub: for a demo or a start
            trusting.start_trust(get_conf())
        self._make_users(make_password(text("DEMO_PASSWORD")))
        self._subscribe(languages)

    def _make_users(self, password: str) -> None:
        model = get_user_model()
        for role in ROLES:
            user, made = model.objects.get_or_create(
                username=role,
                defaults={
                    "password": password,
                    "is_superuser": role == "admin",
                    "is_staff": role == "admin",
                    "email": f"{role}@{settings.NODE_ID}.example",
                },
            )
            if made:
                user.groups.set(Group.objects.filter(name__in=GROUPS[role]))
                UserProfile.get_for_user(user)

    def _subscribe(self, languages: list[str]) -> None:
        """Publish what the hub endorses in this node's languages; draft everything else."""
        rest = Policy.STAGE if get_conf().relays else Policy.DRAFT
        Subscription.objects.filter(origin="*", schema="*", lang="*").update(policy=rest)
        for lang in languages:
            Subscription.objects.get_or_create(
                origin="*", schema="*", lang=lang, defaults={"policy": Policy.PUBLISH}
            )
