"""The picture of bytes against quality."""

import numpy as np
import pytest

from hiddenspace.errors import UsageError
from hiddenspace.pictures.rate_distortion import rate_distortion
from hiddenspace.pictures.theme import LIGHT


def test_each_way_is_a_line_over_its_bytes() -> None:
    figure = rate_distortion({"codes": ([20, 10], [25.0, 23.0]), "PCA": ([30], [22.0])})
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    np.testing.assert_array_equal(lines["codes"].get_xdata(), [10, 20])
    np.testing.assert_array_equal(lines["codes"].get_ydata(), [23, 25])
    assert lines["PCA"].get_color() == LIGHT.baseline
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize("curve", [([1, 2], [3]), ([], []), ([0, 1], [2, 3])])
def test_curves_that_are_none(curve: tuple[list[float], list[float]]) -> None:
    with pytest.raises(UsageError, match="bytes"):
        rate_distortion({"codes": curve})


def test_no_curves() -> None:
    with pytest.raises(UsageError, match="at least one"):
        rate_distortion({})
