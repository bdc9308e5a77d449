"""TIFF files that Pillow cannot read, or reads wrongly: 16-bit colour, N channels, 16-bit grey whose 0 is white."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hiddenspace.data.image_source import ImageSource
from hiddenspace.errors import MissingExtraError

if TYPE_CHECKING:
    from tifffile import TiffPage

ORIENTATION = 0x0112  # the tag, also of EXIF
TRANSPOSED = 5  # from this orientation on, height and width are exchanged
WHITE_IS_ZERO, RGB, SEPARATED = 0, 2, 5  # kinds of colour (photometric interpretation)

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class Page(NamedTuple):
    """Height, width, channels and type as `read_pixels` gives them, whether they were CMYK, and pages in the file."""

    height: int
    width: int
    channels: int
    dtype: str
    is_cmyk: bool
    pages: int


def is_tiff(source: ImageSource) -> bool:
    """Whether the first bytes are those of a TIFF file."""
    if isinstance(source.content, Image):
        return False
    try:
        with source.stream() as stream:
            return stream.read(4) in MAGIC
    except OSError:
        return False


def look(source: ImageSource) -> Page:
    """What is on the first page, without its pixels."""
    with source.stream() as stream, _tifffile().TiffFile(stream) as file:
        page: TiffPage = file.pages[0]
        height, width = page.imagelength, page.imagewidth
        if _orientation(page) >= TRANSPOSED:
            height, width = width, height
        cmyk = _is_cmyk(page)
        channels = 3 if cmyk else page.samplesperpixel
        return Page(height, width, channels, str(_plain(np.dtype(page.dtype))), cmyk, len(file.pages))


def read_pixels(source: ImageSource, channels: int) -> NDArray[Any]:
    """The first page as it is displayed, (h, w, c); of red, green, blue and one more, that one only where 4 are wanted.

    An unspecified fourth channel, such as infrared, is no transparency and must not be mixed into the others.
    """
    with source.stream() as stream, _tifffile().TiffFile(stream) as file:
        page: TiffPage = file.pages[0]
        pixels = page.asarray().reshape(-1, *page.shape[-2:]) if page.samplesperpixel == 1 else page.asarray()
        if page.samplesperpixel == 1 or page.planarconfig == 2:  # a plane for each channel
            pixels = np.moveaxis(pixels, 0, -1)
        pixels = _turned(pixels.astype(_plain(pixels.dtype), copy=False), _orientation(page))
        if _is_cmyk(page):
            return _rgb_from_cmyk(pixels)
        if page.photometric == WHITE_IS_ZERO and page.samplesperpixel == 1 and pixels.dtype.kind == "u":
            return np.asarray(np.iinfo(pixels.dtype).max - pixels)
        is_colour_and_more = page.photometric == RGB and page.samplesperpixel == 4 and page.extrasamples[0] == 0
        return pixels[..., :3] if is_colour_and_more and channels < 4 else pixels


def _orientation(page: "TiffPage") -> int:
    return int(page.tags.valueof(ORIENTATION, 1))


def _turned(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """(h, w, c) as stored -> as displayed, by the numbers of TIFF and EXIF."""
    if orientation >= TRANSPOSED:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _is_cmyk(page: "TiffPage") -> bool:
    return bool(page.photometric == SEPARATED and page.samplesperpixel == 4 and np.dtype(page.dtype).kind == "u")


def _rgb_from_cmyk(pixels: NDArray[Any]) -> NDArray[Any]:
    """Without a colour profile, as Pillow does it for bytes."""
    most = np.iinfo(pixels.dtype).max
    light = most - pixels.astype(np.float32)
    return np.asarray(np.rint(light[..., :3] * light[..., 3:] / most).astype(pixels.dtype))


def _plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that the pixels get here: 8 and 16 bits stay, everything else becomes float32."""
    return np.dtype(dtype.name) if dtype.name in ("uint8", "uint16") else np.dtype("float32")


def _tifffile() -> Any:
    try:
        import tifffile
    except ImportError:
        raise MissingExtraError(
            "This TIFF file has 16-bit colour, inverted grey or many channels, which needs tifffile; pip install "
            "tifffile."
        ) from None
    return tifffile
