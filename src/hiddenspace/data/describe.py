"""A dataset in a few lines for people."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hiddenspace.data.chunks import in_memory
from hiddenspace.data.table_columns import fit_column
from hiddenspace.data.wording import counted

if TYPE_CHECKING:
    from hiddenspace.data.dataset import Dataset

SHOWN = 10  # broken files and classes that are named before "and so on"
SAMPLED = 2_000  # items read for the range of values where the data is not in memory

CHANNELS = {1: "grey", 3: "RGB", 4: "RGBA"}


def describe(data: "Dataset") -> str:
    """Kind, shape, type, range, channels, labels, test part, broken files and notes, a line each."""
    lines = [f"{data.name}: {_contents(data)}"]
    if data.labels is not None:
        lines.append(f"labels: {_classes(data.labels)}")
    if data.test is not None:
        lines.append(f"test part: {counted(len(data.test), 'item')}")
    if data.broken:
        lines.append(f"skipped: {_broken(data)}")
    return "\n".join([*lines, *(f"note: {note}" for note in data.notes)])


def _range(items: Any) -> tuple[float, float]:
    """Smallest and largest value; of an even sample where the items are not in memory."""
    if not in_memory(items):
        items = items[np.linspace(0, len(items) - 1, min(SAMPLED, len(items))).astype(np.intp)]
    return float(items.min()), float(items.max())


def _contents(data: "Dataset") -> str:
    if data.kind == "table":
        return _table(data.items)
    low, high = _range(data.items)
    values = f"{data.items.dtype}, values {low:.6g} to {high:.6g}"
    if data.kind == "vectors":
        return f"{len(data):,} vectors of {data.items.shape[1]:,} numbers, {values}"
    _, height, width, channels = data.items.shape
    colour = CHANNELS.get(channels, f"{channels} channels")
    return f"{len(data):,} images of {height}x{width} (height x width), {colour}, {values}"


def _table(frame: pd.DataFrame) -> str:
    kinds = Counter(fit_column(column).kind for _, column in frame.items())
    text = f"{len(frame):,} rows of {frame.shape[1]:,} columns: {kinds['number']} numeric"
    text += f", {kinds['category']} categorical" + (f", {kinds['time']} of time" if kinds["time"] else "")
    missing = int(frame.isna().any().sum())
    return text + (f"; {missing} with missing values" if missing else "")


def _classes(labels: NDArray[Any]) -> str:
    classes = [str(label) for label in np.unique(labels)]
    return f"{len(classes):,} classes ({_some(classes)})"


def _broken(data: "Dataset") -> str:
    return f"{counted(len(data.broken), 'file')} ({_some([f'{b.name}: {b.reason}' for b in data.broken], '; ')})"


def _some(names: list[str], between: str = ", ") -> str:
    more = len(names) - SHOWN
    return between.join(names[:SHOWN]) + (f"{between}and {more:,} more" if more > 0 else "")
