"""How good pictures are for how many bytes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike

from hiddenspace.errors import UsageError
from hiddenspace.pictures.numbers import PLAIN
from hiddenspace.pictures.theme import LIGHT, Theme, chart, finish, label, legend

_SIZE = (5.5, 3.8)
_MARKERS = "osD^vPX"


def rate_distortion(curves: Mapping[str, tuple[ArrayLike, ArrayLike]], *, theme: Theme = LIGHT) -> Figure:
    """Draw PSNR over bytes for each way to compress, on a logarithmic axis: the more to the upper left, the better.

    Parameters
    ----------
    curves : dict of name -> (bytes, decibel)
        Bytes of an item (m,), all positive, and the peak signal-to-noise ratio (m,) at each.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If there are no curves, or one is empty, not positive, or has another number of bytes than of decibels.

    """
    if not curves:
        raise UsageError("there are no curves to draw; give at least one.")
    figure, axes = chart(theme, _SIZE)
    colours = theme.colours(curves)
    for i, (name, (sizes, quality)) in enumerate(curves.items()):
        x, y = np.atleast_1d(np.asarray(sizes, float)), np.atleast_1d(np.asarray(quality, float))
        if x.shape != y.shape or x.ndim != 1 or not len(x) or not (x > 0).all():
            raise UsageError(f"{name} has {x.shape} bytes and {y.shape} decibels; give as many, and bytes above 0.")
        order = np.argsort(x)
        marker = _MARKERS[i % len(_MARKERS)]
        axes.plot(x[order], y[order], marker=marker, markersize=4, linewidth=1.5, color=colours[name], label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(PLAIN)
    axes.xaxis.set_minor_formatter(NullFormatter())
    label(axes, theme, x="bytes for each image", y="PSNR, dB")
    legend(axes, theme)
    return finish(figure)
