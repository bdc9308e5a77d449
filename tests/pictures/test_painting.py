import numpy as np
import pytest

from hiddenspace.errors import UsageError
from hiddenspace.pictures.painting import kinds_of, layer_of, term_curves, terms_of

WEIGHTS = {"style relu1": 0.5, "style relu2": 0.5, "content relu2": 0.25, "total variation": 2.0}
HISTORY = [
    {"step": 10.0 * n, "height": 48 * scale, "width": 64 * scale, **{f"train/{t}": w / n for t, w in WEIGHTS.items()}}
    for n, scale in ((1, 1), (2, 1), (3, 2), (4, 2))
]


def test_curves_are_distances_over_the_steps_of_each_scale() -> None:
    (axes,) = term_curves(HISTORY, WEIGHTS, "style").axes
    curves = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_xdata()[0] != line.get_xdata()[1]]
    assert [list(line.get_xdata()) for line in curves] == [[10, 20], [30, 40]] * 2
    for line in curves:
        np.testing.assert_allclose(line.get_ydata(), 10 / np.asarray(line.get_xdata()))
    assert [text.get_text() for text in axes.texts] == ["64", "128"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["relu1", "relu2"]


def test_kinds_and_layers_of_terms() -> None:
    assert kinds_of(WEIGHTS) == ["style", "content", "total variation"]
    assert terms_of("style", WEIGHTS) == ["style relu1", "style relu2"]
    assert [layer_of(term) for term in WEIGHTS] == ["relu1", "relu2", "relu2", "total variation"]
    assert kinds_of({"style relu1": 1.0, "range": 10.0}) == ["style", "range"]  # of L-BFGS
    assert layer_of("range") == "range"
    with pytest.raises(UsageError, match="give one of style, content, total variation"):
        term_curves(HISTORY, WEIGHTS, "patches")
