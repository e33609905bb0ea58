"""Whatever is asked of the feed, within its OpenAPI schema or beside it, it never answers 500."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings

from federation.wire.witnessing import SIZE_TYPE

pytestmark = [pytest.mark.django_db, pytest.mark.long]
NEGATIVE = schemathesis.GenerationMode.NEGATIVE
PROBLEM = "application/problem+json"
SCHEMA = "/federation/v1/schema"
schemathesis.serializer.alias("application/zip", "application/octet-stream")


@pytest.fixture
def _kept_open():
    """Django closes the database behind each request, the test's own connection included."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def operations(shared, _kept_open):
    """Return what the schema describes, at a hub that has something to serve."""
    schema = schemathesis.openapi.from_wsgi(SCHEMA, get_wsgi_application())
    return [found.ok() for found in schema.get_all_operations()]


def test_no_request_is_answered_with_a_fault_of_ours(operations):
    seen = set()
    for operation in operations:

        @settings(
            max_examples=40,
            deadline=None,
            suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
        )
        @given(operation.as_strategy() | operation.as_strategy(generation_mode=NEGATIVE))
        def ask(case):
            response = case.call()
            assert response.status_code < 500
            seen.add((case.operation.label, response.status_code))
            if response.status_code >= 400:
                kinds = {SIZE_TYPE} if response.status_code == 409 else {PROBLEM}
                assert set(response.headers["content-type"]) == kinds

        ask()
    assert ("GET /heads", 200) in seen
    assert {label for label, _status in seen} == {operation.label for operation in operations}
