"""TIFF files that Pillow cannot read, or reads at less than their depth: 16-bit colour, and N channels."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hiddenspace.data.image_source import ImageSource
from hiddenspace.errors import MissingExtraError

if TYPE_CHECKING:
    from tifffile import TiffPage

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_tiff(source: ImageSource) -> bool:
    """Whether the first bytes are those of a TIFF file."""
    if isinstance(source.content, Image):
        return False
    try:
        with source.stream() as stream:
            return stream.read(4) in MAGIC
    except OSError:
        return False


def read_shape(source: ImageSource) -> tuple[int, int, int, str]:
    """Height, width, channels and type of the first page, without its pixels."""
    with source.stream() as stream, _tifffile().TiffFile(stream) as file:
        page = file.pages[0]
        channels = page.samplesperpixel
        return page.imagelength, page.imagewidth, channels, str(_plain(np.dtype(page.dtype)))


def read_pixels(source: ImageSource) -> NDArray[Any]:
    """The first page, (h, w, c)."""
    with source.stream() as stream, _tifffile().TiffFile(stream) as file:
        page: TiffPage = file.pages[0]
        pixels = page.asarray().reshape(-1, *page.shape[-2:]) if page.samplesperpixel == 1 else page.asarray()
        if page.samplesperpixel == 1 or page.planarconfig == 2:  # a plane for each channel
            pixels = np.moveaxis(pixels, 0, -1)
        return pixels.astype(_plain(pixels.dtype), copy=False)


def _plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that the pixels get here: 8 and 16 bits stay, everything else becomes float32."""
    return np.dtype(dtype.name) if dtype.name in ("uint8", "uint16") else np.dtype("float32")


def _tifffile() -> Any:
    try:
        import tifffile
    except ImportError:
        raise MissingExtraError(
            "This TIFF file has 16-bit colour or many channels, which needs tifffile; pip install tifffile."
        ) from None
    return tifffile
