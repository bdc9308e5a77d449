"""What the tests of adaptation share."""

import pytest


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of four steps, in place of hundreds."""
    for module in ("domain_adapter", "shot"):
        monkeypatch.setattr(f"hiddenspace.adaptation.{module}.EPOCH_STEPS", 4)
