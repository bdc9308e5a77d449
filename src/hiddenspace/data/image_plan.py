"""What all images of a set are brought to: one size, one number of channels, one type; each change said aloud."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from statistics import median

import numpy as np

from hiddenspace.data.image_header import Header
from hiddenspace.data.wording import counted
from hiddenspace.errors import UsageError

KEPT_SIDE = 128  # equal images up to this side keep their size
DEFAULT_SIDE = 64  # the shorter side of all others

Size = int | tuple[int, ...]

NAMES = {1: "grey", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class Plan:
    """Height, width, channels and type of every decoded image."""

    height: int
    width: int
    channels: int
    dtype: str

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.height, self.width, self.channels

    @property
    def image_bytes(self) -> int:
        """Bytes of one image."""
        return self.height * self.width * self.channels * np.dtype(self.dtype).itemsize

    def objection(self, header: Header) -> str | None:
        """Why such an image cannot be brought to the plan; None if it can."""
        if _family(header.channels, header.dtype) == _family(self.channels, self.dtype):
            return None
        came = f"{counted(header.channels, 'channel')} of {header.dtype}"
        return f"{came}, where the others have {self.channels} of {self.dtype}"


def make_plan(headers: Sequence[Header], size: Size | None) -> tuple[Plan, tuple[str, ...]]:
    """The plan for images with these headers, and a note for each change that it makes.

    Images of one size up to 128 pixels stay as they are. All others have their shorter side resized to the median
    shorter side, 64 at most, and the centre square is kept. `size` (a side, (h, w), or (h, w, c)) overrides it.
    The kind of pixels is that of most: 8- and 16-bit grey, RGB and RGBA go together, N-channel and float files do
    only with their like. RGBA stays where all have it; grey where all are; 16 bits where all have them.

    Raises
    ------
    UsageError
        If `size` is none, or asks for channels that these images cannot have.
    """
    families = Counter(_family(h.channels, h.dtype) for h in headers)
    chosen = [h for h in headers if _family(h.channels, h.dtype) == families.most_common(1)[0][0]]
    size = checked_size(size)
    height, width, size_notes = _size(chosen, size)
    channels = size[2] if size and len(size) == 3 else _channels(chosen)
    dtype = chosen[0].dtype if len({h.dtype for h in chosen}) == 1 else "uint8"
    plan = Plan(height, width, channels, dtype)
    if plan.objection(chosen[0]):
        raise UsageError(
            f"size={size} asks for {counted(channels, 'channel')}, but the images have {chosen[0].channels} of "
            f"{chosen[0].dtype}; only 1, 3 and 4 of 8 or 16 bits can be made of one another, so leave the channels out."
        )
    return plan, (*size_notes, *_mode_notes(chosen, channels, dtype))


def _family(channels: int, dtype: str) -> tuple[int, str]:
    return (0, "ordinary") if channels in NAMES and dtype in ("uint8", "uint16") else (channels, dtype)


def checked_size(size: Size | None) -> tuple[int, ...] | None:
    """(height, width) or (height, width, channels) that was asked for.

    Raises
    ------
    UsageError
        If it is no size.
    """
    if size is None:
        return None
    sides = (size, size) if isinstance(size, int | np.integer) else tuple(size)
    if len(sides) not in (2, 3) or min(sides) < 1:
        raise UsageError(f"size={size!r} is no size; give one side, (height, width) or (height, width, channels).")
    return tuple(int(side) for side in sides)


def _size(headers: Sequence[Header], size: tuple[int, ...] | None) -> tuple[int, int, tuple[str, ...]]:
    sizes = {(h.height, h.width) for h in headers}
    if size:
        height, width = size[:2]
    elif len(sizes) == 1 and max(next(iter(sizes))) <= KEPT_SIDE:
        height, width = next(iter(sizes))
    else:
        height = width = min(DEFAULT_SIDE, int(median(min(h.height, h.width) for h in headers)))
    if sizes == {(height, width)}:
        return height, width, ()
    low, high = (f"{h}x{w}" for h, w in (pick(sizes, key=lambda pair: (prod(pair), pair)) for pick in (min, max)))
    came = low if len(sizes) == 1 else f"{len(sizes)} sizes from {low} to {high}"
    note = f"Images of {came} were resized to cover {height}x{width} and cropped at the centre; size= sets another."
    return height, width, (note,)


def _channels(headers: Sequence[Header]) -> int:
    found = {h.channels for h in headers}
    return found.pop() if len(found) == 1 else 3


def _mode_notes(headers: Sequence[Header], channels: int, dtype: str) -> list[str]:
    notes = []
    counts = Counter(h.channels for h in headers)
    if set(counts) != {channels}:
        came = " and ".join(f"{count:,} {NAMES.get(c, c)}" for c, count in sorted(counts.items()))
        white = ", transparent parts on white" if 4 in counts and channels < 4 else ""
        notes.append(f"Images came as {came}; all were made {NAMES.get(channels, channels)}{white}.")
    if len({h.dtype for h in headers}) > 1:
        deep = sum(h.dtype == "uint16" for h in headers)
        notes.append(
            f"Among images of 8 bits there {'is' if deep == 1 else 'are'} {deep:,} of 16; all were made 8 bits."
        )
    texts = {
        "animated": "Only the first frame was taken of {} with several.",
        "CMYK": "From CMYK to RGB: {}.",
        "deep": "Read at 8 of their 16 bits a channel, of which only a TIFF keeps all: {}.",
    }
    for remark, text in texts.items():
        count = sum(remark in h.remarks for h in headers)
        notes += [text.format(counted(count, "image"))] if count else []
    return notes
