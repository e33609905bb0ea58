"""Send the stewards what they must see: two heads of one log that cannot both be true.

Source: docs/protocol.md, "Log".
"""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext as _
from django_tasks import task

from federation.conf import get_conf
from federation.models import Evidence

logger = logging.getLogger(__name__)


def tell(evidence: Evidence) -> None:
    """Leave the mail to the worker, where the node knows of stewards."""
    if get_conf().STEWARDS:
        send_evidence.enqueue(evidence.pk)


@task()
def send_evidence(evidence_id: int) -> int:
    """Write to each steward, with both heads as they were signed; return to how many."""
    evidence = Evidence.objects.filter(pk=evidence_id).first()
    if evidence is None:
        return 0
    conf = get_conf()
    names = {"log": evidence.origin, "here": conf.NODE_ID}
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("Two histories of the log %(log)s") % names
        text = _(
            "The node %(here)s holds two heads of the log %(log)s that cannot both be true. Both "
            "are signed with its key. Either the node tells different things to different nodes, "
            "or somebody else has its key.\n\nThis is no accident that heals by itself. Telephone "
            "its operator, at a number that you have used before. Then decide whether to suspend "
            "it.\n\nBoth heads follow, as they were signed. Anybody can check them."
        )
    notes = (bytes(note).decode("utf-8", "replace") for note in (evidence.first, evidence.second))
    body = "\n\n----------\n\n".join([text % names, *notes])
    sent = 0
    for address in conf.STEWARDS:  # one letter each: they need not know each other's addresses
        try:
            sent += send_mail(subject, body, None, [address])
        except OSError as error:  # smtplib's errors too: the next steward still gets a letter
            logger.error("a letter to a steward was not sent: %s", type(error).__name__)
    return sent
