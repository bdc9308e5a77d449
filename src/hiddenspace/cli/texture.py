"""`hiddenspace texture STYLE`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cyclopts import App
from rich.console import Console

from hiddenspace.cli.canvas import ENDINGS, Canvas, real_paths
from hiddenspace.cli.flags import command_of
from hiddenspace.cli.painting import check_report, paint, painter, painting_flags, tell
from hiddenspace.cli.plain import say
from hiddenspace.cli.run_flags import place
from hiddenspace.errors import UsageError
from hiddenspace.style.order import read_order

HELP = """Make new texture like that of a picture, from noise.

Example: hiddenspace texture painting.jpg -o texture.png --size 512"""
OF_CONTENTS = ("content_layers", "content_weight", "init")


def command(_given: Sequence[str]) -> App:
    """The command, whose flags are those of what paints."""
    out = f"The picture, {', '.join(ENDINGS)}; by default texture.png."
    flags = [place("style", "A picture."), *painting_flags(out, leave_out=OF_CONTENTS)]
    app = App(name="texture")
    app.default(command_of(texture, flags, HELP))
    return app


def texture(given: dict[str, Any]) -> None:
    """Paints it."""
    style = given["style"]
    if style is None:
        raise UsageError("texture needs a STYLE, such as: hiddenspace texture painting.jpg -o texture.png")
    model, canvas = painter(given), Canvas(Path(given["out"] or "texture.png"))
    order = read_order(None, style, size=model.size)
    canvas.check(real_paths([style]))
    check_report(given)
    console = Console(stderr=True, quiet=given["quiet"])
    pixels = paint(model, canvas, given["resume"], console, style=style)
    if pixels is None:
        return
    tell(model, given, pixels, order, content=None, style=[style])
    say(console, f"new texture: {canvas.path}")
