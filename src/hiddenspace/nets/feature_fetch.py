"""Published files from the usual cache, or fetched into it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.request import urlopen

import torch
from rich.console import Console
from rich.progress import wrap_file

from hiddenspace.errors import ModelError
from hiddenspace.nets.published import PUBLISHED, Published

_PATIENCE = 30.0
"""Seconds without a byte after which a server counts as gone."""
_CHUNK = 1 << 20


def cached_or_fetched(word: str) -> Path:
    """The file of a pretrained network, where torch.hub keeps such: `torch.hub.get_dir()`/checkpoints.

    What is there is used as it is. What is not is fetched, and kept only if its hash is right.

    Raises
    ------
    ModelError
        If it can be had from nowhere; the sentence says which file to put where.
    """
    files = [file for file in PUBLISHED if file.word == word]
    return next(_cached(files), None) or _fetched(files[0], _folder())


def is_cached(word: str) -> bool:
    """Whether the file of a pretrained network is there already."""
    return any(_cached([file for file in PUBLISHED if file.word == word]))


def _folder() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def _cached(files: Iterable[Published]) -> Iterator[Path]:
    return (path for path in (_folder() / file.file for file in files) if path.is_file())


def _fetched(file: Published, folder: Path) -> Path:
    mend = f"put {file.file} (from {file.url}) into {folder}, or give the path of such a file"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
            try:
                digest = _copied(file, part)
                if not digest.startswith(file.digits):
                    raise ModelError(f"what {file.url} gave is not {file.file} by its hash ({digest[:8]}); {mend}.")
                Path(part.name).replace(folder / file.file)
            finally:
                Path(part.name).unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(f"{file.word!r} is not in the cache and cannot be fetched ({error}); {mend}.") from error
    return folder / file.file


def _copied(file: Published, to: tempfile._TemporaryFileWrapper[bytes]) -> str:
    """Copies it, with a bar on stderr, and gives the sha256 of what came."""
    sha = hashlib.sha256()
    with urlopen(file.url, timeout=_PATIENCE) as answer:
        size = int(answer.headers.get("Content-Length") or 0)
        with wrap_file(answer, total=size, description=f"fetching {file.file}", console=Console(stderr=True)) as stream:
            while chunk := stream.read(_CHUNK):
                sha.update(chunk)
                to.write(chunk)
    to.flush()
    return sha.hexdigest()
