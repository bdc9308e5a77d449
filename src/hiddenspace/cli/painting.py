"""What the commands that paint share: their flags, how a picture is painted, and what is said of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from hiddenspace.cli.canvas import Canvas, check_place
from hiddenspace.cli.files import check_ending
from hiddenspace.cli.flags import parameter_texts
from hiddenspace.cli.plain import say
from hiddenspace.cli.run_flags import Flags, estimator_flags, flag, trainer_flags
from hiddenspace.cli.spaces import is_model
from hiddenspace.cli.starting import checked_seed
from hiddenspace.errors import HiddenspaceError
from hiddenspace.estimator import load
from hiddenspace.style.judging import StyleJudgement, judge_style
from hiddenspace.style.order import Order
from hiddenspace.style.pictures import as_bytes
from hiddenspace.style.preview import Preview
from hiddenspace.style.style_transfer import StyleTransfer
from hiddenspace.training.trainer import Trainer

LAYERS = ("style_layers", "content_layers", "mrf_layers")
TRAINER_FLAGS = ("accelerator", "precision", "checkpoint_seconds")
WIDE = 200
"""Characters in a row of a table that goes into a file or another program."""


def painting_flags(out: str, leave_out: Sequence[str] = ()) -> Flags:
    """Those of every command that paints.

    Parameters
    ----------
    out
        What is said of --out.
    leave_out
        Parameters of `StyleTransfer` that mean nothing there.
    """
    looks = parameter_texts(StyleTransfer)["features"]
    return [
        flag("out", Annotated[str | None, Parameter(name=("--out", "-o"))], None, out),
        flag("features", str, "auto", looks.replace("a fitted model", "the folder of a run or of a saved model")),
        *(p for p in estimator_flags(StyleTransfer) if p.name not in leave_out),
        flag(
            "report", str | None, None, "A page .html: the pictures side by side, what is left of the loss, a verdict."
        ),
        flag("resume", bool, False, "Go on after an interruption; what is finished already stays."),
        flag("seed", int, 0, "Of the net without training, and of noise."),
        flag("quiet", bool, False, "Print nothing but errors."),
        *trainer_flags(TRAINER_FLAGS),
    ]


def painter(given: Mapping[str, Any]) -> StyleTransfer:
    """What paints, as the flags say.

    Raises
    ------
    UsageError
        If a value makes no sense, or there is no such device.
    """
    params = {flag.name: given[flag.name] for flag in estimator_flags(StyleTransfer) if flag.name in given}
    params |= {name: words(params[name]) for name in LAYERS if params.get(name) is not None}
    features = given["features"]
    trainer = Trainer(progress=False if given["quiet"] else None, **{name: given[name] for name in TRAINER_FLAGS})
    model = StyleTransfer(
        load(features) if is_model(features) else features,
        **params,
        random_state=checked_seed(dict(given)),
        trainer=trainer,
    )
    model.check_params()
    trainer.launch()
    return model


def check_report(given: Mapping[str, Any]) -> None:
    """Before any work, whether the report can be written."""
    if given["report"] is not None:
        check_ending("a report", Path(given["report"]), (".html",))
        check_place(Path(given["report"]))


def paint(
    model: StyleTransfer, canvas: Canvas, resume: bool, console: Console, **what: Any
) -> NDArray[np.uint8] | None:
    """The finished picture (h, w, 3), which is written as well; None where it goes on and all is done already.

    Parameters
    ----------
    console
        Where it is said that all is done.
    **what
        As `StyleTransfer.stylize` takes it.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, saying how to go on.
    """
    if resume and canvas.is_finished:
        say(console, f"{canvas.path} is already done.")
        return None
    canvas.begin(resume)
    usual = model.trainer or Trainer()
    model.trainer = replace(usual, folder=canvas.folder, resume=resume, observers=[Preview(canvas.preview)])
    try:
        pixels = model.stylize(**what)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; go on with the same command and --resume") from None
    except HiddenspaceError:
        canvas.give_up()
        raise
    finally:
        model.trainer = usual
    canvas.finish(pixels)
    return pixels


def tell(model: StyleTransfer, given: Mapping[str, Any], pixels: NDArray[np.uint8], order: Order, **what: Any) -> None:
    """Prints what is left of each term of the loss, and writes the report.

    Parameters
    ----------
    pixels
        The picture.
    order
        What it was painted from.
    **what
        The same as one gave it.
    """
    if given["quiet"] and not given["report"]:
        return
    judged = None
    if what["style"]:
        how = {name: value for name, value in what.items() if name != "strength"}
        judged = judge_style(pixels, painted_with=model.features_, **how)
    if not given["quiet"]:
        _print(model, judged)
    if given["report"]:
        _write_report(model, given, pixels, order, judged, what)


def words(text: str) -> list[str]:
    """Those between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def _print(model: StyleTransfer, judged: StyleJudgement | None) -> None:
    shown = Table("term", "distance", "weight", "in the loss", title="What is left of the loss", title_justify="left")
    for name, term in model.terms_.items():
        weight = model.weights_[name]
        shown.add_row(name, f"{term / weight:.4f}", f"{weight:.3g}", f"{term:.4f}")
    shown.add_row("all", "", "", f"{sum(model.terms_.values()):.4f}", style="bold")
    for column in shown.columns[1:]:
        column.justify = "right"
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(shown, highlight=False)
    for sentence in (f"Looked at by: {model.features_}.", *([] if judged is None else [judged.sentence()])):
        say(console, sentence)


def _write_report(
    model: StyleTransfer,
    given: Mapping[str, Any],
    pixels: NDArray[np.uint8],
    order: Order,
    judged: StyleJudgement | None,
    what: Mapping[str, Any],
) -> None:
    from hiddenspace.report.painting import PaintedPicture, write_painting

    names = [Path(style).name for style in what["style"]]
    settings = {
        name: value for name, value in model.get_params(deep=False).items() if name not in ("trainer", "features")
    }
    asked = {name: given[name] for name in ("strength", "weights", "keep_color", "mask") if name in given}
    painted = PaintedPicture(
        name="texture" if what["content"] is None else Path(what["content"]).name,
        made=pixels,
        content=None if order.content is None else as_bytes(order.content),
        styles=[(name, as_bytes(style)) for name, style in zip(names, order.styles, strict=True)],
        terms=model.terms_,
        weights=model.weights_,
        history=model.history_,
        features=model.features_,
        judged=judged,
        settings={"asked for": asked, "painting": settings},
    )
    write_painting(painted, given["report"])
