"""Where the bytes of one image come from, and how Pillow opens them safely."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

SUFFIXES = frozenset(
    {".apng", ".avif", ".bmp", ".dib", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo"}
    | {".pbm", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp"}
)
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "JPEG2000", "TGA", "ICO", "AVIF", "QOI")
"""What Pillow may take a file for, whatever its name: nothing here starts another program, as EPS would."""

JPEG = b"\xff\xd8\xff"

MAX_PIXELS = 2**30 // 12
"""Decoded in full up to here (a third of a gigabyte), which is where Pillow begins to warn of decompression bombs."""

Content = Path | bytes | Image.Image | Callable[[], IO[bytes]]


@dataclass(frozen=True)
class ImageSource:
    """One image that is not yet read: its name for people, and a path, bytes, a picture or what opens a stream."""

    name: str
    content: Content

    def stream(self) -> IO[bytes]:
        """The bytes of the file."""
        match self.content:
            case Path() as path:
                return path.open("rb")
            case bytes() as data:
                return BytesIO(data)
            case Image.Image():
                raise TypeError(f"{self.name} is a picture in memory and has no file")
            case opener:
                return opener()


@contextmanager
def opened(source: ImageSource) -> Iterator[Image.Image]:
    """The image with its header read, its pixels not yet.

    Pillow's own limit of pixels stays as the person set it, except that it is not asked about JPEG: those can be
    read at an eighth of their size, and `image_header` decides whether that is safe.
    """
    if isinstance(source.content, Image.Image):
        yield source.content
        return
    with source.stream() as stream:
        start = stream.read(len(JPEG))
        stream.seek(0)
        with JpegImageFile(stream) if start == JPEG else Image.open(stream, formats=FORMATS) as image:
            yield image


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow's warnings are silent inside, whatever thread raises them: what they warn of is checked here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
        yield
