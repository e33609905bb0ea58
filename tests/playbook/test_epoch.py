"""The name of the content's state, where two change the content at once."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from playbook.models import ContentEpoch


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "TEST_DATABASE_URL" not in os.environ, reason="SQLite lets one writer in at a time"
)
def test_of_two_changes_at_once_neither_waits_and_both_count():
    ContentEpoch.bump()
    first = ContentEpoch.now()
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        ContentEpoch.bump()
        between = other.submit(change_elsewhere).result()
    after = ContentEpoch.now()
    assert len({first, between, after}) == 3
    ContentEpoch.bump()
    assert ContentEpoch.objects.count() == 1, "what was left over is replaced by the next change"


def change_elsewhere() -> str:
    """Change the content over a connection that fails where it would wait; return the new name."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        ContentEpoch.bump()
        return ContentEpoch.now()
    finally:
        connections.close_all()
