"""Two histories of one log are sent to the stewards, as they were signed, and once."""

from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail

from federation.models import Evidence
from federation.services import stewards_mail
from federation.services.stewards_mail import send_evidence

BOTH = ("first@stewards.example", "second@stewards.example")


@pytest.fixture
def forked(link, cedar):
    """Return a function that has cedar tell this node two histories, and gives both heads."""

    def _forked() -> tuple[str, str]:
        cedar.publish("One")
        cedar.publish("Two")
        link.sync()
        first = cedar.head().decode()
        twin = link.feed.fork(cedar, at=1)
        twin.publish("Another two")
        link.sync()
        return first, twin.head().decode()

    return _forked


def test_each_steward_gets_a_letter_with_both_heads_and_gets_it_once(link, forked, settings):
    settings.FEDERATION = {**settings.FEDERATION, "STEWARDS": BOTH}
    heads = forked()
    assert [letter.to for letter in mail.outbox] == [[address] for address in BOTH]
    for letter in mail.outbox:
        assert [head for head in heads if head not in letter.body] == []
        assert "cedar" in letter.subject
    link.sync()
    assert len(mail.outbox) == len(BOTH)


def test_without_stewards_or_without_mail_it_is_kept_and_nothing_is_sent(forked, settings):
    settings.FEDERATION = {**settings.FEDERATION, "STEWARDS": BOTH}
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    forked()
    assert Evidence.objects.count() == 1
    settings.FEDERATION = {**settings.FEDERATION, "STEWARDS": ()}
    assert send_evidence.func(Evidence.objects.get().pk) == 0
    assert mail.outbox == []


def test_a_letter_that_cannot_be_sent_keeps_no_other_steward_from_theirs(
    forked, settings, monkeypatch
):
    settings.FEDERATION = {**settings.FEDERATION, "STEWARDS": BOTH}
    real = stewards_mail.send_mail

    def refuse_the_first(*letter):
        if letter[-1] == [BOTH[0]]:
            raise SMTPRecipientsRefused({})
        return real(*letter)

    monkeypatch.setattr(stewards_mail, "send_mail", refuse_the_first)
    forked()
    assert [letter.to for letter in mail.outbox] == [[BOTH[1]]]


def test_what_is_gone_before_the_worker_comes_is_no_fault(here):
    assert send_evidence.func(404) == 0
