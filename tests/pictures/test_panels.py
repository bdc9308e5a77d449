"""Sets of filters beside each other."""

import numpy as np
import pytest

from hiddenspace.errors import UsageError
from hiddenspace.pictures.panels import filter_panels


def test_each_set_has_its_name_and_its_size() -> None:
    rng = np.random.default_rng(0)
    figure = filter_panels(
        {"PCA": rng.normal(size=(4, 3, 3)), "sparse": rng.normal(size=(9, 3, 3))}, columns=2, scale=4
    )
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["PCA", "sparse"]
    width, height = figure.get_size_inches() * 100
    sizes = [axes.get_position().size * (width, height) for axes in figure.axes]
    np.testing.assert_allclose(sizes, [[26, 26], [26, 68]])


def test_nothing_to_draw() -> None:
    with pytest.raises(UsageError, match="at least one"):
        filter_panels({})
