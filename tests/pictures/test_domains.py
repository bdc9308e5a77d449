"""Charts of two domains: maps, mix-ups, shares of classes, criteria over epochs."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.markers import MarkerStyle

from hiddenspace.errors import UsageError
from hiddenspace.pictures import DARK, LIGHT, class_shares, confusion, criteria_curves, domain_map
from hiddenspace.pictures.colouring import HUES

PLACES = np.array([[0.0, 0.0], [1.0, 0.0], [0.1, 1.0], [1.1, 1.0]])
IS_TARGET = np.array([False, False, True, True])


def words(legend):
    return [text.get_text() for text in legend.texts]


def items_of(figure):
    """Place -> vertices of its mark, colour, and whether it is filled."""
    drawn = figure.axes[0].collections[0]
    corners = [len(path.vertices) for path in drawn.get_paths()]
    looks = zip(corners, drawn.get_facecolors(), drawn.get_edgecolors(), strict=True)
    return {
        tuple(place): (many, tuple(face[:3]), face[3] > 0, edge[3] > 0)
        for place, (many, face, edge) in zip(drawn.get_offsets().tolist(), looks, strict=True)
    }


def corners(marker):
    return len(MarkerStyle(marker).get_path().vertices)


def test_source_items_are_hollow_circles_and_target_items_filled_triangles_in_the_hue_of_their_class():
    seen = items_of(domain_map(PLACES, IS_TARGET, [0, 1, 1, 0], ["cat", "dog"]))
    cat, dog = to_rgb(HUES[0]), to_rgb(HUES[1])
    assert seen == {
        (0.0, 0.0): (corners("o"), cat, False, True),
        (1.0, 0.0): (corners("o"), dog, False, True),
        (0.1, 1.0): (corners("^"), dog, True, False),
        (1.1, 1.0): (corners("^"), cat, True, False),
    }


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_without_labels_hues_tell_the_domains_apart(theme):
    figure = domain_map(PLACES, IS_TARGET, theme=theme)
    hues = {place: hue for place, (_, hue, _, _) in items_of(figure).items()}
    assert hues[0.0, 0.0] == hues[1.0, 0.0] == to_rgb(theme.baseline)
    assert hues[0.1, 1.0] == hues[1.1, 1.0] == to_rgb(theme.series[0])
    assert [words(legend) for legend in figure.legends] == [["source", "target"]]


def test_short_names_stand_amid_source_items_and_none_on_another():
    places = np.array([[0.0, 0.0], [0.2, 0.2], [9.0, 9.0], [9.0, 9.1], [0.0, 9.0], [5.0, 1.0]])
    names = ["cat", "dog", "hidden", "a long name of a class"]
    figure = domain_map(places, [False] * 5 + [True], [0, 0, 1, 2, 3, 1], names)
    written = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    assert written == {"cat": (0.1, 0.1), "dog": (9.0, 9.0)}
    assert words(figure.legends[1]) == names


def test_of_many_classes_those_of_most_source_items_have_a_hue():
    known = np.concatenate([np.arange(13), np.repeat(np.arange(3, 13), 2), np.zeros(30, int)])
    is_target = np.arange(len(known)) >= 33  # of class 0 alone, which does not make it a frequent one
    figure = domain_map(np.random.default_rng(0).random((63, 2)), is_target, known, [f"c{i}" for i in range(13)])
    assert words(figure.legends[1]) == [*(f"c{i}" for i in range(3, 13)), "3 more"]
    hues = [hue for _, hue, _, _ in items_of(figure).values()]
    assert hues.count(to_rgb(LIGHT.muted)) == 33
    assert hues.count(to_rgb(HUES[0])) == 3


@pytest.mark.parametrize(
    ("places", "is_target", "labels"),
    [
        (np.zeros((4, 3)), IS_TARGET, None),
        (np.zeros((0, 2)), IS_TARGET[:0], None),
        (PLACES, IS_TARGET[:3], None),
        (PLACES, IS_TARGET, [0, 1, 1]),
        (PLACES, IS_TARGET, [0, 1, 2, 0]),
        (PLACES, IS_TARGET, [0, 1, -1, 0]),
    ],
)
def test_a_map_of_what_does_not_fit_together_is_refused(places, is_target, labels):
    with pytest.raises(UsageError, match="places" if labels is None else "2 classes"):
        domain_map(places, is_target, labels, ["a", "b"])


def test_a_cell_says_how_many_and_its_colour_which_share_of_the_row():
    axes = confusion([[75, 25, 0], [0, 12_000, 0], [0, 0, 0]], ["a", "b", "c"]).axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    cells = {place: text for place, text in written.items() if place[0] in range(3)}
    assert cells == {(0, 0): "75", (1, 0): "25", (1, 1): "12k"}
    assert [text for place, text in written.items() if place not in cells] == ["75 %", "100 %"]
    shown = axes.images[0].get_array()
    np.testing.assert_allclose(shown[..., 3], np.sqrt([[0.75, 0.25, 0], [0, 1, 0], [0, 0, 0]]))
    np.testing.assert_allclose(shown[0, 0, :3], to_rgb(LIGHT.baseline))
    np.testing.assert_allclose(shown[0, 1, :3], to_rgb(LIGHT.series[0]))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "b", "c"]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_counts_can_be_read_on_dark_and_on_faint_cells(theme):
    colours = {
        text.get_text(): text.get_color()
        for text in confusion([[96, 4], [0, 1]], ["a", "b"], theme=theme).axes[0].texts
    }
    assert (colours["96"], colours["4"]) == (theme.paper, theme.ink)


def test_of_too_many_classes_the_most_confused_are_drawn_with_their_shares_of_all():
    counts = np.diag([10, 20, 30, 40])
    counts[3, 1] = counts[1, 0] = 10
    counts[3, 0], counts[3, 2] = 1, 2
    axes = confusion(counts, ["a", "b", "c", "d"], limit=2).axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels() if tick.get_text()] == ["b", "d"]
    assert "2 with fewer errors" in axes.get_title(loc="left")
    assert [text.get_text() for text in axes.texts if "%" in text.get_text()] == ["67 %", "75 %"]


@pytest.mark.parametrize("many", [2, 10, 30])
def test_counts_and_names_keep_within_the_picture_and_their_cells(many):
    names = [f"class number {i}" for i in range(many)]
    figure = confusion(np.full((many, many), 1234), names)
    figure.draw_without_rendering()
    axes, (width, height) = figure.axes[0], figure.bbox.size
    cell = axes.bbox.width / many
    for text in [*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts]:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= width
        assert box.y0 >= 0
        assert box.y1 <= height
        assert text.get_text() != "1234" or (box.width < cell and text.get_fontsize() >= 5)
    assert width / figure.dpi < 9.7  # a page is not wider


@pytest.mark.parametrize("counts", [np.zeros((2, 3)), [[1, -1], [0, 1]], np.eye(3), np.zeros((0, 0))])
def test_what_is_no_table_of_counts_is_refused(counts):
    with pytest.raises(UsageError, match="counts"):
        confusion(counts, ["a", "b"])


def test_shares_are_bars_in_the_colours_of_their_models():
    shares = {"source labels": [0.5, 0.5], "DANN": [0.3, 0.7], "plain": [0.1, 0.9]}
    figure = class_shares(shares, ["a", "b"], before="plain")
    bars = {group.get_label(): [bar.get_width() for bar in group] for group in figure.axes[0].containers}
    assert bars == shares
    hues = {group.get_label(): group[0].get_facecolor()[:3] for group in figure.axes[0].containers}
    assert hues == {
        "source labels": to_rgb(LIGHT.muted), "DANN": to_rgb(LIGHT.series[0]), "plain": to_rgb(LIGHT.baseline)
    }  # fmt: skip
    assert words(figure.legends[0]) == list(shares)
    assert class_shares(shares, ["a", "b"]).axes[0].containers[1][0].get_facecolor()[:3] == to_rgb(LIGHT.baseline)


def test_of_too_many_classes_those_that_differ_most_are_drawn():
    axes = class_shares({"labels": [0.2, 0.3, 0.5], "DANN": [0.6, 0.3, 0.1]}, ["a", "b", "c"], limit=2).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "c"]


@pytest.mark.parametrize("shares", [{}, {"labels": [0.5]}, {"labels": [0.5, 0.5], "DANN": [1.0]}])
def test_shares_must_be_those_of_the_classes(shares):
    with pytest.raises(UsageError, match="2 classes"):
        class_shares(shares, ["a", "b"])


def test_each_criterion_has_its_own_axis_and_a_mark_where_it_would_choose():
    nan = float("nan")
    criteria = {"accuracy": [0.5, 0.9, 0.8], "density": [3.0, nan, 40.0], "never": [nan] * 3, "unmarked": [1.0, 2.0]}
    figure = criteria_curves(criteria, {"accuracy": 2, "density": 3, "unmarked": 9}, kept=3)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["accuracy", "density", "unmarked"]
    assert [axes.get_title(loc="right") for axes in figure.axes] == ["epoch 2", "epoch 3", ""]
    first, second, third = ([np.asarray(line.get_xydata()).tolist() for line in axes.lines] for axes in figure.axes)
    assert first[:2] == [[[1, 0.5], [2, 0.9], [3, 0.8]], [[2, 0.9]]]
    assert second[:2] == [[[1, 3.0], [3, 40.0]], [[3, 40.0]]]
    assert len(third) == 2
    assert all(curves[-1][0][0] == curves[-1][1][0] == 3 for curves in (first, second, third))
    assert figure.axes[0].get_ylim()[1] < 1.1 < 40 < figure.axes[1].get_ylim()[1]


def test_without_any_criterion_there_is_nothing_to_draw():
    with pytest.raises(UsageError, match="criterion"):
        criteria_curves({"accuracy": [float("nan")]})
