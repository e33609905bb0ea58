"""The blocks of a play and of a case. Their ids are Wagtail's own and stay with the block."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

TEXT_FEATURES = ["h3", "h4", "bold", "italic", "ol", "ul", "link", "blockquote"]
SMALL_FEATURES = ["bold", "italic", "ol", "ul", "link"]


class StepBlock(blocks.StructBlock):
    do = blocks.RichTextBlock(
        label=_("Do"),
        features=SMALL_FEATURES,
        help_text=_("One action that someone can start now. Short sentences."),
    )
    who = blocks.CharBlock(label=_("Who"), required=False, help_text=_("A role, never a name."))
    by_when = blocks.CharBlock(
        label=_("By when"), required=False, help_text=_("For example: within the first hour.")
    )
    dont = blocks.CharBlock(
        label=_("Do not"),
        required=False,
        help_text=_("A common mistake. Begin with “Do not”."),
    )

    class Meta:
        icon = "tick"
        label = _("Step")
        template = "playbook/blocks/step.html"


class LessonBlock(blocks.StructBlock):
    lesson = blocks.RichTextBlock(label=_("Lesson"), features=SMALL_FEATURES)
    applies_when = blocks.CharBlock(label=_("Applies when"), required=False)

    class Meta:
        icon = "pick"
        label = _("Lesson")
        template = "playbook/blocks/lesson.html"


class BlankTable(blocks.StructValue):
    @property
    def all_rows(self) -> list[str]:
        """Return what stands at the beginning of each row: its name, or nothing."""
        return [*self["row_names"], *[""] * (self["rows"] or 0)]


class BlankTableBlock(blocks.StructBlock):
    """A table to fill in by hand: its columns, rows that have a name, and empty ones."""

    heading = blocks.CharBlock(label=_("Heading"))
    hint = blocks.CharBlock(label=_("Hint"), required=False)
    columns = blocks.ListBlock(blocks.CharBlock(label=_("Column")), label=_("Columns"))
    row_names = blocks.ListBlock(
        blocks.CharBlock(label=_("Name")), label=_("Rows with a name"), default=[]
    )
    rows = blocks.IntegerBlock(label=_("Empty rows"), default=4, min_value=0, max_value=30)

    class Meta:
        icon = "table"
        value_class = BlankTable
        label = _("Table to fill in")
        template = "playbook/blocks/blank_table.html"


class LevelsBlock(blocks.StructBlock):
    """Levels of alert: what is seen, and what follows."""

    heading = blocks.CharBlock(label=_("Heading"))
    levels = blocks.ListBlock(
        blocks.StructBlock(
            [
                ("name", blocks.CharBlock(label=_("Level"))),
                ("trigger", blocks.CharBlock(label=_("What is seen"), required=False)),
                ("response", blocks.CharBlock(label=_("What we do"), required=False)),
            ]
        ),
        label=_("Levels"),
    )

    class Meta:
        icon = "warning"
        label = _("Trigger levels")
        template = "playbook/blocks/levels.html"


class ChecklistBlock(blocks.StructBlock):
    heading = blocks.CharBlock(label=_("Heading"))
    lines = blocks.ListBlock(blocks.CharBlock(label=_("Line")), label=_("Lines"))

    class Meta:
        icon = "tick-inverse"
        label = _("Checklist")
        template = "playbook/blocks/checklist.html"


class RoleBlock(blocks.StructBlock):
    """One way to take part, and the route that leads to the people who answer."""

    name = blocks.CharBlock(label=_("Role"))
    what = blocks.RichTextBlock(label=_("What you would do"), features=SMALL_FEATURES)
    route = blocks.RichTextBlock(
        label=_("How to reach us"),
        features=SMALL_FEATURES,
        help_text=_("A route that is watched. Never the number or address of one person."),
    )

    class Meta:
        icon = "user"
        label = _("Way to take part")
        template = "playbook/blocks/role.html"


FORM_BLOCKS = [
    ("text", blocks.RichTextBlock(features=SMALL_FEATURES, label=_("Text"))),
    ("table", BlankTableBlock()),
    ("levels", LevelsBlock()),
    ("checklist", ChecklistBlock()),
]
ROLE_BLOCKS = [("role", RoleBlock())]
STEP_BLOCKS = [("step", StepBlock())]
LESSON_BLOCKS = [("lesson", LessonBlock())]
