"""Gabor fits: functions that are known, and filters that are none."""

import numpy as np
import pytest

from hiddenspace.errors import UsageError
from hiddenspace.metrics.gabor import fit_gabor, gabor_share


def gabor(centre: tuple[float, float], widths: tuple[float, float], angle: float, frequency: float, phase: float):  # type: ignore[no-untyped-def]
    y, x = np.mgrid[:12, :12]
    u = (x - centre[1]) * np.cos(angle) + (y - centre[0]) * np.sin(angle)
    v = (y - centre[0]) * np.cos(angle) - (x - centre[1]) * np.sin(angle)
    hill = np.exp(-0.5 * ((u / widths[0]) ** 2 + (v / widths[1]) ** 2))
    return hill * np.cos(2 * np.pi * frequency * u + phase)


@pytest.mark.parametrize(
    ("centre", "widths", "angle", "frequency", "phase"),
    [((5.5, 5.5), (2, 2), 0.0, 0.2, 0.0), ((3.2, 7.9), (1.5, 3), 0.7, 0.25, 1.2), ((8, 4), (2.5, 1.6), 2.5, 0.15, -2)],
)
def test_a_gabor_function_is_found(
    centre: tuple[float, float], widths: tuple[float, float], angle: float, frequency: float, phase: float
) -> None:
    picture = -37.0 * gabor(centre, widths, angle, frequency, phase)
    (fit,) = fit_gabor(picture[None])
    assert fit.r2 > 0.999
    assert fit.frequency == pytest.approx(frequency, rel=0.05)
    assert np.cos(2 * (fit.angle - angle)) == pytest.approx(1, abs=0.01)
    assert fit.centre == pytest.approx(centre, abs=0.2)
    assert fit.widths == pytest.approx(widths, rel=0.1)
    np.testing.assert_allclose(fit.picture, picture, atol=1)


def test_noise_lowers_r2_by_its_share() -> None:
    clean = gabor((5.5, 5.5), (2, 2.5), 0.4, 0.2, 0.5)
    noise = np.random.default_rng(0).normal(size=(12, 12))
    noise *= np.sqrt(0.3 / 0.7) * (clean - clean.mean()).std() / noise.std()
    (fit,) = fit_gabor((clean + noise)[None])
    assert 0.68 < fit.r2 < 0.82  # eight numbers follow some of the noise


def test_noise_checkers_and_nothing_are_no_gabor_functions() -> None:
    noise = np.random.default_rng(0).normal(size=(3, 12, 12))
    others = np.stack([(np.indices((12, 12)) // 3).sum(0) % 2 - 0.5, np.zeros((12, 12))])
    assert gabor_share(np.concatenate([noise, others])) == 0


def test_the_scale_does_not_matter() -> None:
    filters = np.random.default_rng(1).normal(size=(2, 12, 12))
    first, second = (np.array([fit.r2 for fit in fit_gabor(filters * scale)]) for scale in (1, -1e-4))
    np.testing.assert_allclose(first, second, atol=1e-3)


@pytest.mark.parametrize("filters", [np.zeros((3, 4)), np.zeros((1, 2, 5)), np.full((1, 4, 4), np.nan)])
def test_what_is_no_filter(filters: np.ndarray) -> None:
    with pytest.raises(UsageError, match="at least 3x3"):
        fit_gabor(filters)
