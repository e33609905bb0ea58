"""The redaction gate: eight questions before anything may be published or shared.

A "yes" always means that it is safe to go on. Only yes or no is kept, never the story behind it.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

QUESTIONS = {
    "names": _("Are all names gone, of people and of groups, unless each of them agreed?"),
    "place": _("Is the place so wide that nobody could be found by it?"),
    "dates": _("Are the dates no finer than a month?"),
    "pictures": _("Do the pictures show no face, screen, sign or place that gives someone away?"),
    "metadata": _("Are pictures and files free of hidden data such as author, device, position?"),
    "consent": _("Did the people it is about agree to this text, or can nobody tell who they are?"),
    "two_facts": _("If someone puts two facts from the text together, is everyone still unknown?"),
    "second_reviewer": _("Has a second person who did not write it read it with these questions?"),
}
YES_NO = [("yes", _("Yes")), ("no", _("No"))]


class RedactionForm(forms.Form):
    """The safety reviewer's answers. Valid only when every one is yes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, question in QUESTIONS.items():
            self.fields[name] = forms.ChoiceField(
                label=question,
                choices=YES_NO,
                widget=forms.RadioSelect,
                error_messages={"required": _("Answer this question.")},
            )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        for name in QUESTIONS:
            if answers.get(name) == "no":
                self.add_error(
                    name, _("With a “no” it cannot be approved. Request changes instead.")
                )
        return answers


class RedactionChangesForm(forms.Form):
    """What has to change, and which answers were no."""

    unsafe = forms.MultipleChoiceField(
        label=_("Which questions are answered with no?"),
        choices=list(QUESTIONS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    comment = forms.CharField(
        label=_("What should change"),
        required=False,
        widget=forms.Textarea,
        help_text=_("Say which part, not what it gives away."),
    )
