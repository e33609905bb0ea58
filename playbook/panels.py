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
    MultiFieldPanel([FieldPanel("templates"), FieldPanel("support")], heading=_("Who can help")),
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
    FieldPanel("episode"),
    FieldPanel("complete_file"),
    PICTURE,
]

STAGE = [FieldPanel("play"), FieldPanel("why"), FieldPanel("decision")]

STRATEGY = [
    FieldPanel("goal"),
    FieldPanel("summary"),
    _terms("threats"),
    FieldPanel("when_to_use"),
    InlinePanel("stages", heading=_("Plays in order"), label=_("Play"), min_num=1),
    PICTURE,
]

FINDING_CASE = [FieldPanel("page"), FieldPanel("lesson")]

FINDING = [
    FieldPanel("statement"),
    FieldPanel("hypothesis"),
    FieldPanel("explanation"),
    InlinePanel("cases", heading=_("Cases that teach it"), label=_("Case")),
    FieldPanel("limits"),
    MultiFieldPanel([_terms("threats"), _terms("mechanisms")], heading=_("Filed under")),
    PICTURE,
]

EPISODE = [
    FieldPanel("summary"),
    FieldRowPanel([FieldPanel("audio"), FieldPanel("number")]),
    FieldPanel("speakers"),
    FieldPanel("transcript"),
    _terms("threats"),
    PICTURE,
]

TEMPLATE = [
    FieldPanel("purpose"),
    FieldPanel("how_to_use"),
    FieldPanel("parts"),
    _terms("threats"),
    PICTURE,
]

SUPPORT = [
    FieldRowPanel([FieldPanel("kind"), FieldPanel("offered_by")]),
    FieldPanel("scope"),
    FieldPanel("eligibility"),
    FieldRowPanel([FieldPanel("languages_spoken"), FieldPanel("response_time")]),
    FieldPanel("contact_route"),
    FieldRowPanel([FieldPanel("verified_on"), FieldPanel("expires")]),
    _terms("threats"),
    PICTURE,
]

ORGANISATION = [
    FieldRowPanel([FieldPanel("kind"), FieldPanel("listing")]),
    FieldPanel("description"),
    FieldPanel("website"),
    _terms("sectors"),
]

GROUP = [
    FieldRowPanel([FieldPanel("kind"), FieldPanel("listing")]),
    FieldPanel("description"),
    FieldPanel("organisations"),
]

EVENT = [
    FieldPanel("summary"),
    FieldRowPanel([FieldPanel("openness"), FieldPanel("place")]),
    FieldRowPanel([FieldPanel("begins"), FieldPanel("ends")]),
    FieldPanel("description"),
    FieldPanel("taking_part"),
    FieldPanel("outcomes"),
    PICTURE,
]
