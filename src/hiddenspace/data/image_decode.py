"""From one image file to an array of the planned size, channels and type."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from hiddenspace.data import tiff
from hiddenspace.data.image_header import Header, Unreadable, reason
from hiddenspace.data.image_plan import Plan
from hiddenspace.data.image_source import MAX_PIXELS, ImageSource, opened

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as in Pillow's conversion to grey


def decode(source: ImageSource, header: Header, plan: Plan) -> NDArray[Any]:
    """Pixels (h, w, c) as planned: turned as EXIF says, first frame, resized to cover and cropped at the centre.

    Raises
    ------
    Unreadable
        If the file is broken.
    """
    try:
        if header.reader == "tifffile":
            return _from_array(tiff.read_pixels(source, plan.channels), plan)
        with opened(source) as image:
            return _from_pillow(image, header, plan, ours=image is not source.content)
    except Exception as error:  # decoders raise whatever they like on broken files
        raise Unreadable(reason(error, source)) from error


def _from_pillow(image: Image.Image, header: Header, plan: Plan, *, ours: bool) -> NDArray[Any]:
    """`ours` says that the image may be changed in place; a caller's may not."""
    if ours and image.format == "JPEG":
        side = 2 * max(plan.height, plan.width)
        image.draft(None, (side, side))  # decodes at 1/2, 1/4 or 1/8 where that leaves enough pixels
    if image.width * image.height > MAX_PIXELS:
        raise Unreadable(f"{header.width}x{header.height} are too many pixels to be decoded safely at this size")
    if ours:
        ImageOps.exif_transpose(image, in_place=True)
    else:
        image = ImageOps.exif_transpose(image)
    if header.dtype == "uint8":
        return _from_bytes(image, plan)
    return _from_array(np.asarray(image, np.dtype(header.dtype))[..., None], plan)


def _from_bytes(image: Image.Image, plan: Plan) -> NDArray[Any]:
    """The quick way, all in Pillow, for 8-bit grey and colour."""
    mode = MODES[plan.channels]
    if "transparency" in image.info or image.mode in ("PA", "LA", "La", "RGBa"):
        image = image.convert("RGBA")
    if image.mode == "RGBA" and mode != "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.mode == "P":  # its numbers are indices, which must not be mixed in resizing
        image = image.convert("RGB")
    if image.mode != mode:
        image = image.convert(mode)
    size = (plan.width, plan.height)
    if image.size != size:
        image = ImageOps.fit(image, size, Image.Resampling.BICUBIC)
    pixels = np.asarray(image).reshape(plan.shape)
    return pixels.astype(np.uint16) * 257 if plan.dtype == "uint16" else pixels


def _from_array(pixels: NDArray[Any], plan: Plan) -> NDArray[Any]:
    """16 bits, floats and many channels, which Pillow resizes only one channel at a time and as floats."""
    if pixels.dtype.kind == "u" and pixels.dtype != plan.dtype:
        pixels = pixels * np.float32(np.iinfo(plan.dtype).max / np.iinfo(pixels.dtype).max)
    pixels = _with_channels(pixels, plan)
    if pixels.shape != plan.shape:
        planes = (Image.fromarray(plane) for plane in np.moveaxis(pixels.astype(np.float32), -1, 0))
        fitted = [ImageOps.fit(plane, (plan.width, plan.height), Image.Resampling.BICUBIC) for plane in planes]
        pixels = np.stack([np.asarray(plane) for plane in fitted], axis=-1)
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise Unreadable("holds NaN or inf")
    if pixels.dtype.kind == "f" and plan.dtype != "float32":
        pixels = np.clip(np.rint(pixels), 0, np.iinfo(plan.dtype).max)
    return pixels.astype(plan.dtype, copy=False)


def _with_channels(pixels: NDArray[Any], plan: Plan) -> NDArray[Any]:
    """Grey, RGB and RGBA into one another, as Pillow does it for bytes; transparent parts on white."""
    came, channels = pixels.shape[-1], plan.channels
    if came == channels:
        return pixels
    white = np.float32(np.iinfo(plan.dtype).max)
    if came == 4:
        alpha = pixels[..., 3:] / white
        pixels = pixels[..., :3] * alpha + white * (1 - alpha)
    if channels == 1:
        return np.asarray(pixels[..., :3] @ LUMA)[..., None]
    rgb = np.repeat(pixels, 3, axis=-1) if came == 1 else pixels
    return rgb if channels == 3 else np.concatenate([rgb, np.full_like(rgb[..., :1], white)], axis=-1)
