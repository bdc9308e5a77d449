"""Paths, sums and directions of codes against closed forms; morphs of images, rows and tables."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.morphing import analogy, direction, path_between

RNG = np.random.default_rng(0)
ORIGIN = np.zeros(2, np.float32)
EAST, NORTH = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
CODES = arrays(np.float32, 4, elements=st.floats(-100, 100, width=32))


# paths --------------------------------------------------------------------------------------------------------------


def test_linear_path_is_the_chord() -> None:
    path = path_between(EAST, NORTH, 5, "linear", ORIGIN)
    np.testing.assert_allclose(path, [[1, 0], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0, 1]])


def test_spherical_path_turns_evenly() -> None:
    path = path_between(EAST, NORTH, 4, "spherical", ORIGIN)
    angles = np.deg2rad([0, 30, 60, 90])
    np.testing.assert_allclose(path, np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-6)


def test_the_length_of_a_spherical_path_changes_evenly_about_the_centre() -> None:
    centre = np.array([5.0, -3.0], np.float32)
    path = path_between(centre + EAST, centre + 4 * NORTH, 7, "spherical", centre)
    np.testing.assert_allclose(np.linalg.norm(path - centre, axis=1), np.linspace(1, 4, 7), rtol=1e-5)


@given(CODES, CODES, CODES, st.integers(2, 12), st.sampled_from(["linear", "spherical"]))
def test_both_ends_are_exact_and_everything_is_finite(
    a: np.ndarray, b: np.ndarray, centre: np.ndarray, steps: int, method: Any
) -> None:
    path = path_between(a, b, steps, method, centre)
    assert path.shape == (steps, 4)
    assert path.dtype == np.float32
    assert np.isfinite(path).all()
    np.testing.assert_array_equal(path[[0, -1]], [a, b])


@given(CODES, CODES, CODES, st.integers(3, 8))
def test_the_way_back_is_the_way_there(a: np.ndarray, b: np.ndarray, centre: np.ndarray, steps: int) -> None:
    there, back = (path_between(x, y, steps, "spherical", centre) for x, y in ((a, b), (b, a)))
    np.testing.assert_allclose(there, back[::-1], atol=1e-2)


@pytest.mark.parametrize(
    ("start", "end"),
    [(EAST, 3 * EAST), (EAST, -EAST), (EAST, EAST), (ORIGIN, EAST), (ORIGIN, ORIGIN), (EAST, EAST + 1e-6 * NORTH)],
)
def test_where_there_is_no_arc_the_way_is_straight(start: np.ndarray, end: np.ndarray) -> None:
    spherical = path_between(start, end, 5, "spherical", ORIGIN)
    np.testing.assert_array_equal(spherical, path_between(start, end, 5, "linear", ORIGIN))


@pytest.mark.parametrize("steps", [1, 0, -3, 2.5, True])
def test_a_way_has_two_steps_or_more(steps: Any) -> None:
    with pytest.raises(UsageError, match="steps"):
        path_between(EAST, NORTH, steps, "linear", ORIGIN)


def test_unknown_methods_and_other_widths_are_named() -> None:
    with pytest.raises(UsageError, match="'round'"):
        path_between(EAST, NORTH, 3, "round", ORIGIN)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'pca'"):
        direction(EAST[None], NORTH[None], "pca")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="2 and 3 numbers"):
        path_between(EAST, np.ones(3, np.float32), 3, "linear", ORIGIN)
    with pytest.raises(DataError, match="2 and 3 numbers"):
        analogy(EAST[None], np.ones((1, 3), np.float32), ORIGIN)
    with pytest.raises(DataError, match="2 and 3 numbers"):
        direction(EAST[None], np.ones((1, 3), np.float32))


# sums ---------------------------------------------------------------------------------------------------------------


def test_a_plus_b_minus_c_is_the_plain_sum() -> None:
    a, b, c, mean = RNG.integers(-9, 9, (4, 5)).astype(np.float32)
    np.testing.assert_array_equal(analogy(np.stack([a, b]), c[None], mean), a + b - c)


@pytest.mark.parametrize(("plus", "minus"), [(1, 1), (2, 1), (3, 1), (1, 3), (4, 4)])
def test_sums_of_any_numbers_of_terms_do_not_depend_on_the_origin(plus: int, minus: int) -> None:
    a, b = RNG.standard_normal((plus, 5)), RNG.standard_normal((minus, 5))
    mean, moved = RNG.standard_normal(5), np.full(5, 100.0)
    np.testing.assert_allclose(analogy(a + moved, b + moved, mean + moved), analogy(a, b, mean) + moved, rtol=1e-6)


def test_the_mean_alone_stays_the_mean() -> None:
    mean = RNG.standard_normal(5).astype(np.float32)
    np.testing.assert_allclose(analogy(np.stack([mean] * 3), mean[None], mean), mean, rtol=1e-6)


# directions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["means", "normal"])
def test_one_step_goes_from_the_mean_without_to_the_mean_with(method: Any) -> None:
    negative = RNG.standard_normal((400, 3)).astype(np.float32)
    positive = RNG.standard_normal((300, 3)).astype(np.float32) + np.array([2, 0, -1], np.float32)
    step, back = direction(positive, negative, method), direction(negative, positive, method)
    np.testing.assert_allclose(step, [2, 0, -1], atol=0.25)
    np.testing.assert_allclose(back, -step, atol=1e-5)


def test_the_normal_is_that_of_scikit_learns_discriminant() -> None:
    mixing = RNG.standard_normal((4, 4))
    positive, negative = RNG.standard_normal((2, 5000, 4)) @ mixing + np.array([[[1.0]], [[0.0]]])
    judge = LinearDiscriminantAnalysis().fit(np.concatenate([positive, negative]), [1] * 5000 + [0] * 5000)
    step = direction(positive, negative, "normal")
    normal, expected = step / np.linalg.norm(step), judge.coef_[0] / np.linalg.norm(judge.coef_[0])
    np.testing.assert_allclose(normal, expected, atol=0.02)


def test_codes_without_labels_tell_what_differs_by_chance() -> None:
    """Five examples of each, whose means differ mostly by a large spread that everything has."""
    spread, attribute = np.array([1.0, 1.0, 0.0]) / np.sqrt(2), np.array([1.0, -1.0, 0.0]) / np.sqrt(2)

    def some(count: int, amount: float) -> np.ndarray:
        codes: np.ndarray = 20 * RNG.standard_normal((count, 1)) * spread + amount * attribute
        return codes + 0.3 * RNG.standard_normal((count, 3))

    positive, negative = some(5, 1), some(5, 0)
    many = np.concatenate([some(500, amount) for amount in (0, 1)])

    def right(step: np.ndarray) -> float:
        return float(step @ attribute / np.linalg.norm(step))

    assert right(direction(positive, negative, "means")) < 0.5
    assert right(direction(positive, negative, "normal", many)) > 0.9
    assert direction(positive, negative, "normal", many) @ attribute == pytest.approx(1, abs=0.4)


def test_the_normal_moves_the_discriminant_as_far_as_the_means_do_and_no_step_is_shorter() -> None:
    positive, negative = RNG.standard_normal((2, 50, 4)) @ RNG.standard_normal((4, 4)) + np.array([[[1.0]], [[0.0]]])
    step, normal = (direction(positive, negative, method) for method in ("means", "normal"))
    assert normal @ normal == pytest.approx(step @ normal, rel=1e-4)
    assert np.linalg.norm(normal) <= np.linalg.norm(step)


@pytest.mark.parametrize("many", [np.zeros((5, 2)), EAST[None], np.array([[0.0, 0], [0, 1]])])
def test_codes_that_hardly_vary_do_no_harm(many: np.ndarray) -> None:
    step = direction(EAST[None], NORTH[None], "normal", many)
    assert np.isfinite(step).all()
    assert np.linalg.norm(step) > 0


def test_one_example_of_each_is_enough() -> None:
    np.testing.assert_allclose(direction(EAST[None], NORTH[None], "normal"), EAST - NORTH, atol=1e-6)


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(UsageError, match="negative"):
        direction(EAST[None], NORTH[None][:0])


# the object ---------------------------------------------------------------------------------------------------------


class Flat(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)[:, :4]


class Square(nn.Module):
    """Gives the four pixels of the code back, and nothing of the fifth to the ninth."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.cat([z, torch.zeros(len(z), 5)], 1).reshape(-1, 1, 3, 3)


