"""The list of readers' words, under Reports."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem

from playbook.feedback.admin import SEE


class FeedbackMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(SEE)


def feedback_menu_item() -> FeedbackMenuItem:
    address = reverse("playbook_feedback_report")
    return FeedbackMenuItem(
        _("Reader feedback"), address, name="reader-feedback", icon_name="comment", order=600
    )
