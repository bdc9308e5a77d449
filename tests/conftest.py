"""What several test files share.

The tests run on the CPU, whose tolerances they have, also where there is a GPU; `HIDDENSPACE_GPU=1 pytest
tests/test_gpu.py` runs those that need one.
"""

import os
from pathlib import Path

import pytest

# Two workers of pytest share two cores; threads on top of that only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
if not os.environ.get("HIDDENSPACE_GPU"):
    os.environ["CUDA_VISIBLE_DEVICES"] = ""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, beside the checkout or in HIDDENSPACE_DATA; without it the test is skipped."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("HIDDENSPACE_DATA", beside))
    if not folder.is_dir():
        pytest.skip("real data are neither in HIDDENSPACE_DATA nor in ../shared/data")
    return folder


@pytest.fixture
def short_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of three rounds at least, in place of hundreds, for generators."""
    monkeypatch.setattr("hiddenspace.generation.generative.EPOCH", 3)