@pytest.fixture(scope="module")
def pictures() -> SimpleNamespace:
    x = np.random.default_rng(1).integers(0, 256, (20, 3, 3), dtype=np.uint8)
    return SimpleNamespace(x=x, space=HiddenSpace(Flat(), x, metadata={"dark": x.mean((1, 2)) < 128}, decoder=Square()))


def test_a_morph_goes_through_the_decoder(pictures: SimpleNamespace) -> None:
    x, way = pictures.x.astype(np.float32), pictures.space.morph(0, 1, 3)
    assert way.shape == (3, 3, 3)
    np.testing.assert_allclose(way[0].ravel()[:4], x[0].ravel()[:4], atol=1e-3)
    np.testing.assert_allclose(way[1].ravel()[:4], (x[0] + x[1]).ravel()[:4] / 2, atol=1e-3)
    np.testing.assert_allclose(way[2].ravel()[:4], x[1].ravel()[:4], atol=1e-3)


def test_average_and_analogy_give_one_item(pictures: SimpleNamespace) -> None:
    x, space = pictures.x.astype(np.float32), pictures.space
    assert space.average([0, 1, 2]).shape == (1, 3, 3)
    np.testing.assert_allclose(space.average([0, 1, 2])[0].ravel()[:4], x[:3].mean(0).ravel()[:4], atol=1e-3)
    summed = np.clip(x[0] + x[1] - x[2], 0, 255).ravel()[:4]
    np.testing.assert_allclose(space.analogy(plus=[0, 1], minus=[2])[0].ravel()[:4], summed, atol=1e-3)


