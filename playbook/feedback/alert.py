"""Tell the publishers, by mail where the node sends any, that a page was called dangerous."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task
from wagtail.models import Page

from playbook.models import Feedback
from playbook.permissions import PUBLISHERS

# Somebody who calls every page dangerous must not fill the publishers' letter boxes.
MAILS_A_DAY = 10
_SILENT = "django.core.mail.backends.dummy.EmailBackend"


def alert_editors(page: Page) -> bool:
    """Leave the mail to the worker; return whether there is one. The dashboard shows it anyway."""
    if settings.EMAIL_BACKEND == _SILENT:
        return False
    today = Feedback.objects.dangerous().filter(day=timezone.localdate())
    if today.count() > MAILS_A_DAY:
        return False
    mail_publishers.enqueue(page.pk)
    return True


@task()
def mail_publishers(page_id: int) -> int:
    """Write to the publishers that readers call this page dangerous; return to how many."""
    page = Page.objects.filter(pk=page_id).first()
    people = User.objects.filter(groups__name=PUBLISHERS, is_active=True).exclude(email="")
    addresses = sorted(set(people.values_list("email", flat=True)))
    if page is None or not addresses:
        return 0
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("Somebody calls a page dangerous: %(title)s") % {"title": page.title}
        text = _(
            "A reader of the page “%(title)s” chose “Dangerous”. Nothing else is known: not who, "
            "from where, or why.\n\nPlease read the page again today, as someone who is at risk "
            "would. If it could harm anyone, take it offline first and mend it afterwards.\n\n"
            "%(address)s\n"
        ) % {"title": page.title, "address": settings.WAGTAILADMIN_BASE_URL + _editor(page)}
    for address in addresses:  # one letter each: they need not know each other's addresses
        send_mail(" ".join(subject.split()), text, None, [address])
    return len(addresses)


def _editor(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])
