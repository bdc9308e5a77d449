"""Files of ready embeddings: what of them is the code, and what is known about the items."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hiddenspace.cli.spaces import space_of
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space.embeddings import is_embeddings_file, read_embeddings

CODES = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
COLUMNS = pd.DataFrame(CODES, columns=["code0", "code1", "code2"])
KINDS = [0, 1, 0, 1, 0, 1]
NAMES = list("abcdef")


def written(folder: Path, name: str) -> Path:
    path = folder / name
    if name == "x.npy":
        np.save(path, CODES)
    elif name == "x.npz":
        np.savez(path, codes=CODES, labels=KINDS)
    elif name == "lists.parquet":
        pd.DataFrame({"id": NAMES, "embedding": list(CODES), "kind": KINDS}).to_parquet(path)
    else:
        table = COLUMNS.assign(id=NAMES, label=KINDS, word="w")
        table.to_csv(path, index=False) if path.suffix == ".csv" else table.to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("name", "labels", "ids", "known"),
    [
        ("x.npy", None, range(6), {}),
        ("x.npz", None, range(6), {"label": KINDS}),
        ("x.csv", None, NAMES, {"label": KINDS, "word": ["w"] * 6}),
        ("x.parquet", "label", NAMES, {"label": KINDS, "word": ["w"] * 6}),
        ("lists.parquet", "kind", NAMES, {"label": KINDS}),
    ],
)
def test_each_kind_of_file_is_a_space(tmp_path: Path, name: str, labels, ids, known) -> None:
    path = written(tmp_path, name)
    assert is_embeddings_file(path)
    space = space_of(str(path), None, labels)
    np.testing.assert_allclose(space.codes, CODES, rtol=1e-6)
    assert list(space.ids) == list(ids)
    assert {name: list(values) for name, values in space.metadata.items()} == known


def test_the_items_give_their_labels_and_pictures(tmp_path: Path) -> None:
    np.savez(tmp_path / "items.npz", x=np.zeros((6, 4, 4), np.uint8), kind=KINDS)
    space = space_of(str(written(tmp_path, "x.npy")), str(tmp_path / "items.npz"), "kind")
    assert list(space.metadata["label"]) == KINDS
    assert len(space.thumbnails()) == 6


@pytest.mark.parametrize(
    ("frame", "labels", "error", "words"),
    [
        (pd.DataFrame({"word": NAMES}), None, DataError, "no column of numbers"),
        (pd.DataFrame({"a": list(CODES), "b": list(CODES)}), None, DataError, r"2 columns of lists \(a, b\)"),
        (pd.DataFrame({"a": [[1.0], [1.0, 2.0]]}), None, DataError, "no codes of one length"),
        (pd.DataFrame({"a": list(CODES)}), "kind", UsageError, "no column 'kind'"),
        (COLUMNS, "kind", UsageError, "no column 'kind'"),
    ],
)
def test_what_holds_no_codes(tmp_path: Path, frame: pd.DataFrame, labels, error, words: str) -> None:
    frame.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(error, match=words):
        read_embeddings(tmp_path / "x.parquet", labels)


def test_images_and_gaps_are_no_codes(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((3, 4, 4), np.uint8))
    with pytest.raises(DataError, match="holds images, not codes"):
        read_embeddings(tmp_path / "images.npy")
    COLUMNS.assign(code1=np.nan).to_csv(tmp_path / "gaps.csv", index=False)
    with pytest.raises(DataError, match="NaN or inf"):
        space_of(str(tmp_path / "gaps.csv"))


def test_a_stored_space_has_its_own_labels(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave --labels out"):
        space_of(str(tmp_path), None, "kind")
