"""`hiddenspace stylize CONTENT STYLE ...`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

from cyclopts import App, Parameter
from rich.console import Console

from hiddenspace.cli.canvas import ENDINGS, Canvas, real_paths
from hiddenspace.cli.files import is_folder
from hiddenspace.cli.flags import command_of, parameter_texts
from hiddenspace.cli.painting import check_report, paint, painter, painting_flags, tell, words
from hiddenspace.cli.plain import say
from hiddenspace.cli.run_flags import Flags, flag, place, value_of
from hiddenspace.data.image_source import SUFFIXES
from hiddenspace.errors import DataError, UsageError
from hiddenspace.style.colours import KeptColor
from hiddenspace.style.order import Order, read_order
from hiddenspace.style.style_transfer import StyleTransfer

HELP = """Paint a picture anew, with its content and the texture of others: optimises the picture itself, coarse to
fine, and rewrites OUT.preview.png every few seconds to be watched.

Example: hiddenspace stylize photo.jpg painting.jpg -o painted.png --size 512

Example: hiddenspace stylize frames/ waves.jpg night.jpg --weights 0.7,0.3 -o painted/ --resume"""
EXAMPLE = "such as: hiddenspace stylize photo.jpg painting.jpg -o painted.png"


def command(given: Sequence[str]) -> App:
    """The command for these arguments: --keep-color takes a word where one follows, and none otherwise."""
    app = App(name="stylize")
    app.default(command_of(stylize, _flags(given), HELP))
    return app


def stylize(given: dict[str, Any]) -> None:
    """Paints one picture, or those of a folder one after the other."""
    content, styles = given["content"], list(given["style"])
    if content is None or not styles:
        raise UsageError(f"stylize needs a CONTENT and a STYLE, {EXAMPLE}")
    what = {
        "style": styles,
        "weights": None if given["weights"] is None else _numbers(given["weights"]),
        "keep_color": given["keep_color"],
        "mask": given["mask"],
        "strength": given["strength"],
    }
    model, canvases = painter(given), _canvases(content, given["out"])
    if Path(content).is_dir() and given["report"]:
        raise UsageError("--report is about one picture; leave it out where CONTENT is a folder.")
    read_order(None, styles, size=model.size, weights=what["weights"])  # so that below it is the content that is wrong
    for source in canvases:  # all are read to be checked, but they would fill the memory
        order = _order(model, source, what, named=len(canvases) > 1)
    inputs = real_paths([*canvases, *styles, *(given["mask"] or [])])
    for canvas in canvases.values():
        canvas.check(inputs)
    check_report(given)
    console = Console(stderr=True, quiet=given["quiet"])
    for number, (source, canvas) in enumerate(canvases.items(), start=1):
        pixels = paint(model, canvas, given["resume"], console, content=source, **what)
        if pixels is None:
            continue
        if len(canvases) == 1:
            tell(model, given, pixels, order, content=source, **what)
        of = f"{number} of {len(canvases)}" if len(canvases) > 1 else "painted"
        loss = sum(model.terms_.values())
        say(console, f"{of}, loss {loss:.4g}: {canvas.path}")


def _flags(given: Sequence[str]) -> Flags:
    texts = parameter_texts(StyleTransfer.stylize)
    kept: Any = KeptColor if value_of(given, "--keep-color") in get_args(KeptColor) else bool
    out = f"The picture, {', '.join(ENDINGS)}; by default stylized.png. For a folder a folder, by default stylized."
    style = Annotated[str, Parameter(help="One or more pictures whose texture it gets.")]
    return [
        place("content", "A picture, or a folder of pictures, each of which is painted under its own name."),
        inspect.Parameter("style", inspect.Parameter.VAR_POSITIONAL, annotation=style),
        *painting_flags(out),
        flag("strength", float, 1.0, texts["strength"]),
        flag("weights", str | None, None, f"{texts['weights']} Numbers separated by commas."),
        flag(
            "keep_color",
            kept,
            False,
            "Keep the colours of CONTENT: the luminance alone is painted (the same as "
            "--keep-color luminance). With --keep-color histogram the styles get colours like its own before.",
        ),
        flag("mask", list[str] | None, None, f"{texts['mask']} Each after a --mask of its own."),
    ]


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in words(text)]
    except ValueError:
        raise UsageError(f"--weights {text} is not possible; give numbers such as 0.7,0.3.") from None


def _canvases(content: str, out: str | None) -> dict[str, Canvas]:
    """Where each picture comes to.

    Raises
    ------
    DataError
        If a folder holds no pictures.
    UsageError
        If a folder shall become a file, a file a folder, or two pictures one.
    """
    source = Path(content).expanduser()
    if not source.is_dir():
        return {content: Canvas(Path(out or "stylized.png"))}
    is_folder("pictures of a folder", out or "stylized", ())
    found = sorted(p for p in source.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
    shown = [path for path in found if not path.name.startswith(".")]
    if not shown:
        raise DataError(f"{content} holds no pictures; give a folder with some, or a picture.")
    folder = Path(out or "stylized")
    canvases: dict[str, Canvas] = {}
    for path in shown:
        ending = path.suffix if path.suffix.lower() in ENDINGS else ".png"
        canvas = Canvas(folder / f"{path.stem}{ending}")
        if canvas in canvases.values():
            raise UsageError(f"two pictures would come to {canvas.path}; give one of them another name.")
        canvases[str(path)] = canvas
    return canvases


def _order(model: StyleTransfer, source: str, what: Mapping[str, Any], named: bool) -> Order:
    """What is asked for of one picture; errors name it where there are several."""
    try:
        return read_order(source, size=model.size, style_scale=model.style_scale, **what)
    except DataError as error:
        if named:
            raise DataError(f"{source}: {error}") from error
        raise
