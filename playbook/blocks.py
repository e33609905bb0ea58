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


STEP_BLOCKS = [("step", StepBlock())]
LESSON_BLOCKS = [("lesson", LessonBlock())]