def test_directions_come_from_masks_conditions_ids_and_codes(pictures: SimpleNamespace) -> None:
    space = pictures.space
    dark = space.metadata["dark"].to_numpy()
    with_it, without = space.codes[dark], space.codes[~dark]
    expected = {method: direction(with_it, without, method, space.codes) for method in ("means", "normal")}
    np.testing.assert_allclose(expected["means"], with_it.mean(0) - without.mean(0), atol=1e-6)
    for positive, negative in (
        (dark, ~dark),
        ("dark = true", "dark = false"),
        (np.flatnonzero(dark), np.flatnonzero(~dark)),
        (space.codes_of("dark = true"), space.codes_of(~dark)),
    ):
        for method, step in expected.items():
            np.testing.assert_allclose(space.direction(positive, negative, method=method), step, atol=1e-6)


@pytest.mark.parametrize("items", [[3, 5], np.isin(np.arange(20), [3, 5]), np.array([3, 5]), "given"])
def test_detail_is_what_the_code_had_lost(pictures: SimpleNamespace, items: Any) -> None:
    x, space = pictures.x, pictures.space
    items = x[[3, 5]] if isinstance(items, str) else items
    step = np.array([0.1, 0, 0, 0], np.float32)
    plain, kept = space.move(items, step, 2), space.move(items, step, 2, detail=True)
    assert (plain.reshape(2, 9)[:, 4:] == 0).all()
    np.testing.assert_allclose(kept.reshape(2, 9)[:, 1:], x[[3, 5]].reshape(2, 9)[:, 1:], atol=1e-3)
    np.testing.assert_allclose(kept[:, 0, 0], np.clip(x[[3, 5], 0, 0] + 51.0, 0, 255), atol=1e-3)


@pytest.mark.parametrize("detail", [False, True])
def test_no_strength_is_no_change(pictures: SimpleNamespace, detail: bool) -> None:
    made = pictures.space.move([2], np.ones(4, np.float32), 0, detail=detail).reshape(9)
    kept = 9 if detail else 4
    np.testing.assert_allclose(made[:kept], pictures.x[2].ravel()[:kept], atol=1e-3)


MISTAKES: list[tuple[Any, type[Exception], str]] = [
    (lambda s: s.morph(0, 1, 1), UsageError, "steps"),
    (lambda s: s.morph(0, 99), DataError, "99"),
    (lambda s: s.morph(0, np.ones(3, np.float32)), DataError, "codes of 4"),
    (lambda s: s.analogy(plus=[0, 1], minus=[]), UsageError, "empty"),
    (lambda s: s.average([]), UsageError, "empty"),
    (lambda s: s.direction("beard = 1", "dark = true"), UsageError, "beard"),
    (lambda s: s.direction(np.zeros(20, bool), [1]), UsageError, "empty"),
    (lambda s: s.direction([0], [1], method="svm"), UsageError, "svm"),
    (lambda s: s.move([0], np.ones(3)), DataError, "3 numbers"),
    (lambda s: s.move([0], np.full(4, np.nan)), DataError, "NaN"),
    (lambda s: s.move([0], np.ones(4), float("inf")), UsageError, "strength"),
    (lambda s: s.move([], np.ones(4), detail=True), UsageError, "empty"),
    (lambda s: s.move(np.zeros(20, bool), np.ones(4), detail=True), UsageError, "empty"),
    (lambda s: s.move(s.codes[:2], np.ones(4), detail=True), UsageError, "lost their detail"),
]


@pytest.mark.parametrize(("mistake", "kind", "named"), MISTAKES)
def test_mistakes_are_one_clear_sentence(
    pictures: SimpleNamespace, mistake: Any, kind: type[Exception], named: str
) -> None:
    with pytest.raises(kind, match=named):
        mistake(pictures.space)


def test_ready_codes_have_no_way_back() -> None:
    space = HiddenSpace(RNG.standard_normal((6, 3)))
    with pytest.raises(ModelError, match="decoder"):
        space.morph(0, 1)


def test_rows_and_tables_morph_too() -> None:
    frame = pd.DataFrame({"size": np.arange(30.0), "weight": np.arange(30.0) * 2, "kind": ["a", "b", "c"] * 10})
    space = HiddenSpace(hs.Autoencoder(2, epochs=2, random_state=0).fit(frame), frame)
    way = space.morph(0, 29, 5)
    assert list(way.columns) == list(frame.columns)
    assert len(way) == 5
    assert set(way["kind"]) <= {"a", "b", "c"}
    with pytest.raises(UsageError, match="table"):
        space.move([0], np.ones(2), detail=True)
    rows = HiddenSpace(hs.PCA(2).fit(frame[["size", "weight"]].to_numpy()), frame[["size", "weight"]].to_numpy())
    np.testing.assert_allclose(rows.morph(0, 10, 3), [[0, 0], [5, 10], [10, 20]], atol=1e-3)
    np.testing.assert_allclose(rows.move([4], np.zeros(2), detail=True), [[4, 8]], atol=1e-4)
