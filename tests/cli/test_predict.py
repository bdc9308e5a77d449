"""`hiddenspace train` and `hiddenspace predict`: from an unsupervised run to a file of answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main

QUIET = hs.Trainer(progress=False)


def rows(n=120, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return pd.DataFrame(X, columns=["a", "b", "c"]).assign(kind=np.where(X[:, 0] > 0, "up", "down"), size=X.sum(1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of labelled items, and a model that has learned from its columns without them."""
    folder = tmp_path_factory.mktemp("table")
    table = rows()
    table.drop(columns="size").to_csv(folder / "kinds.csv", index=False)
    table.drop(columns="kind").to_csv(folder / "sizes.csv", index=False)
    hs.Autoencoder(code=2, epochs=2, trainer=QUIET).fit(table[["a", "b", "c"]]).save_pretrained(folder / "ae")
    return folder


def call(*words):
    assert main([str(word) for word in words]) == 0


@pytest.mark.parametrize("init", [False, True])
def test_train_and_predict_classes(folder, tmp_path, init, capsys):
    start = ["--init", folder / "ae"] if init else []
    call("train", folder / "kinds.csv", "--labels", "kind", "--epochs", 8, "--out", tmp_path / "m", *start)
    said = capsys.readouterr().err
    assert "accuracy on 12 held-out items: " in said
    assert "learned from 108 items with labels" in said
    call("info", tmp_path / "m")
    assert "Classifier" in capsys.readouterr().out
    model = hs.load(tmp_path / "m")
    assert model.pretrained_ == init
    assert main(["transform", str(tmp_path / "m"), str(folder / "kinds.csv")]) == 1
    assert "answers and no codes; use predict" in capsys.readouterr().err
    call("predict", tmp_path / "m", folder / "kinds.csv", "--out", tmp_path / "p.csv")
    answers = pd.read_csv(tmp_path / "p.csv")
    assert list(answers.columns) == ["item", "prediction", "p(down)", "p(up)"]
    X = rows()[["a", "b", "c"]]
    assert list(answers["prediction"]) == list(model.predict(X))
    np.testing.assert_allclose(answers[["p(down)", "p(up)"]], model.predict_proba(X), atol=1e-6)


def test_how_an_encoder_is_fine_tuned_can_be_said(folder, tmp_path):
    flags = ["--init", folder / "ae", "--freeze", 2, "--layer-decay", 0.5, "--epochs", 3]
    call("train", folder / "kinds.csv", "--labels", "kind", "--out", tmp_path / "m", *flags)
    params = hs.load(tmp_path / "m").get_params()
    assert (params["freeze"], params["layer_decay"]) == (2, 0.5)


def test_a_file_of_weights_needs_its_network(folder, tmp_path, capsys):
    (tmp_path / "w.pth").write_bytes(b"")
    assert main(["train", str(folder / "kinds.csv"), "--labels", "kind", "--init", str(tmp_path / "w.pth")]) == 2
    assert "encoder=network" in " ".join(capsys.readouterr().err.split())


def test_numbers_with_decimals_are_regressed(folder, tmp_path, capsys):
    call("train", folder / "sizes.csv", "--labels", "size", "--epochs", 8, "--out", tmp_path / "m")
    assert "R2 on 12 held-out items: " in capsys.readouterr().err
    call("predict", tmp_path / "m", folder / "sizes.csv", "--out", tmp_path / "p.parquet")
    found = pd.read_parquet(tmp_path / "p.parquet")
    assert list(found.columns) == ["item", "prediction"]
    assert np.corrcoef(found["prediction"], rows()["size"])[0, 1] > 0.9


def test_items_without_a_label_are_unlabelled_or_left_out(tmp_path, capsys):
    table = rows().drop(columns="size")
    table.loc[:59, "kind"] = None
    table.to_csv(tmp_path / "half.csv", index=False)
    words = ["--labels", "kind", "--epochs", 1, "--held-out", 0, "--out", tmp_path / "m", "--consistency", 1]
    call("train", tmp_path / "half.csv", *words)
    assert "learned from 60 items with labels and 60 without" in capsys.readouterr().err
    assert "train/consistency" in hs.load(tmp_path / "m").history_[-1]
    call("train", tmp_path / "half.csv", *words[:-2])
    said = " ".join(capsys.readouterr().err.split())
    assert "have no label and are left out." in said
    assert "learned from 60 items with labels:" in said


def test_what_cannot_be_done_is_said(folder, tmp_path, capsys):
    table = rows()[["a", "b", "c"]]
    table.to_csv(tmp_path / "plain.csv", index=False)
    assert main(["predict", str(folder / "ae"), str(folder / "kinds.csv")]) == 1
    assert "learned without labels; train a classifier" in capsys.readouterr().err
    for words, said in (
        (["kinds.csv", "--labels", "kind", "--unlabelled", str(tmp_path / "plain.csv")], "add --consistency 1"),
        (["sizes.csv", "--labels", "size", "--consistency", "1"], "--consistency is for classifiers"),
        (["kinds.csv", "--labels", "kind", "--consistency", "1"], "and there are none"),
    ):
        assert main(["train", str(folder / words[0]), *words[1:]]) == 2
        assert said in capsys.readouterr().err
    assert main(["train", str(tmp_path / "plain.csv")]) == 1
    assert "has no labels; name the column" in capsys.readouterr().err
    assert main(["predict", str(folder / "ae"), str(folder / "kinds.csv"), "--out", "p.png"]) == 2
    assert "end it with .csv or .parquet" in capsys.readouterr().err


def test_folders_called_by_digits_keep_their_names_in_the_test_part_too(tmp_path, capsys):
    digits = hs.load_dataset("digits")
    for part, some in (("train", range(200)), ("test", range(200, 260))):
        for i in some:
            folder = tmp_path / "data" / part / f"0{digits.labels[i]}"
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(digits.items[i, ..., 0]).save(folder / f"{i}.png")
    call("train", tmp_path / "data", "--epochs", 2, "--out", tmp_path / "m")
    assert "accuracy on 60 held-out items" in capsys.readouterr().err
    assert list(hs.load(tmp_path / "m").classes_) == [f"0{i}" for i in range(10)]


def test_missing_labels_leave_the_test_part_alone():
    from hiddenspace.cli.train import _known

    test = hs.Dataset(np.zeros((3, 2)), "vectors", labels=np.array(["a", "nan", "b"]))
    data = hs.Dataset(np.zeros((3, 2)), "vectors", labels=np.array(["a", "nan", "b"]), test=test)
    known, free = _known(data, "auto")
    assert (len(known), len(known.test), len(free)) == (2, 2, 1)


@pytest.mark.parametrize(
    ("labels", "task", "numbers"),
    [
        (["1", "2"], "auto", False),
        (["1.5", "2"], "auto", True),
        (["007", "x"], "auto", False),
        (["inf", "1.5"], "auto", False),
        (["1", "2"], "regressor", True),
        (["1.5", "2"], "classifier", False),
    ],
)
def test_which_labels_are_numbers(labels, task, numbers):
    from hiddenspace.cli.train import _known

    known, _ = _known(hs.Dataset(np.zeros((2, 2)), "vectors", labels=np.array(labels)), task)
    assert (known.labels.dtype.kind == "f") == numbers
