"""Errors as RFC 9457 problem documents. `type` is the error's own code."""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponse
from rest_framework.exceptions import APIException

from federation.errors import (
    AlreadyEnrolled,
    BadTile,
    BundleTooLarge,
    FederationError,
    FingerprintMismatch,
    InboxFull,
    InviteInvalid,
    JsonError,
    KeyFileError,
    LogFrozen,
    MalformedSubmission,
    MembershipError,
    RequestError,
    UnknownLog,
    WrongKey,
)

_STATUS: list[tuple[type[FederationError], int]] = [
    (RequestError, 401),
    (MembershipError, 403),
    (MalformedSubmission, 400),
    (WrongKey, 403),
    (LogFrozen, 403),
    (UnknownLog, 404),
    (InviteInvalid, 403),
    (FingerprintMismatch, 403),
    (AlreadyEnrolled, 409),
    (BadTile, 404),
    (BundleTooLarge, 413),
    (InboxFull, 429),
    (JsonError, 400),
    (KeyFileError, 503),
]


def problem(status: int, code: str, title: str, detail: str) -> HttpResponse:
    """Return a problem document."""
    body = {"type": code, "title": title, "status": status, "detail": detail}
    return HttpResponse(
        json.dumps(body).encode("utf-8"), status=status, content_type="application/problem+json"
    )


def not_found() -> HttpResponse:
    """The answer for what is not here and for what the caller may not see: the same bytes."""
    return problem(404, "feed.not-found", "Not found", "There is nothing public at this address.")


def problem_response(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler for the feed."""
    if isinstance(error, FederationError):
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 422)
        return problem(status, error.code, error.remedy, str(error))
    if isinstance(error, RequestDataTooBig):
        return problem(413, "http.too-large", "Send less at once.", "The body is too large.")
    if isinstance(error, Http404):
        return not_found()
    if isinstance(error, APIException):
        return problem(error.status_code, f"http.{error.default_code}", "Refused", str(error))
    return None
