"""What tests of generators share."""

import pytest

from hiddenspace.generation import generative


@pytest.fixture
def short_epochs(monkeypatch):
    """Epochs of three rounds at least, in place of hundreds."""
    monkeypatch.setattr(generative, "EPOCH", 3)
