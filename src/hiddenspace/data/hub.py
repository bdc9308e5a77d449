"""Hugging Face datasets: objects, folders that they were saved in, and names on the Hub."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.data import tables
from hiddenspace.data.arrays import from_array
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.image_folders import SPLITS
from hiddenspace.data.image_source import ImageSource
from hiddenspace.data.images import load_images
from hiddenspace.data.options import Options
from hiddenspace.data.samples import SAMPLES
from hiddenspace.errors import DataError, UsageError

PATIENCE = 10.0  # seconds for the first answer of the Hub

WHAT = "a Hugging Face dataset"

LABELS = ("label", "labels", "fine_label", "y", "target", "class")


def is_hub_object(source: Any) -> bool:
    """Whether this comes from the `datasets` library (which is not imported to find out)."""
    return type(source).__module__.partition(".")[0] == "datasets"


def is_saved_folder(folder: Path) -> bool:
    """Whether `save_to_disk` wrote this folder: one dataset, or several by name."""
    one = (folder / "state.json").is_file() and (folder / "dataset_info.json").is_file()
    return one or (folder / "dataset_dict.json").is_file()


def from_folder(folder: Path, options: Options) -> Dataset:
    """What `save_to_disk` wrote.

    Raises
    ------
    DataError
        If files of it are missing or damaged.
    """
    import datasets

    try:
        loaded = datasets.load_from_disk(str(folder))
    except Exception as error:  # of many libraries
        raise DataError(
            f"{folder} is a saved Hugging Face dataset, but cannot be loaded ({_first_sentence(error)}); "
            "save it again with save_to_disk."
        ) from error
    return from_object(loaded, folder.name, options)


def from_name(name: str, options: Options) -> Dataset:
    """A dataset of the Hugging Face Hub, as ``owner/name`` or ``owner/name:configuration``.

    Raises
    ------
    DataError
        If there is none of that name, or no network.
    """
    import datasets

    path, _, configuration = name.partition(":")
    try:
        _check_reach(path)
        loaded = datasets.load_dataset(path, configuration or None, split=options.split)
    except Exception as error:  # the Hub client raises errors of many libraries
        raise DataError(
            f"{name!r} is no file or folder here, no embedded sample{_meant(name)}, and could not be had from the "
            f"Hugging Face Hub ({_first_sentence(error)}); check the spelling and the network, or give a local path."
        ) from error
    return from_object(loaded, name, replace(options, split=None) if options.split else options)


def _check_reach(path: str) -> None:
    """Fail at once where the Hub has no such dataset or is out of reach: loading would try for half a minute."""
    import datasets
    from huggingface_hub import HfApi

    try:
        HfApi().dataset_info(path, timeout=PATIENCE)
    except Exception:
        if not Path(datasets.config.HF_DATASETS_CACHE, path.replace("/", "___")).exists():
            raise


def from_object(source: Any, name: str, options: Options) -> Dataset:
    """A `datasets.Dataset`, or a `DatasetDict` whose test split, else validation split, becomes the test part.

    Images are taken from the first column of them; else the first column of arrays; else all columns are a table.
    Labels by array are those of the split that is asked for, and its test part then has none.
    """
    parts = dict(source) if isinstance(source, Mapping) else {"train": source}
    if not parts:
        raise DataError(f"{name} has no splits; give one with data.")
    if any(not hasattr(part, "num_rows") for part in parts.values()):
        raise DataError(f"{name} is streamed, which cannot be indexed; load it without streaming=True.")
    roles = {SPLITS.get(split.lower()): split for split in parts}
    wanted = options.split or roles.get("train", next(iter(parts)))
    if wanted not in parts:
        raise UsageError(f"{name} has no split {wanted!r}; it has {', '.join(parts)}.")
    label = _label_column(parts[wanted], options)
    data = _convert(parts[wanted], name, options, label)
    held_out = roles.get("test", roles.get("validation", wanted))
    if options.split:
        return data
    if rest := [split for split in parts if split not in (wanted, held_out)]:
        note = f"Of {name} the splits {', '.join(rest)} were left out; split= loads one."
        data = replace(data, notes=(*data.notes, note))
    if held_out == wanted:
        return data
    like = data if data.kind == "images" else None
    test = _convert(parts[held_out], f"{name} (test)", replace(options, labels=None), label, like)
    return replace(data, test=test)


def _convert(part: Any, name: str, options: Options, label: str | None, like: Dataset | None = None) -> Dataset:
    """`label` is the column of labels; without one they are those of the options."""
    if part.num_rows == 0:
        raise DataError(f"{name} has no rows; give a split with data.")
    part = part.with_format(None)
    _check_columns(part, options.columns, name)
    labels = options.labels if label is None or label not in part.column_names else _labels(part, label)
    columns = [c for c in (options.columns or part.column_names) if c != label]
    pictures = [c for c in columns if type(part.features[c]).__name__ == "Image"]
    arrays = [c for c in columns if _is_array(part.features[c])]
    chosen = (pictures or arrays)[:1]
    notes = _left_out(name, [c for c in columns if c not in chosen]) if chosen else ()
    if pictures:
        sources = _sources(part, pictures[0], name)
        storage = replace(options.storage, identity=_identity(part, pictures[0]))
        data = load_images(sources, name=name, labels=labels, size=options.size, storage=storage, like=like)
    elif arrays:
        values = part.select_columns(arrays[:1]).with_format("numpy")[:][arrays[0]]
        data = from_array(np.asarray(values), name=name, labels=labels, channels=options.channels)
    else:
        data = tables.from_frame(part.select_columns(columns).to_pandas(), name=name, labels=labels)
    return replace(data, notes=(*data.notes, *notes))


def _check_columns(part: Any, columns: Sequence[str] | None, name: str) -> None:
    for column in columns or ():
        if column not in part.column_names:
            raise UsageError(f"{name} has no column {column!r}; it has {', '.join(part.column_names)}.")


def _label_column(part: Any, options: Options) -> str | None:
    """The column that was named, else the first of classes, else one with the name of labels beside items.

    It holds one value a row: lists and pictures are no labels.
    """
    if isinstance(options.labels, str):
        _check_columns(part, [options.labels], "The dataset")
        if not _is_scalar(part.features[options.labels]):
            raise UsageError(
                f"Column {options.labels!r} holds {type(part.features[options.labels]).__name__}, not one value a row, "
                "so it cannot be labels; name another."
            )
        return options.labels
    if options.labels is not None:
        return None
    for name, feature in part.features.items():
        if type(feature).__name__ == "ClassLabel":
            return str(name)
    has_items = any(type(f).__name__ == "Image" or _is_array(f) for f in part.features.values())
    known = [name for name in LABELS if name in part.column_names and _is_scalar(part.features[name])]
    return known[0] if known and has_items else None


def _labels(part: Any, column: str) -> NDArray[Any]:
    values = part.select_columns([column])[:][column]
    names = getattr(part.features[column], "names", None)
    return (
        np.array([names[v] if v is not None and v >= 0 else "unknown" for v in values]) if names else np.array(values)
    )


def _is_scalar(feature: Any) -> bool:
    return type(feature).__name__ in ("Value", "ClassLabel")


def _is_array(feature: Any) -> bool:
    if type(feature).__name__ in ("Array2D", "Array3D"):
        return True
    while (feature := getattr(feature, "feature", None)) is not None:
        if getattr(feature, "dtype", "").startswith(("int", "uint", "float", "bool")):
            return True
    return False


def _identity(part: Any, column: str) -> str | None:
    """What tells the pictures of a column from all others: a dataset may have several such columns."""
    fingerprint = getattr(part, "_fingerprint", None)
    return None if fingerprint is None else f"{fingerprint}|{column}"


def _sources(part: Any, column: str, name: str) -> list[ImageSource]:
    import datasets

    undecoded = part.select_columns([column]).cast_column(column, datasets.Image(decode=False))
    return [ImageSource(f"{name}[{row}]", partial(_stream, undecoded, column, row)) for row in range(part.num_rows)]


def _stream(part: Any, column: str, row: int) -> IO[bytes]:
    cell = part[row][column]
    if cell is None:
        raise ValueError("there is no image")
    return BytesIO(cell["bytes"]) if cell["bytes"] is not None else Path(cell["path"]).open("rb")


def _left_out(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    if not columns:
        return ()
    return (f"Of {name} the columns {', '.join(columns)} were left out; columns= chooses others.",)


def _meant(name: str) -> str:
    close = get_close_matches(name, SAMPLES, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.split(". ")[0].rstrip(".")
