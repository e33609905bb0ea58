"""Addresses under /admin/."""

from django.urls import path

from playbook.feedback.admin import FeedbackReport, mark_seen

urlpatterns = [
    path("", FeedbackReport.as_view(), name="playbook_feedback_report"),
    path(
        "results/",
        FeedbackReport.as_view(results_only=True),
        name="playbook_feedback_report_results",
    ),
    path("<int:page>/seen/", mark_seen, name="playbook_feedback_seen"),
]
