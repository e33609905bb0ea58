"""The account page: a person without a name can choose the language of the admin."""

from django.contrib.auth.models import User
from django.urls import reverse


def account_form(client) -> dict[str, str]:
    """Return what the account page's form holds when it is opened."""
    panels = client.get(reverse("wagtailadmin_account")).context["panels_by_tab"]
    data = {}
    for tab in panels.values():
        for panel in tab:
            form = panel.get_form()
            for name in form.fields:
                value = form[name].value()
                if value:
                    data[form.add_prefix(name)] = value
    return data


def test_without_a_name_the_language_of_the_admin_can_be_changed(login, people):
    User.objects.update(first_name="", last_name="", email="editor@example.org")
    client = login("editor")
    assert '<html lang="en" dir="ltr"' in client.get("/admin/").content.decode()
    data = account_form(client) | {"locale-preferred_language": "ar"}
    assert data["locale-preferred_language"] == "ar"

    answer = client.post(reverse("wagtailadmin_account"), data)

    assert answer.status_code == 302
    assert '<html lang="ar" dir="rtl"' in client.get("/admin/").content.decode()


def test_an_account_is_made_without_a_name(login, people):
    client = login("admin")
    answer = client.post(
        reverse("wagtailusers_users:add"),
        {
            "username": "reviewer-7",
            "email": "reviewer-7@example.org",
            "password1": "a long phrase nobody guesses 7",
            "password2": "a long phrase nobody guesses 7",
        },
    )
    assert answer.status_code == 302
    assert User.objects.get(username="reviewer-7").get_full_name() == ""
