"""`hiddenspace COMMAND ...`: finds the command, and turns errors into one sentence and an exit code."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from cyclopts import App, CycloptsError, UnusedCliTokensError
from rich.console import Console

from hiddenspace import __version__
from hiddenspace.cli.plain import say
from hiddenspace.errors import HiddenspaceError, UsageError

COMMANDS = {
    "fit": "Learn from unlabelled data: PCA beside an autoencoder, a saved model and a report.",
    "transform": "Encode data with a trained model.",
    "reconstruct": "Encode data and decode it again, as files to look at.",
    "train": "Learn labels, starting from what was learned without.",
    "predict": "Name the class or the number of each item.",
    "adapt": "Carry labels over to data of another kind that have none.",
    "map": "Lay items out in two dimensions, as a picture or a page to explore.",
    "report": "Write a run's report anew.",
    "compress": "Write data as a small file of codes.",
    "decompress": "Read what compress wrote.",
    "compare": "Ask whether learned codes help, with few labels: raw values, PCA and others.",
    "relevance": "Say which columns or pixels a code depends on.",
    "filters": "Show what the units of an encoder of images look for.",
    "morph": "Go from one item to another through the hidden space, or give an item an attribute.",
    "analogy": "Add and take away items in the hidden space.",
    "sample": "Make new items, like those that the model has learned from.",
    "measure": "Say how like real items generated ones are.",
    "odd": "Find the items that are least like the others.",
    "stylize": "Paint a picture anew, with its content and the texture of others.",
    "texture": "Make new texture like that of a picture.",
    "similar": "Find the items most like one.",
    "info": "Say what a run or a saved model is.",
}
HELP = f"""Everything you can do with data that has no labels.

Try: hiddenspace fit digits

SOURCE is a folder of images, a CSV or Parquet file, a .npy, .npz or idx array, the name of a sample that comes along
(digits, font-digits, house-numbers, shapes, chairs, photographs, wine, breast-cancer), or of a dataset on the Hugging
Face Hub.
Each command shows its options and an example with --help. Version {__version__}.
"""
FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0, 1 for a failed run, 2 for wrong usage, 130 after Ctrl-C.

    The help of the whole program is static: only the command that is called is imported.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    # what a terminal user reads is English, plain and not wrapped in boxes of rich markup
    app = App(name="hiddenspace", help=HELP, version=__version__, help_format="plaintext", result_action="return_value")
    app.suppress_keyboard_interrupt = False  # what was saved and how to go on is said below
    try:
        for name, line in COMMANDS.items():
            app.command(_command(name, given[1:]) if given[:1] == [name] else App(name=name, help=line))
        with _plain_warnings():
            app(given, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        helped = f"hiddenspace {given[0]}" if given[:1] and given[0] in COMMANDS else "hiddenspace"
        return _say(f"{_told(error)}; see {helped} --help.", WRONG_USAGE)
    except UsageError as error:
        return _say(error, WRONG_USAGE)
    except HiddenspaceError as error:
        return _say(error, FAILED)
    except KeyboardInterrupt as interruption:
        return _say(interruption if interruption.args else "interrupted", INTERRUPTED)
    return 0


def _told(error: CycloptsError) -> str:
    """What is wrong with the arguments, without the full stop."""
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return f"nothing takes {', '.join(error.unused_tokens)} (the values of an option are separated by commas)"
    return " ".join(str(error).split()).rstrip(".")


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Inside the `with`, a warning is what it says, without the line of code that it comes from."""
    usual = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"hiddenspace: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = usual


def _command(name: str, given: list[str]) -> App:
    """The function of that name in the module of that name; commands that start a run are made for these arguments."""
    module = import_module(f"hiddenspace.cli.{name}")
    if hasattr(module, "command"):
        made: App = module.command(given)
        return made
    app = App(name=name)
    app.default(getattr(module, name))
    return app


def _say(what: object, code: int) -> int:
    say(Console(stderr=True), f"hiddenspace: {what}")
    return code
