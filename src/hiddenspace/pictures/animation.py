"""Images one after another, as a GIF or an MP4 file that goes there and back without a jump."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from hiddenspace.errors import HiddenspaceError, MissingExtraError, UsageError, writing
from hiddenspace.pictures.channels import as_pixels

FILMS = (".gif", ".mp4")
_SIDE = 256
_FASTEST = 50
"""Frames a second; browsers slow down GIFs that have more."""


def animate(images: ArrayLike, path: str | Path, *, seconds: float = 3.0, scale: int | None = None) -> None:
    """Writes images as a film that runs from the first to the last and back to where it began, for ever as a GIF.

    Parameters
    ----------
    images : (n, h, w) or (n, h, w, c)
        What `as_pixels` takes, at least two.
    path : path
        A file that ends in .gif or .mp4.
    seconds : float
        How long the way there and back takes, above 0; never faster than 50 frames a second.
    scale : int, optional
        How many pixels wide each input pixel becomes; by default as many as keep an image within 256 pixels, at
        least 1.

    Raises
    ------
    UsageError
        If the name ends otherwise, there is a single image, or a length or scale that makes no sense.
    MissingExtraError
        If an MP4 file is wanted and PyAV is not installed.
    HiddenspaceError
        If the operating system refuses to write.
    """
    path = Path(path)
    ending = path.suffix.lower()
    pixels = as_pixels(images)
    _check(ending, len(pixels), seconds, scale)
    factor = scale or max(1, _SIDE // max(pixels.shape[1:3]))
    there = pixels.repeat(factor, axis=1).repeat(factor, axis=2)
    frames = np.concatenate([there, there[-2:0:-1]])  # the ends are shown once: the next round begins with the first
    rate = min(len(frames) / seconds, _FASTEST)
    with writing(path, "give another file name", HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        (_write_gif if ending == ".gif" else _write_mp4)(frames, path, rate)


def _check(ending: str, count: int, seconds: float, scale: int | None) -> None:
    if ending not in FILMS:
        raise UsageError(f"a film cannot be written as {ending or 'a file without an ending'}; take .gif or .mp4.")
    if count < 2:
        raise UsageError("one image does not move; give at least two.")
    if not seconds > 0:
        raise UsageError(f"seconds={seconds!r} is no length of a film; give a number above 0.")
    if scale is not None and scale < 1:
        raise UsageError(f"scale={scale!r} makes nothing to see; give a whole number of 1 or more.")


def _write_gif(frames: NDArray[np.uint8], path: Path, rate: float) -> None:
    shown = [Image.fromarray(frame) for frame in frames]
    # hundredths of a second are all that the format knows
    milliseconds = 10 * max(2, round(100 / rate))
    shown[0].save(path, "GIF", save_all=True, append_images=shown[1:], duration=milliseconds, loop=0)


def _write_mp4(frames: NDArray[np.uint8], path: Path, rate: float) -> None:
    """H.264 with colour at half the resolution, which every browser plays and which needs even sides."""
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(
            "an MP4 file needs PyAV; install hiddenspace[video], or end the name with .gif."
        ) from error
    colour = frames if frames.ndim == 4 else np.repeat(frames[..., None], 3, axis=3)
    even = np.pad(colour, ((0, 0), *((0, side % 2) for side in colour.shape[1:3]), (0, 0)), mode="edge")
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=Fraction(rate).limit_denominator(1000), options={"crf": "16"})
        stream.height, stream.width, stream.pix_fmt = even.shape[1], even.shape[2], "yuv420p"
        for frame in even:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        film.mux(stream.encode())
