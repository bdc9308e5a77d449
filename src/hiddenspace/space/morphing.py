"""Ways through a hidden space: paths between two codes, sums of codes, and the direction of an attribute."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from hiddenspace.errors import DataError, UsageError

Way = Literal["linear", "spherical"]
Direction = Literal["means", "normal"]
PARALLEL = 1e-4
"""The sine of an angle below which two codes have no arc between them: they are parallel, or opposite."""


def path_between(start: np.ndarray, end: np.ndarray, steps: int, method: Way, centre: np.ndarray) -> np.ndarray:
    """Codes on the way from one to another, both ends exactly among them.

    Along the chord, or along the arc about the centre at an even angular speed, `sin((1 - t) w) / sin(w)` of one
    direction and `sin(t w) / sin(w)` of the other (Shoemake 1985). Shoemake's points lie on a sphere; those of a code
    space need not, so here the distance from the centre goes evenly from that of the start to that of the end
    (White 2016 interpolates unequal lengths by the same weights as the directions). Where there is no arc, because a
    code is the centre itself or the two are parallel or opposite, the way is the chord.

    Parameters
    ----------
    start, end : ndarray (d,)
        Codes.
    steps : int
        How many codes, 2 or more.
    method : {"linear", "spherical"}
        Which way.
    centre : ndarray (d,)
        The middle of the arc; the mean code.

    Returns
    -------
    ndarray (steps, d)
        float32.

    Raises
    ------
    UsageError
        If there are fewer than 2 steps, or there is no such method.
    DataError
        If the codes are of different widths.
    """
    check_steps(steps)
    if method not in get_args(Way):
        raise UsageError(f"there is no method {method!r} to go from one item to another; take 'linear' or 'spherical'.")
    _check_widths(start, end, centre)
    t = np.linspace(0.0, 1.0, int(steps))[:, None]
    a, b, middle = (code.astype(np.float64) for code in (start, end, centre))
    arc = _arc(a - middle, b - middle, t) if method == "spherical" else None
    path = ((1 - t) * a + t * b if arc is None else middle + arc).astype(np.float32)
    path[0], path[-1] = start, end
    return path


def check_steps(steps: int) -> None:
    """How many items a way may have.

    Raises
    ------
    UsageError
        If there are fewer than 2, or it is no whole number.
    """
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 2:
        raise UsageError(f"steps={steps!r} leaves no way between two items; give a whole number of 2 or more.")


def _arc(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray | None:
    """From a to b about the origin; None where they have no single arc."""
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if min(lengths) == 0:
        return None
    a, b = a / lengths[0], b / lengths[1]
    angle = np.arccos(np.clip(a @ b, -1.0, 1.0))
    if np.sin(angle) < PARALLEL:
        return None
    turned = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    arc: np.ndarray = ((1 - t) * lengths[0] + t * lengths[1]) * turned
    return arc


def analogy(plus: np.ndarray, minus: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The code of sum(plus) - sum(minus): king - man + woman (Mikolov et al. 2013).

    Codes are taken as differences from the mean code, and the mean is added once. So any numbers of terms stay among
    the codes, wherever the model has put its origin; where there is one more plus than minus, as in a + b - c, the
    mean drops out and this is the plain sum. (Mikolov et al. normalise words' vectors; codes are used as they are.)

    Parameters
    ----------
    plus : ndarray (p, d)
        Codes to add.
    minus : ndarray (m, d)
        Codes to take away.
    mean : ndarray (d,)
        The mean code.

    Returns
    -------
    ndarray (d,)
        float32.

    Raises
    ------
    DataError
        If the codes are of different widths.
    """
    _check_widths(plus, minus, mean)
    total = plus.sum(0, dtype=np.float64) - minus.sum(0, dtype=np.float64)
    made: np.ndarray = (total + (1 - len(plus) + len(minus)) * mean.astype(np.float64)).astype(np.float32)
    return made


def direction(
    positive: np.ndarray, negative: np.ndarray, method: Direction = "normal", among: np.ndarray | None = None
) -> np.ndarray:
    """The step in code space from things without an attribute to things with it.

    Parameters
    ----------
    positive : ndarray (p, d)
        Codes of things with the attribute.
    negative : ndarray (m, d)
        Codes of things without it.
    method : {"means", "normal"}
        The difference D of the two means; or its part along the normal C^-1 D of a linear discriminant, C being the
        covariance of `among`, shrunk towards a multiple of the identity (Ledoit and Wolf 2004). That is the shortest
        step that moves the discriminant as far as D does, and leaves out what differs between the examples by chance
        or merely goes along with the attribute. Departing from Fisher, C is not that within the two groups: of few
        examples it would be poor, and that of all codes, which need no labels, gives the same direction in a mixture
        of the two groups.
    among : ndarray (n, d), optional
        Codes of many things, labelled or not; by default the examples.

    Returns
    -------
    ndarray (d,)
        float32; once this far goes from the average of those without to the average of those with (with "normal", as
        the discriminant sees it).

    Raises
    ------
    UsageError
        If there is no such method, or a group is empty.
    DataError
        If the codes are of different widths.
    """
    if method not in get_args(Direction):
        raise UsageError(f"there is no method {method!r} to find a direction; take 'means' or 'normal'.")
    for name, codes in (("positive", positive), ("negative", negative)):
        if not len(codes):
            raise UsageError(f"there is no {name} example; a direction needs at least one of each.")
    _check_widths(positive, negative, *([] if among is None else [among]))
    many = np.concatenate([positive, negative]) if among is None else among
    step = positive.mean(0, dtype=np.float64) - negative.mean(0, dtype=np.float64)
    return (step if method == "means" else _along_normal(step, many)).astype(np.float32)


def _along_normal(step: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The part of a step that lies along the normal C^-1 step."""
    from sklearn.covariance import ledoit_wolf

    covariance = ledoit_wolf(codes.astype(np.float64))[0] if len(codes) > 1 else np.zeros((len(step), len(step)))
    scale = np.trace(covariance) / len(step)
    if scale == 0:  # nothing varies
        return step
    normal = np.linalg.lstsq(covariance / scale, step, rcond=None)[0]
    length = normal @ normal
    part: np.ndarray = normal * (normal @ step) / length if length > 0 else step
    return part


def _check_widths(*codes: np.ndarray) -> None:
    widths = sorted({int(code.shape[-1]) for code in codes})
    if len(widths) > 1:
        listed = " and ".join(str(width) for width in widths)
        raise DataError(f"these codes have {listed} numbers; give codes of one model.")
