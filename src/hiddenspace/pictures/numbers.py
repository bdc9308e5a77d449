"""Tick labels that read as people write numbers: 0.01, not 10^-2."""

from matplotlib.ticker import FuncFormatter


def plain(value: float) -> str:
    """Write a tick's value briefly: 0.05, 250, 120k, 1.5M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if unit == 'k' else size):.4g}{unit}"
    return f"{value:.4g}"


PLAIN = FuncFormatter(lambda value, _position: plain(value))
PERCENT = FuncFormatter(lambda value, _position: f"{100 * value:.3g} %")
