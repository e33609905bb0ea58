"""What editors see of readers' words: a panel on the dashboard, a list, and "seen"."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.components import Component
from wagtail.admin.ui.tables import BooleanColumn, Column, TitleColumn
from wagtail.admin.views.reports import ReportView
from wagtail.models import Page

from playbook.models import Feedback

SEE, MARK = "playbook.view_feedback", "playbook.change_feedback"
SHOWN = 10


class DangerousPanel(Component):
    """On the dashboard: the pages that readers called dangerous, until somebody has looked."""

    name = "dangerous_feedback"
    template_name = "playbook/feedback/panel.html"
    order = 50  # before everything else that waits

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        request = parent_context["request"]
        if not request.user.has_perm(SEE):
            return {"rows": []}
        rows = Feedback.objects.dangerous().unseen().by_page()
        pages = Page.objects.in_bulk([row["page"] for row in rows[:SHOWN]])
        return {
            "rows": [{**row, "page": pages[row["page"]]} for row in rows[:SHOWN]],
            "more": len(rows) > SHOWN,
            "may_mark": request.user.has_perm(MARK),
            "request": request,
        }


class PageColumn(TitleColumn):
    def get_link_url(self, instance: Feedback, parent_context: Mapping[str, Any]) -> str:
        return reverse("wagtailadmin_pages:edit", args=[instance.page_id])

    def get_value(self, instance: Feedback) -> str:
        return format_html("<bdi>{}</bdi>", instance.page.get_admin_display_title())


class FeedbackFilterSet(WagtailFilterSet):
    day = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Day"), widget=DateRangePickerWidget
    )

    class Meta:
        model = Feedback
        fields = ["kind", "seen", "day"]


class FeedbackReport(ReportView):
    page_title = gettext_lazy("Reader feedback")
    header_icon = "comment"
    model = Feedback
    filterset_class = FeedbackFilterSet
    any_permission_required = ["view"]
    index_url_name = "playbook_feedback_report"
    index_results_url_name = "playbook_feedback_report_results"
    default_ordering = "-day"
    list_export = ["page", "kind", "day", "count", "seen"]
    export_filename = "reader-feedback"
    columns = [
        PageColumn("page", label=gettext_lazy("Page")),
        Column("get_kind_display", label=gettext_lazy("Said"), sort_key="kind"),
        Column("count", label=gettext_lazy("Times"), sort_key="count"),
        Column("day", label=gettext_lazy("Day"), sort_key="day"),
        BooleanColumn("seen", label=gettext_lazy("Seen")),
    ]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(SEE):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_base_queryset(self) -> QuerySet[Feedback]:
        return Feedback.objects.select_related("page").order_by("-day", "-count", "pk")


@require_POST
def mark_seen(request: HttpRequest, page: int) -> HttpResponse:
    """Take a page off the dashboard: somebody has looked at it, and says so."""
    if not request.user.has_perm(MARK):
        raise PermissionDenied
    item = get_object_or_404(Page, pk=page)
    Feedback.objects.dangerous().unseen().filter(page=item).update(seen=True)
    messages.success(request, _("Marked as seen: “%(title)s”.") % {"title": item.title})
    return HttpResponseRedirect(reverse("wagtailadmin_home"))
