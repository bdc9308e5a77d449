"""The page, written in one go."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hiddenspace.errors import HiddenspaceError
from hiddenspace.pictures.theme import DARK, LIGHT
from hiddenspace.report import wording
from hiddenspace.report.hues import hue, model_names
from hiddenspace.report.sections import sections
from hiddenspace.report.summary import RunSummary


def write_report(run: RunSummary, path: str | os.PathLike[str]) -> Path:
    """Write one HTML file about a run: pictures inside it, no script, nothing fetched from anywhere.

    Parameters
    ----------
    run : RunSummary
        What there is to say; sections without data are left out.
    path : path
        The file, by custom report.html; one that is there is replaced, and only by a complete one.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    HiddenspaceError
        If the file cannot be written.
    """
    return write_page(render(run), path)


def write_page(page: str, path: str | os.PathLike[str]) -> Path:
    """Write a page in one go.

    Raises
    ------
    HiddenspaceError
        If the file cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        reason = error.strerror or error
        raise HiddenspaceError(f"the report cannot be written to {path} ({reason}); give another folder.") from error
    return path


def render(run: RunSummary) -> str:
    """Make the page's text."""
    environment = new_environment()
    environment.globals["hue"] = partial(hue, models=model_names(run))
    return environment.get_template("page.html").render(run=run, light=LIGHT, dark=DARK, **sections(run))


def new_environment() -> Environment:
    """What templates are rendered in: everything escaped, nothing undefined, numbers as readers want them."""
    environment = Environment(
        loader=PackageLoader("hiddenspace.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters.update(
        number=wording.number,
        measured=wording.measured,
        percent=wording.percent,
        count=wording.count,
        duration=wording.duration,
        with_code=wording.with_code,
        share=wording.share,
    )
    return environment


def _shown(value: Any) -> Any:
    return wording.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
