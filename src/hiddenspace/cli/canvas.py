"""A picture while it is painted: the file that it shall be, and what lies beside it until then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hiddenspace.cli.files import OUT, check_ending
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.style.pictures import write_picture

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
"""Of pictures that can be written."""


@dataclass(frozen=True)
class Canvas:
    """Where a picture comes to."""

    path: Path

    @property
    def folder(self) -> Path:
        """Hidden, for the checkpoints; it is there until the picture is finished."""
        return self.path.with_name(f".{self.path.name}.painting")

    @property
    def preview(self) -> Path:
        """How far the picture is."""
        return self.path.with_name(f"{self.path.stem}.preview{self.path.suffix}")

    @property
    def is_finished(self) -> bool:
        """Whether there is such a picture, and none is being painted in its place."""
        return self.path.is_file() and not self.folder.exists()

    def check(self, inputs: Container[str]) -> None:
        """Before any work, whether it can be written, and replaces none of what is read, which `real_paths` gives.

        Raises
        ------
        UsageError
            If the name is none of a picture, or that of an input.
        HiddenspaceError
            If the operating system refuses.
        """
        check_ending("a picture", self.path, ENDINGS)
        check_place(self.path)
        if os.path.realpath(self.path) in inputs:
            raise UsageError(f"--out would replace {self.path}, which is read; give another --out.")

    def begin(self, resume: bool) -> None:
        """Makes room for checkpoints; only where it goes on with a painting those of an earlier one stay."""
        with writing(self.folder, OUT, HiddenspaceError):
            if not resume and self.folder.exists():
                shutil.rmtree(self.folder)
            self.folder.mkdir(exist_ok=True)

    def finish(self, pixels: NDArray[np.uint8]) -> None:
        """Writes the picture (h, w, 3), whole or not at all, and removes what lay beside it."""
        with writing(self.path, OUT, HiddenspaceError):
            write_picture(pixels, self.path)
            self.preview.unlink(missing_ok=True)
            shutil.rmtree(self.folder)

    def give_up(self) -> None:
        """Where no step was taken, nothing stays behind."""
        with suppress(OSError):  # it is not empty, and a painting can go on with it
            self.folder.rmdir()


def real_paths(paths: Iterable[str]) -> set[str]:
    """The same files by the names that they have whatever links lead to them."""
    return {os.path.realpath(os.path.expanduser(path)) for path in paths}


def check_place(path: Path) -> None:
    """Before any work, whether a file can be written there.

    Raises
    ------
    UsageError
        If there is a folder of this name.
    HiddenspaceError
        If the operating system refuses.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it, such as {path / 'painted.png'}.")
    probe = path.with_name(f".{path.name}.probe")
    with writing(path, OUT, HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
