"""Numbers and texts as a reader wants them."""

import re
import unicodedata
from math import isfinite

import numpy as np
from markupsafe import Markup, escape

DASH = "–"
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # would show a name in another order


def number(value: object) -> str:
    """Show a number with four digits that matter, nothing as a dash, and anything else as it stands."""
    if value is None:
        return DASH
    if isinstance(value, np.generic):
        return number(value.item())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return visible(str(value))
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)
    if not isfinite(value):
        return DASH
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e6 else f"{value:.4g}"


def measured(value: float | None) -> str:
    """Show a measured value with three digits, trailing zeros too, so that a list of them can be compared."""
    if value is None or not isfinite(value):
        return DASH
    return f"{value:#.3g}".rstrip(".") if 1e-4 <= abs(value) < 1e4 else number(float(value))


def percent(fraction: float | None) -> str:
    """Show a fraction as a percentage with one decimal."""
    return DASH if fraction is None or not isfinite(fraction) else f"{100 * fraction:.1f}\u202f%"


def count(many: int | None) -> str:
    """Show how many parameters a model has, in thousands or millions where they are that many."""
    if many is None or many < 10_000:
        return number(many)
    return f"{many / 1e3:#.3g}".rstrip(".") + "\u202fk" if many < 999_500 else f"{many / 1e6:,.2f}\u202fM"


def share(fraction: float) -> str:
    """Give a fraction as the width of a bar, in percent."""
    return f"{100 * min(1.0, max(0.0, fraction)):.1f}"


def duration(seconds: float | None) -> str:
    """Show seconds in the unit that one would say."""
    if seconds is None or not isfinite(seconds):
        return DASH
    if seconds < 59.5:
        return f"{seconds:.2g}\u202fs" if seconds < 10 else f"{seconds:.0f}\u202fs"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}\u202fmin {rest:02d}\u202fs"
    return f"{minutes // 60}\u202fh {minutes % 60:02d}\u202fmin"


def visible(text: str) -> str:
    r"""Write what a file name may hide as \x1b and the like: control characters, lone surrogates, turned script."""
    if text.isprintable():  # which none of them is, and pictures written as text are millions of characters
        return text
    return "".join(char.encode("unicode_escape").decode() if _is_unseen(char) else char for char in text)


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in _TURNING


def with_code(text: str) -> Markup:
    """Escape a sentence and set what stands between backticks as code."""
    parts = re.split(r"`([^`]+)`", visible(text))
    return Markup("").join(_code(part) if i % 2 else escape(part) for i, part in enumerate(parts))


def _code(text: str) -> Markup:
    """Keep a flag such as --out from being broken after its first dash."""
    flag = Markup("<span>{}</span>")
    words = (flag.format(word) if re.fullmatch(r"--?[\w-]{1,20}", word) else escape(word) for word in text.split(" "))
    return Markup("<code>{}</code>").format(Markup(" ").join(words))
