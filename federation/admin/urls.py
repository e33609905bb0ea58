"""Addresses of the Federation menu, under /admin/federation/."""

from django.urls import path

from . import (
    blobs,
    bundles,
    inbox,
    item,
    item_json,
    notes,
    peers,
    quarantine,
    review,
    share,
    shared,
    subscriptions,
)

app_name = "federation_admin"
urlpatterns = [
    path("inbox/", inbox.Inbox.as_view(), name="inbox"),
    path("inbox/<int:pk>/", item.ItemScreen.as_view(), name="item"),
    path("inbox/<int:pk>/checks/", item_json.ItemChecks.as_view(), name="item_checks"),
    path("inbox/<int:pk>/endorse/", review.Endorse.as_view(), name="endorse"),
    path("inbox/<int:pk>/return/", review.Return.as_view(), name="return"),
    path("inbox/<int:pk>/decline/", review.Decline.as_view(), name="decline"),
    path("inbox/<int:pk>/adopt/", review.Adopt.as_view(), name="adopt"),
    path(
        "inbox/<int:pk>/withdraw-endorsement/",
        review.WithdrawEndorsement.as_view(),
        name="withdraw_endorsement",
    ),
    path("blob/<str:sha256>/", blobs.BlobView.as_view(), name="blob"),
    path("bundles/", bundles.Bundles.as_view(), name="bundles"),
    path("bundles/export/", bundles.Export.as_view(), name="bundle_export"),
    path("bundles/<uuid:pk>/", bundles.BundleScreen.as_view(), name="bundle"),
    path("bundles/<uuid:pk>/import/", bundles.Import.as_view(), name="bundle_import"),
    path("bundles/<uuid:pk>/discard/", bundles.Discard.as_view(), name="bundle_discard"),
    path("shared/", shared.Shared.as_view(), name="shared"),
    path("shared/page/<int:page_id>/", share.ShareScreen.as_view(), name="share"),
    path("shared/page/<int:page_id>/share/", share.Share.as_view(), name="share_page"),
    path("shared/page/<int:page_id>/retract/", share.Retract.as_view(), name="retract"),
    path("shared/page/<int:page_id>/mode/", share.SetMode.as_view(), name="mode"),
    path("notes/", notes.Notes.as_view(), name="notes"),
    path("peers/", peers.Peers.as_view(), name="peers"),
    path("peers/invite/", peers.Invite.as_view(), name="invite"),
    path("peers/join/", peers.Join.as_view(), name="join"),
    path("peers/<slug:node_id>/fetch/", peers.Fetch.as_view(), name="fetch"),
    path("peers/<slug:node_id>/confirm/", peers.Confirm.as_view(), name="confirm"),
    path("peers/<slug:node_id>/pull/", peers.Pull.as_view(), name="pull"),
    path("peers/<slug:node_id>/freeze/", peers.Freeze.as_view(), name="freeze"),
    path("quarantine/", quarantine.QuarantineScreen.as_view(), name="quarantine"),
    path("quarantine/<int:pk>/retry/", quarantine.Retry.as_view(), name="retry"),
    path("quarantine/file/<int:pk>/retry/", quarantine.RetryFile.as_view(), name="retry_file"),
    path("subscriptions/", subscriptions.Subscriptions.as_view(), name="subscriptions"),
    path("subscriptions/add/", subscriptions.EditSubscription.as_view(), name="subscription_add"),
    path(
        "subscriptions/<int:pk>/",
        subscriptions.EditSubscription.as_view(),
        name="subscription_edit",
    ),
    path(
        "subscriptions/<int:pk>/delete/",
        subscriptions.DeleteSubscription.as_view(),
        name="subscription_delete",
    ),
]
