"""The editor's screens, with a plain hint where a field is easily misread."""

from django.forms import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel

EVIDENCE = [FieldRowPanel([FieldPanel("page"), FieldPanel("stance")])]

PICTURE = MultiFieldPanel([FieldPanel("picture"), FieldPanel("picture_alt")], heading=_("Picture"))
PROMOTE = [FieldPanel("slug")]
SETTINGS = [
    MultiFieldPanel(
        [
            FieldRowPanel(
                [FieldPanel("status"), FieldPanel("status_as_of"), FieldPanel("review_due")]
            ),
            FieldPanel("sensitive"),
            FieldPanel("starter_note"),
            FieldPanel("draft_for_native_review"),
            FieldPanel("licence"),
        ],
        heading=_("Status and review"),
    )
]


def _terms(name: str) -> FieldPanel:
    return FieldPanel(name, widget=CheckboxSelectMultiple)


PLAY = [
    FieldPanel("outcome"),
    MultiFieldPanel(
        [_terms("threats"), FieldRowPanel([FieldPanel("phase"), FieldPanel("visibility")])],
        heading=_("When it is for"),
    ),
    MultiFieldPanel(
        [
            FieldPanel("who_leads"),
            FieldPanel("effort"),
            FieldRowPanel([FieldPanel("time"), FieldPanel("cost")]),
        ],
        heading=_("What it takes"),
    ),
    FieldPanel("preconditions"),
    FieldPanel("steps", help_text=_("The first five are shown first, as “Act now”.")),
    FieldPanel("worse"),
    FieldPanel("stop_conditions"),
    MultiFieldPanel(
        [_terms("mechanisms"), _terms("dimensions"), _terms("sectors")], heading=_("Filed under")
    ),
    InlinePanel("evidence", heading=_("Evidence"), label=_("Case")),
    FieldPanel("local_legal_note"),
    PICTURE,
]

CASE = [
    FieldPanel("kind"),
    FieldPanel("summary"),
    MultiFieldPanel(
        [
            _terms("threats"),
            _terms("sectors"),
            _terms("mechanisms"),
            FieldRowPanel([FieldPanel("region"), FieldPanel("period")]),
        ],
        heading=_("Filed under"),
    ),
    FieldPanel("trigger"),
    FieldPanel("response"),
    FieldPanel("worked"),
    FieldPanel("did_not_work"),
    FieldPanel("trade_offs"),
    FieldPanel("lessons"),
    FieldPanel("transfers_if"),
    FieldPanel("unsafe_if"),
    FieldPanel("authors"),
    FieldPanel("composite"),
    FieldPanel("complete_file"),
    PICTURE,
]
