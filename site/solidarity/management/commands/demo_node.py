"""Fill one demo node's migrated database: site, starter content, logins, keys. Used by `demo`."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from wagtail.users.models import UserProfile

from federation.conf import get_conf
from federation.models import Policy, Subscription
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
    help = "Fill this demo node. Refuses any settings but the demo's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wait", action="store_true", help="begin when a line comes on standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["wait"] and not sys.stdin.readline():
            raise CommandError("Nobody said that the database is there.")
        if settings.SETTINGS_MODULE != "solidarity.settings.demo":
            raise CommandError("This makes users with a known password: for the demo alone.")
        languages = list(settings.PLAYBOOK_LANGUAGES)
        prepare_site(languages)
        load_starter(languages, live=True)
        initialise_node(get_conf())
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
