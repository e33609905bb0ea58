"""The editor's screens, with a plain hint where a field is easily misread."""

from django.forms import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel

from playbook.content_checks import AdvicePanel

ADVICE = AdvicePanel(heading=_("Before you submit"))
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
    ADVICE,
    FieldPanel("outcome"),
    MultiFieldPanel(
        [_terms("threats"), FieldRowPanel([FieldPanel("phase"), FieldPanel("visibility")])],
        heading=_("When it is for"),
        help_text=_(
            "Readers find it by its threats. Who may know is shown beside who, time, cost."
        ),
    ),
    FieldPanel(
        "steps",
        help_text=_(
            "The first five are shown first, as “Act now”, up to their first full stop. Put what "
            "cannot wait there."
        ),
    ),
    MultiFieldPanel(
        [FieldPanel("worse"), FieldPanel("stop_conditions")],
        heading=_("Risks"),
        help_text=_(
            "A play is not submitted without stop conditions: when to stop, and what then."
        ),
    ),
    MultiFieldPanel(
        [
            FieldPanel("who_leads"),
            FieldPanel("effort"),
            FieldRowPanel([FieldPanel("time"), FieldPanel("cost")]),
            FieldPanel("preconditions"),
        ],
        heading=_("What it takes"),
    ),
    MultiFieldPanel(
        [_terms("templates"), _terms("support")],
        heading=_("Templates and support"),
        help_text=_("An offer that has expired is not shown, even when it is ticked here."),
    ),
    InlinePanel(
        "evidence",
        heading=_("Evidence"),
        label=_("Case"),
        help_text=_("Cases that speak for it or against it. Training examples are not counted."),
    ),
    FieldPanel("local_legal_note"),
    MultiFieldPanel(
        [_terms("mechanisms"), _terms("dimensions"), _terms("sectors")],
        heading=_("Filed under"),
        classname="collapsed",
    ),
    PICTURE,
]

CASE = [
    ADVICE,
    MultiFieldPanel([FieldPanel("kind"), FieldPanel("composite")], heading=_("What it is")),
    FieldPanel("summary"),
    MultiFieldPanel(
        [_terms("threats"), FieldRowPanel([FieldPanel("region"), FieldPanel("period")])],
        heading=_("What, where, when"),
        help_text=_("As coarse as it can be: one precise place or day can give people away."),
    ),
    MultiFieldPanel([FieldPanel("trigger"), FieldPanel("response")], heading=_("What happened")),
    MultiFieldPanel(
        [FieldPanel("worked"), FieldPanel("did_not_work"), FieldPanel("trade_offs")],
        heading=_("What came of it"),
    ),
    FieldPanel("lessons"),
    MultiFieldPanel(
        [FieldPanel("transfers_if"), FieldPanel("unsafe_if")], heading=_("Where it holds")
    ),
    MultiFieldPanel(
        [FieldPanel("authors"), FieldPanel("episode"), FieldPanel("complete_file")],
        heading=_("Authors, episode and file"),
    ),
    MultiFieldPanel(
        [_terms("mechanisms"), _terms("sectors")], heading=_("Filed under"), classname="collapsed"
    ),
    PICTURE,
]

STAGE = [FieldPanel("play"), FieldPanel("why"), FieldPanel("decision")]

STRATEGY = [
    ADVICE,
    FieldPanel("goal"),
    FieldPanel("summary"),
    _terms("threats"),
    FieldPanel("when_to_use"),
    InlinePanel(
        "stages",
        heading=_("Plays in order"),
        label=_("Play"),
        min_num=1,
        help_text=_("Between two plays somebody decides. Say who, and when to stop instead."),
    ),
    PICTURE,
]

FINDING_CASE = [FieldPanel("page"), FieldPanel("lesson")]

FINDING = [
    ADVICE,
    FieldPanel("statement"),
    FieldPanel("hypothesis"),
    InlinePanel(
        "cases",
        heading=_("Cases that teach it"),
        label=_("Case"),
        min_num=1,
        help_text=_("At least one. Training examples are shown, and not counted as support."),
    ),
    FieldPanel("explanation"),
    FieldPanel("limits"),
    MultiFieldPanel(
        [_terms("threats"), _terms("mechanisms")], heading=_("Filed under"), classname="collapsed"
    ),
    PICTURE,
]

EPISODE = [
    ADVICE,
    FieldPanel("summary"),
    FieldRowPanel([FieldPanel("audio"), FieldPanel("number")]),
    FieldPanel("speakers"),
    FieldPanel("transcript"),
    _terms("threats"),
    PICTURE,
]

TEMPLATE = [
    ADVICE,
    FieldPanel("purpose"),
    FieldPanel("how_to_use"),
    FieldPanel(
        "parts",
        help_text=_("It is filled in on paper. Leave blank what only the reader can know."),
    ),
    _terms("threats"),
    PICTURE,
]

SUPPORT = [
    ADVICE,
    FieldRowPanel([FieldPanel("kind"), FieldPanel("offered_by")]),
    FieldPanel("scope"),
    FieldPanel("contact_route"),
    MultiFieldPanel(
        [FieldRowPanel([FieldPanel("verified_on"), FieldPanel("expires")])],
        heading=_("How long it holds"),
        help_text=_("Use the route yourself and wait for an answer. Then set both days anew."),
    ),
    MultiFieldPanel(
        [
            FieldPanel("eligibility"),
            FieldRowPanel([FieldPanel("languages_spoken"), FieldPanel("response_time")]),
        ],
        heading=_("What to expect"),
    ),
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
    _terms("organisations"),
]

EVENT = [
    ADVICE,
    FieldPanel("summary"),
    FieldRowPanel([FieldPanel("openness"), FieldPanel("place")]),
    FieldRowPanel([FieldPanel("begins"), FieldPanel("ends")]),
    FieldPanel("description"),
    FieldPanel("taking_part"),
    _terms("outcomes"),
    PICTURE,
]
