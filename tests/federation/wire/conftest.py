"""The published test vectors, which stand beside the repository and not in it."""

from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure: no time limit an example.
settings.register_profile("wire", deadline=None)
settings.load_profile("wire")

VECTORS = Path(__file__).parents[4] / "shared" / "vectors"


@pytest.fixture(scope="session")
def vectors() -> Path:
    if not VECTORS.is_dir():
        pytest.skip(f"no test vectors: {VECTORS} is absent")
    return VECTORS
