"""The feed's addresses, under /federation/v1/."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from federation.api import views, witness

_TILE = r"(?:tile/(?:entries|\d{1,2})|records|sealed)/[x0-9/]+(?:\.p/\d{1,3})?"

urlpatterns = [
    path("heads", views.HeadsView.as_view()),
    re_path(r"^log/(?P<node_id>[a-z0-9-]{1,63})/checkpoint$", views.CheckpointView.as_view()),
    re_path(rf"^log/(?P<node_id>[a-z0-9-]{{1,63}})/(?P<path>{_TILE})$", views.TileView.as_view()),
    re_path(r"^record/(?P<address>[0-9a-f]{64})$", views.RecordView.as_view()),
    re_path(r"^blob/(?P<sha256>[0-9a-f]{64})$", views.BlobView.as_view()),
    path("trust/nodes", views.DirectoryView.as_view()),
    re_path(r"^trust/nodes/(?P<node_id>[a-z0-9-]{1,63})$", views.DescriptorView.as_view()),
    re_path(
        r"^trust/(?P<path>(?:metadata/(?:timestamp|\d{1,9}\.(?:root|snapshot|targets))"
        r"|targets/(?:[0-9a-f]{64}\.federation|nodes/[0-9a-f]{64}\.[a-z0-9-]{1,63}))\.json)$",
        views.TrustView.as_view(),
    ),
    path("add-checkpoint", witness.AddCheckpointView.as_view()),
    path("enrol", views.EnrolView.as_view()),
    path("inbox", views.InboxView.as_view()),
    path("status", views.StatusView.as_view()),
    path("schema", SpectacularAPIView.as_view()),
    re_path(r"", views.NothingView.as_view()),
]
