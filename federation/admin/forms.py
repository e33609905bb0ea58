"""The forms of the Federation menu."""

import re

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from federation.conf import get_conf
from federation.models import Item, ItemState, Policy, SharingChoice, SharingMode, Subscription
from federation.services.bundle_export import carriable
from federation.trust import DescriptorDirectory
from federation.wire.statements import MAX_NOTE

from .texts import EXPLAINED, kind_name, tongue

NODE = re.compile(r"^[a-z0-9-]{1,63}\Z")
_NODE_WRONG = _("A node's name has small letters, digits and hyphens only.")
_ANY = ("*", _("any"))
_HEX = RegexValidator(r"^[0-9a-fA-F\s]+$", _("A fingerprint has digits and the letters a to f."))


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "dir": "auto"})


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("Note to the author"),
        max_length=MAX_NOTE,
        widget=_lines(5),
        help_text=_(
            "Only the author's node can read it. It is kept there: name nobody, tell no story."
        ),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=MAX_NOTE,
        widget=_lines(2),
        help_text=_("Everyone can read it. Name nobody and give nothing away."),
    )


class RetractForm(ReasonForm):
    here = forms.BooleanField(label=_("Withdraw it here as well"), required=False)


class RecallForm(ReasonForm):
    sure = forms.BooleanField(label=_("I understand that this cannot be undone from here"))


class ModeForm(forms.ModelForm):
    class Meta:
        model = SharingChoice
        fields = ["mode"]
        labels = {"mode": _("May this page leave this node?")}
        widgets = {"mode": forms.RadioSelect}

    mode = forms.ChoiceField(choices=SharingMode.choices, widget=forms.RadioSelect)


class ConfirmForm(forms.Form):
    fingerprint = forms.CharField(
        label=_("The fingerprint as the other side read it out"),
        max_length=200,
        validators=[_HEX],
        help_text=_("64 digits and letters; spaces do not matter."),
        widget=forms.TextInput(
            attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false", "size": 80}
        ),
    )


class InviteForm(forms.Form):
    node_id = forms.CharField(
        label=_("Name of the new node"),
        max_length=63,
        validators=[RegexValidator(NODE, _NODE_WRONG)],
        help_text=_(
            "Small letters, digits and hyphens. Members can see it: a node at risk takes a "
            "name that means nothing."
        ),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )


class JoinForm(forms.Form):
    invite = forms.CharField(
        label=_("The invite that the hub's operator gave you"),
        max_length=2000,
        help_text=_("The text that starts with spb1. It works once."),
        widget=forms.Textarea(
            attrs={"rows": 4, "dir": "ltr", "autocomplete": "off", "spellcheck": "false"}
        ),
    )


class VerifyForm(forms.Form):
    q = forms.CharField(
        label=_("Address or link"),
        max_length=2000,
        help_text=_(
            "The 64 digits and letters of a version, spaces do not matter. Or the link behind the "
            "code on a page of this site that says where it comes from."
        ),
        widget=forms.TextInput(
            attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false", "size": 80}
        ),
    )


class VerifyFileForm(forms.Form):
    file = forms.FileField(
        label=_("A signed record"),
        help_text=_("A JSON file, as record/… of any node gives it. It is checked and not kept."),
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )


class RecallFileForm(forms.Form):
    file = forms.FileField(
        label=_("The signed file"),
        help_text=_(
            "Signed by two stewards, or with the identity key of the item's own node. Nothing "
            "happens before you have seen what it would do and confirm it."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )


class BundleUploadForm(forms.Form):
    file = forms.FileField(
        label=_("The bundle"),
        help_text=_("A file that another node exported. Nothing is taken before you confirm it."),
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,application/zip"}),
    )


class BundleExportForm(forms.Form):
    """Which logs to carry, from where on, and for whom sealed notes are added."""

    nodes = forms.MultipleChoiceField(
        label=_("Logs"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick none to take all of them."),
    )
    since = forms.IntegerField(
        label=_("From entry"),
        required=False,
        min_value=0,
        help_text=_("How many entries the other node has already. Empty takes everything."),
    )
    audience = forms.ChoiceField(
        label=_("Sealed notes for"),
        required=False,
        help_text=_("Notes that are sealed for this node go with it. Nobody else can read them."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        conf = get_conf()
        members = sorted(DescriptorDirectory(conf.trust_dir).envelopes())
        others = [(name, name) for name in members if name != conf.NODE_ID]
        held = [(log.node_id, log.node_id) for log in carriable()]
        self.fields["nodes"].choices = held  # type: ignore[attr-defined]
        self.fields["audience"].choices = [("", _("anybody")), *others]  # type: ignore[attr-defined]


class InboxFilter(forms.Form):
    """What to list: by state, origin, language and kind. Empty means: the inbox, from anyone."""

    state = forms.ChoiceField(label=_("State"), required=False)
    origin = forms.ChoiceField(label=_("From"), required=False)
    lang = forms.ChoiceField(label=_("Language"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        rows = list(Item.objects.order_by().values_list("origin", "lang", "schema").distinct())
        origins, langs, kinds = ({row[at] for row in rows if row[at]} for at in range(3))
        every = ("", _("any"))
        self._set("state", [("", _("waiting here")), ("all", _("all")), *ItemState.choices])
        self._set("origin", [every, *((name, name) for name in sorted(origins))])
        self._set("lang", [every, *((code, tongue(code).name) for code in sorted(langs))])
        self._set("kind", [every, *((name, kind_name(name)) for name in sorted(kinds))])

    def _set(self, name: str, choices: list[tuple[object, object]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


class SubscriptionForm(forms.ModelForm):
    """One rule: for these items, this is what becomes of them."""

    origin = forms.CharField(
        label=_("From"),
        max_length=63,
        initial="*",
        validators=[RegexValidator(r"^(\*|[a-z0-9-]{1,63})\Z", _NODE_WRONG)],
        help_text=_("The name of a node, or * for any."),
        widget=forms.TextInput(attrs={"dir": "ltr", "list": "nodes", "autocomplete": "off"}),
    )
    schema = forms.ChoiceField(label=_("Kind"))
    lang = forms.ChoiceField(label=_("Language"))
    policy = forms.ChoiceField(label=_("What to do with it"), widget=forms.RadioSelect)

    class Meta:
        model = Subscription
        fields = ["origin", "schema", "lang", "policy"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        kinds = {"play/1", "case/1", "term/1", self.instance.schema} - {"*"}
        langs = {*dict(settings.LANGUAGES), self.instance.lang} - {"*"}
        self.fields["policy"].choices = [  # type: ignore[attr-defined]
            (value, f"{label}. {EXPLAINED[value]}") for value, label in Policy.choices
        ]
        self.fields["schema"].choices = [_ANY, *((k, kind_name(k)) for k in sorted(kinds))]  # type: ignore[attr-defined]
        self.fields["lang"].choices = [_ANY, *((c, tongue(c).name) for c in sorted(langs))]  # type: ignore[attr-defined]
