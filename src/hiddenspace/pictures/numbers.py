"""Tick labels that read as people write numbers: 0.01, not 10^-2."""

from matplotlib.ticker import FuncFormatter

PLAIN = FuncFormatter(lambda value, _position: f"{value:.4g}")
PERCENT = FuncFormatter(lambda value, _position: f"{100 * value:.3g} %")
