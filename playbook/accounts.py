"""Accounts of the admin without a person's name: what nobody wrote down cannot be seized."""

from wagtail.admin.forms.account import NameEmailForm
from wagtail.users.forms import UserCreationForm, UserEditForm

_NAMES = ("first_name", "last_name")


def let_names_be_empty() -> None:
    """Let an account be made, and its language be changed, without a first and a last name.

    Wagtail asks for both. Its forms can be replaced one by one, and the account page's not at all.
    """
    for form in (NameEmailForm, UserCreationForm, UserEditForm):
        for name in _NAMES:
            form.base_fields[name].required = False
