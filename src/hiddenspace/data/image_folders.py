"""Folders and archives of images: which files are images, which are train and test, which class each is of."""

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.image_source import SUFFIXES, ImageSource
from hiddenspace.data.image_store import file_identity
from hiddenspace.data.images import load_images
from hiddenspace.data.options import Options
from hiddenspace.data.wording import counted
from hiddenspace.errors import DataError, UsageError

STREAMED = 64 * 2**20  # bytes from which on a file in an archive is not read at once

SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test", "val": "validation"}
SPLITS |= {"valid": "validation", "validation": "validation"}


@dataclass(frozen=True)
class Part:
    """One split of a folder: its images, and the class of each where the folder has classes."""

    sources: list[ImageSource]
    labels: list[str] | None


def list_files(folder: Path) -> list[PurePosixPath]:
    """All files below a folder, relative to it, in a fixed order; hidden ones are left out.

    Links to folders are followed, except for those that lead back to a folder in which they lie.

    Raises
    ------
    DataError
        If a folder among them cannot be read.
    """
    found = []
    for root, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        folders[:] = [n for n in sorted(folders) if not n.startswith(".") and not _leads_back(Path(root, n))]
        below = Path(root).relative_to(folder)
        found += [PurePosixPath(below.as_posix(), name) for name in sorted(files) if not name.startswith(".")]
    return found


def _refuse(error: OSError) -> NoReturn:
    raise DataError(f"{error.filename} cannot be read ({error.strerror}); check its rights.") from error


def _leads_back(path: Path) -> bool:
    return path.is_symlink() and path.resolve() in {parent.resolve() for parent in path.parents}


def is_image_name(path: PurePosixPath) -> bool:
    """Whether a file is an image by its name."""
    return path.suffix.lower() in SUFFIXES and "__MACOSX" not in path.parts


def load_folder(folder: Path, files: Sequence[PurePosixPath], options: Options) -> Dataset:
    """The images among these files of a folder."""
    images = [path for path in files if is_image_name(path)]
    sources = [ImageSource(str(path), folder / path) for path in images]
    return _load(folder.absolute().name, sources, len(files) - len(images), options)


def load_archive(path: Path, options: Options) -> Dataset:
    """The images of a zip file, read from it without unpacking.

    Raises
    ------
    DataError
        If it is broken or holds no images.
    """
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path.name} is no zip file that can be read ({error}); download or pack it again.") from error
    files = [PurePosixPath(name) for name in sorted(archive.namelist()) if not name.endswith("/")]
    images = [name for name in files if is_image_name(name)]
    if not images:
        raise DataError(f"{path.name} holds no images; give a zip of JPEG, PNG or other image files.")
    sources = [ImageSource(str(name), partial(_member, archive, str(name))) for name in images]
    options = replace(options, storage=replace(options.storage, identity=file_identity(path)))
    return _load(path.name, sources, len(files) - len(images), options)


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """One file of an archive: at once where it is small, since Pillow reads in little pieces; else as a stream."""
    if archive.getinfo(name).file_size > STREAMED:
        return archive.open(name)
    return BytesIO(archive.read(name))


def arrange(sources: Sequence[ImageSource]) -> dict[str, Part]:
    """Splits by name, 'train' first; a folder without splits is all 'train'.

    A folder is split where folders at its top are called train and test or the like; what lies beside these is in
    no split. Where there is train alone, that has to be all. Folders below are classes where all images lie in them
    and there are at least two.
    """
    parts = [PurePosixPath(source.name).parts for source in sources]
    while len({p[0] for p in parts if len(p) > 1}) == 1:  # one folder around everything, but for files beside it
        parts = [p[1:] if len(p) > 1 else p for p in parts]
    names = [SPLITS.get(p[0].lower()) if len(p) > 1 else None for p in parts]
    if "train" not in names or set(names) == {"train", None}:
        return {"train": _part(sources, [p[:-1] for p in parts])}
    arranged = {}
    for split in ("train", "test", "validation"):
        chosen = [i for i, name in enumerate(names) if name == split]
        if chosen:
            arranged[split] = _part([sources[i] for i in chosen], [parts[i][1:-1] for i in chosen])
    return arranged


def _part(sources: Sequence[ImageSource], folders: Sequence[tuple[str, ...]]) -> Part:
    classes = [folder[0] if folder else None for folder in folders]
    labels = [name for name in classes if name is not None]
    return Part(list(sources), labels if None not in classes and len(set(labels)) > 1 else None)


def _load(name: str, sources: Sequence[ImageSource], others: int, options: Options) -> Dataset:
    parts = arrange(sources)
    wanted = options.split or "train"
    if wanted not in parts:
        raise UsageError(f"{name} has no split {wanted!r}; it has {', '.join(parts)}.")
    called = f"{name} ({wanted})" if options.split else name
    data = _load_part(parts[wanted], called, options)
    notes = [f"Of {name} {counted(others, 'file')} that are not images were left out."] if others else []
    if beside := len(sources) - sum(len(part.sources) for part in parts.values()):
        notes.append(f"Left out, as outside of the folders {', '.join(parts)} of {name}: {counted(beside, 'image')}.")
    test, test_notes = (None, []) if options.split else _load_test(parts, name, options, data)
    return replace(data, test=test, notes=(*data.notes, *notes, *test_notes))


def _load_test(parts: dict[str, Part], name: str, options: Options, like: Dataset) -> tuple[Dataset | None, list[str]]:
    """The test part, which is the validation folder where there is no other."""
    notes = []
    if "validation" in parts and "test" in parts:
        notes.append(f"The validation folder of {name} was left out; split='validation' loads it.")
    held_out = parts.get("test", parts.get("validation"))
    if held_out is None:
        return None, notes
    return _load_part(held_out, f"{name} (test)", replace(options, labels=None), like), notes


def _load_part(part: Part, name: str, options: Options, like: Dataset | None = None) -> Dataset:
    labels = part.labels if options.labels is None else options.labels
    return load_images(part.sources, name=name, labels=labels, size=options.size, storage=options.storage, like=like)
