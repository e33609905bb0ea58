"""Background work: what readers may take along is made before the first of them asks."""

from django_tasks import task

from . import offers


@task(priority=-10)  # after everything else that waits
def make_collections() -> int:
    """Make the collections that are missing as content stands now; return how many."""
    return offers.make_collections()
