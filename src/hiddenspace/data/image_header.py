"""What the header of an image file says: size, channels and type, before any pixel is decoded."""

from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from hiddenspace.data import tiff
from hiddenspace.data.image_source import MAX_PIXELS, ImageSource, opened
from hiddenspace.errors import MissingExtraError

BITS_PER_SAMPLE, PHOTOMETRIC, EXTRA_SAMPLES = 0x0102, 0x0106, 0x0152  # tags of TIFF
DRAFTED_PIXELS = 8 * MAX_PIXELS  # a JPEG this large still decodes in seconds, at an eighth of its size

Remark = Literal["animated", "CMYK", "deep"]

# mode -> channels, type, that the image has for us
MODES = {
    "1": (1, "uint8"),
    "L": (1, "uint8"),
    "P": (3, "uint8"),
    "RGB": (3, "uint8"),
    "RGBX": (3, "uint8"),
    "CMYK": (3, "uint8"),
    "YCbCr": (3, "uint8"),
    "HSV": (3, "uint8"),
    "LA": (4, "uint8"),
    "La": (4, "uint8"),
    "PA": (4, "uint8"),
    "RGBA": (4, "uint8"),
    "RGBa": (4, "uint8"),
    "I;16": (1, "uint16"),
    "I;16B": (1, "uint16"),
    "I;16L": (1, "uint16"),
    "I;16N": (1, "uint16"),
    "I": (1, "float32"),
    "F": (1, "float32"),
}


class Unreadable(Exception):
    """An image that is left out; the message is the reason."""


@dataclass(frozen=True)
class Header:
    """Height and width as displayed, channels and type as read, and what deserves a note."""

    height: int
    width: int
    channels: int
    dtype: str
    remarks: frozenset[Remark] = frozenset()
    reader: Literal["pillow", "tifffile"] = "pillow"


def read_header(source: ImageSource) -> Header:
    """The header of one image.

    Raises
    ------
    Unreadable
        If it is no image, or too large to be decoded safely.
    """
    try:
        with opened(source) as image:
            return _of_image(image, source)
    except (UnidentifiedImageError, SyntaxError, KeyError) as error:
        if tiff.is_tiff(source):
            return _of_tiff(source)
        raise Unreadable(reason(error, source)) from error
    except MissingExtraError:
        raise
    except Exception as error:  # decoders raise whatever they like on broken files
        raise Unreadable(reason(error, source)) from error


def reason(error: Exception, source: ImageSource) -> str:
    """Why an image could not be read, for people."""
    match error:
        case Unreadable():
            return str(error)
        case Image.DecompressionBombError():
            return "too many pixels to be decoded safely (a decompression bomb?)"
        case UnidentifiedImageError() | SyntaxError():
            return "empty file" if _is_empty(source) else "not an image"
        case OSError() if "truncated" in str(error):
            return "truncated"
        case MemoryError():
            return "more pixels than memory"
    return f"cannot be decoded ({str(error) or type(error).__name__})"


def _of_image(image: Image.Image, source: ImageSource) -> Header:
    if image.mode not in MODES:
        raise Unreadable(f"unknown kind of image ({image.mode})")
    _check_size(image)
    channels, dtype = MODES[image.mode]
    if "transparency" in image.info and image.mode in ("P", "RGB", "L"):
        channels = 4
    if image.format == "PPM" and image.mode == "I":
        dtype = "uint16"
    remarks: set[Remark] = set()
    if getattr(image, "is_animated", False):
        remarks.add("animated")
    if image.mode == "CMYK":
        remarks.add("CMYK")
    if isinstance(image, TiffImageFile) and image is not source.content and _is_beyond_pillow(image):
        return _of_tiff(source)
    if _is_deep_colour(image):
        remarks.add("deep")
    width, height = image.size[::-1] if _is_turned(image) else image.size
    return Header(height, width, channels, dtype, frozenset(remarks))


def _of_tiff(source: ImageSource) -> Header:
    try:
        page = tiff.look(source)
    except MissingExtraError:
        raise
    except Exception as error:
        raise Unreadable(reason(error, source)) from error
    if page.height * page.width * page.channels > 4 * MAX_PIXELS:
        raise Unreadable(_too_large(page.width, page.height))
    remarks: set[Remark] = set()
    if page.pages > 1:
        remarks.add("animated")
    if page.is_cmyk:
        remarks.add("CMYK")
    return Header(page.height, page.width, page.channels, page.dtype, frozenset(remarks), reader="tifffile")


def _check_size(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels <= MAX_PIXELS:
        return
    # A progressive JPEG needs all its coefficients in memory, however small it is to become.
    if not isinstance(image, JpegImageFile) or image.info.get("progressive") or pixels > DRAFTED_PIXELS:
        raise Unreadable(_too_large(image.width, image.height))


def _too_large(width: int, height: int) -> str:
    return f"{width}x{height} are too many pixels to be decoded safely (a decompression bomb?)"


def _is_beyond_pillow(image: TiffImageFile) -> bool:
    """Whether Pillow would lose depth or channels of this TIFF, or show its 16-bit grey inverted."""
    tags = image.tag_v2
    if tags.get(PHOTOMETRIC) == tiff.RGB and 0 in tags.get(EXTRA_SAMPLES, ()):  # more than the colours, and no alpha
        return True
    if tags.get(PHOTOMETRIC) == tiff.WHITE_IS_ZERO and max(tags.get(BITS_PER_SAMPLE, (1,))) == 16:
        return True
    return _is_deep_colour(image)


def _is_deep_colour(image: Image.Image) -> bool:
    """Whether more than 8 bits a channel are in a colour file, which Pillow reads as 8."""
    if image.mode not in ("RGB", "RGBA", "RGBX", "CMYK", "LA"):
        return False
    if isinstance(image, TiffImageFile):
        return bool(max(image.tag_v2.get(BITS_PER_SAMPLE, (8,))) > 8)
    tiles: Any = getattr(image, "tile", ())
    return image.format == "PNG" and bool(tiles) and "16" in str(tiles[0][3])  # its raw mode; others have strides there


def _is_turned(image: Image.Image) -> bool:
    """Whether the file says that height and width are to be exchanged.

    Pillow has already done so in the size of a TIFF. A PNG says it after its pixels.
    """
    if isinstance(image, TiffImageFile) or (image.format == "PNG" and "exif" not in image.info):
        return False
    return int(image.getexif().get(tiff.ORIENTATION, 1)) >= tiff.TRANSPOSED


def _is_empty(source: ImageSource) -> bool:
    with source.stream() as stream:
        return not stream.read(1)
