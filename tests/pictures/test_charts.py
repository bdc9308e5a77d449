import numpy as np
import pytest

from hiddenspace.errors import UsageError
from hiddenspace.pictures import (
    DARK,
    LIGHT,
    Theme,
    column_errors,
    component_lines,
    explained_variance,
    learning_curves,
    loadings,
    profile_lines,
    scatter_column,
)
from hiddenspace.pictures.numbers import plain


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].lines}


@pytest.fixture
def history():
    values = [0.5, 0.3, 0.2, 0.25]
    return [
        {"epoch": i + 1, "seconds": 1.0, "train/reconstruction": v * 0.9, "validation/reconstruction": v}
        for i, v in enumerate(values)
    ]


def test_learning_curves_hold_the_history(history):
    drawn = lines(learning_curves(history, baseline=0.28))
    assert drawn["train"].get_xdata().tolist() == [1, 2, 3, 4]
    assert drawn["train"].get_ydata().tolist() == [row["train/reconstruction"] for row in history]
    assert drawn["validation"].get_ydata().tolist() == [0.5, 0.3, 0.2, 0.25]
    assert set(drawn["PCA"].get_ydata()) == {0.28}
    assert (drawn["lowest: epoch 3"].get_xdata()[0], drawn["lowest: epoch 3"].get_ydata()[0]) == (3, 0.2)


def test_the_kept_epoch_is_the_one_that_is_given(history):
    assert "kept: epoch 2" in lines(learning_curves(history, best=2))
    assert not any("epoch" in name for name in lines(learning_curves(history, best=99)))


def test_gaps_in_the_history_are_left_out(history):
    history[1]["validation/reconstruction"] = float("nan")
    del history[2]["validation/reconstruction"]
    assert lines(learning_curves(history))["validation"].get_xdata().tolist() == [1, 4]


def test_training_alone_and_a_single_epoch_can_be_drawn(history):
    assert list(lines(learning_curves([{"epoch": 1, "train/kl": 3.0}], term="kl"))) == ["train"]
    assert lines(learning_curves(history[:1]))["validation"].get_marker() == "o"


def test_a_wide_range_gets_a_logarithmic_axis(history):
    assert learning_curves(history).axes[0].get_yscale() == "linear"
    history[0]["validation/reconstruction"] = 50.0
    assert learning_curves(history).axes[0].get_yscale() == "log"


@pytest.mark.parametrize("rows", [[], [{"epoch": 1, "train/reconstruction": float("inf")}]])
def test_a_history_without_values_is_refused(rows):
    with pytest.raises(UsageError, match="reconstruction"):
        learning_curves(rows)


def test_explained_variance_holds_the_curve_and_the_points():
    curve = np.linspace(0.3, 1, 20)
    drawn = lines(explained_variance(curve, {"autoencoder": (4, 0.8)}))
    assert drawn["PCA"].get_xdata()[:3].tolist() == [1, 2, 3]
    assert np.array_equal(drawn["PCA"].get_ydata(), curve[: len(drawn["PCA"].get_ydata())])
    point = drawn["autoencoder, 80.0 %"]
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (4, 0.8)


def test_a_model_worse_than_the_mean_stays_in_sight():
    low, _ = explained_variance([0.5, 0.6], {"autoencoder": (2, -0.4)}).axes[0].get_ylim()
    assert low < -0.4


def test_a_curve_must_be_a_curve():
    with pytest.raises(UsageError, match="curve"):
        explained_variance(np.zeros((0,)))


def test_bars_hold_the_errors_and_the_worst_column_is_on_top():
    errors = {"PCA": {"a": 0.1, "b": 0.5, "c": 0.2}, "autoencoder": {"a": 0.3, "b": 0.1, "c": 0.9}}
    axes = column_errors(errors, limit=2).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["c", "a"]
    assert [bar.get_width() for bar in axes.patches] == [0.2, 0.1, 0.9, 0.3]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_bars_need_columns():
    with pytest.raises(UsageError, match="column"):
        column_errors({"PCA": {}})


def test_scatter_holds_the_pairs():
    x, y = np.arange(4.0), np.arange(4.0)[::-1]
    axes = scatter_column(x, {"PCA": x, "autoencoder": y}, name="price").axes[0]
    assert np.array_equal(axes.collections[1].get_offsets(), np.stack([x, y], 1))
    assert axes.get_xlim() == axes.get_ylim()
    with pytest.raises(UsageError, match="PCA"):
        scatter_column(x, {"PCA": x[:2]})


def test_scatter_of_a_constant_column_can_be_drawn():
    low, high = scatter_column(np.full(3, 5.0), {"PCA": np.full(3, 5.1)}).axes[0].get_xlim()
    assert low < 5 < high


def test_profiles_and_components_hold_their_lines():
    drawn = lines(profile_lines([1, 2, 3], {"PCA": [1, 2, 2]}))
    assert drawn["original"].get_ydata().tolist() == [1, 2, 3]
    assert drawn["PCA"].get_ydata().tolist() == [1, 2, 2]
    with pytest.raises(UsageError, match="PCA"):
        profile_lines([1, 2, 3], {"PCA": [1, 2]})
    axes = component_lines(np.eye(3), limit=2).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["1", "2"]
    with pytest.raises(UsageError, match="components"):
        component_lines(np.zeros(3))


def test_loadings_are_columns_by_components():
    image = loadings([[2.0, -1.0, 0.0]], ["a", "b", "c"]).axes[0].images[0]
    assert image.get_array().tolist() == [[1.0], [-0.5], [0.0]]
    assert image.get_clim() == (-1, 1)
    with pytest.raises(UsageError, match="names"):
        loadings(np.eye(2), ["a"])


def test_loadings_keep_the_columns_that_matter_in_their_order():
    axes = loadings([[0.1, 2.0, 0.0, -1.0]], ["a", "b", "c", "d"], columns_shown=2).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["b", "d"]
    assert axes.images[0].get_array().tolist() == [[1.0], [-0.5]]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.05, "0.05"), (-250, "-250"), (120_000, "120k"), (1.5e6, "1.5M"), (-2e9, "-2G")]
)
def test_ticks_are_brief(value, text):
    assert plain(value) == text


def test_dollars_in_names_are_no_formula():
    figure = column_errors({"PCA": {"price_$^{$": 0.5, "%d": 0.1}})
    figure.canvas.draw()
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["price_$^{$", "%d"]
    scatter_column([1, 2], {"PCA": [1, 2]}, name=r"$\frac{$").canvas.draw()


def test_models_keep_their_colours():
    theme = Theme("k", "k", "k", "blue", ("red", "green"), models=("PCA", "deep", "deeper"))
    assert theme.colours(["deeper"])["deeper"] == "green"
    assert theme.colours(["PCA"])["PCA"] == "blue"
    assert LIGHT.colours(["autoencoder"])["autoencoder"] == LIGHT.series[0]
    assert len(DARK.series) == len(LIGHT.series)
