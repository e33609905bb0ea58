"""Reader addresses below a language that are not pages."""

from django.urls import URLPattern, path, re_path

from playbook.documents import views as documents
from playbook.feedback.views import feedback, thanks
from playbook.feeds import section_feed
from playbook.podcast import audio, podcast_feed
from playbook.provenance import provenance
from playbook.saved import saved_pages
from playbook.search.views import search
from playbook.threat_views import threat_list, threat_page
from playbook.triage.views import triage

urlpatterns: list[URLPattern] = [
    path("search/", search, name="playbook_search"),
    path("triage/", triage, name="playbook_triage"),
    path("triage/<path:path>/", triage, name="playbook_triage"),
    path("feedback/<int:page>/", feedback, name="playbook_feedback"),
    path("feedback/<int:page>/thanks/", thanks, name="playbook_feedback_thanks"),
    path("threats/", threat_list, name="playbook_threats"),
    path("threats/<slug:code>/", threat_page, name="playbook_threat"),
    path("podcast/feed.xml", podcast_feed, name="playbook_podcast"),
    path("<slug:section>/feed.atom", section_feed, name="playbook_feed"),
    re_path(
        r"^podcast/audio/(?P<short>[0-9a-f]{10})\.(?P<ending>[a-z0-9]{2,5})$",
        audio,
        name="playbook_audio",
    ),
    re_path(r"^p/(?P<short>[0-9a-f]{10})/$", provenance, name="playbook_provenance"),
    path("saved/", saved_pages, name="playbook_saved"),
    path("take-along/", documents.take_along, name="playbook_take_along"),
    path("take-along/chosen/", documents.take_chosen, name="playbook_take_chosen"),
    re_path(
        r"^take-along/chosen\.(?P<ending>html|pdf|epub)$",
        documents.take_chosen,
        name="playbook_take_chosen_file",
    ),
    re_path(
        r"^take-along/all\.(?P<ending>epub|zip)$",
        documents.take_everything,
        name="playbook_take_everything",
    ),
    re_path(
        r"^take-along/(?P<short>[0-9a-f]{10})/$", documents.take_item, name="playbook_take_item"
    ),
    re_path(
        r"^take-along/(?P<short>[0-9a-f]{10})\.(?P<ending>html|pdf|epub|txt)$",
        documents.take_file,
        name="playbook_take_file",
    ),
]
