"""Flags are of the type that they are said to be."""

import inspect
from typing import get_args

import pytest

import hiddenspace as hs
from hiddenspace.cli.flags import flags_of

MODELS = (
    "PCA",
    "Autoencoder",
    "SparseAutoencoder",
    "RedundantAutoencoder",
    "DenoisingAutoencoder",
    "ContrastiveEncoder",
)


@pytest.mark.parametrize("name", MODELS)
def test_a_default_is_what_could_be_written(name):
    """The parser checks defaults too, where pydantic happens to be imported."""
    for flag in flags_of(getattr(hs, name)):
        allowed = get_args(get_args(flag.annotation)[0]) or (get_args(flag.annotation)[0],)
        assert flag.default is inspect.Parameter.empty or not callable(flag.default)
        if isinstance(flag.default, str):
            assert any(option is str or flag.default in get_args(option) + allowed for option in allowed)
