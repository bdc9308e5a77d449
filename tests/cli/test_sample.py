"""`hiddenspace sample` and `hiddenspace odd`: the files that they leave."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main
from hiddenspace.runs.settings import RunSettings


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name in ("digits", "wine"):
        hs.PCA(4).fit(name).save_pretrained(folder / name)
    return folder


@pytest.fixture
def run(models, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def call(command, name, *rest):
        flags = [f"--source={name}", *rest] if command == "sample" else [name, *rest]
        code = main([command, str(models / name), *flags])
        return code, " ".join(capsys.readouterr().err.split())

    return call


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_picture_of_samples(run, tmp_path):
    assert run("sample", "digits", "-n", "9") == (0, "9 new items by gmm: samples.png")
    assert pixels(tmp_path / "samples.png").shape[:2] == (3 * 64 + 4, 3 * 64 + 4)


def test_each_beside_its_nearest_item(run, tmp_path):
    code, _ = run("sample", "digits", "-n", "8", "--nearest", "--method", "kde")
    picture = pixels(tmp_path / "samples.png")[..., 0]
    assert code == 0
    items = hs.load_dataset("digits").items[..., 0]
    shown = picture[:64:8, 64:128:8]  # the right half of the first pair, at the size of the data
    assert (items == shown).all(axis=(1, 2)).any()


def test_folders_arrays_and_seeds(run, tmp_path):
    assert run("sample", "digits", "-n", "3", "--out", "made")[0] == 0
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [f"000000{i}.png" for i in range(3)]
    for seed in ("1", "1", "2"):
        assert run("sample", "digits", "-n", "3", "--out", f"{seed}.npy", "--seed", seed)[0] == 0
    one, two = np.load("1.npy"), np.load("2.npy")
    assert one.shape == (3, 8, 8)
    assert not np.array_equal(one, two)
    space = hs.HiddenSpace(hs.PCA(4).fit("digits"), "digits")
    np.testing.assert_allclose(one, space.sample(3, random_state=1), atol=0.1)


def test_a_table_of_samples(run, tmp_path):
    assert run("sample", "wine", "-n", "5", "--nearest", "--method", "gaussian")[0] == 0
    made = pd.read_csv(tmp_path / "samples.csv")
    wine = hs.load_dataset("wine").items
    assert list(made.columns) == [*wine.columns, "nearest", "distance"]
    assert len(made) == 5
    assert made["nearest"].between(0, len(wine) - 1).all()


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (["-n", "0"], 2, "n=0 is not possible"),
        (["--method", "prior"], 2, "VariationalAutoencoder"),
        (["--out", "x.csv"], 2, "cannot be written as x.csv"),
        (["--nearest", "--out", "x.npy"], 2, "end --out with .png"),
    ],
)
def test_mistakes_are_told(run, flags, code, says):
    found, told = run("sample", "digits", *flags)
    assert (found, says in told) == (code, True)


def test_what_is_odd(run, tmp_path):
    assert run("odd", "digits", "-n", "6") == (
        0,
        "1,797 items by reconstruction, the oddest first: odd.csv, the oddest: odd.png",
    )
    table = pd.read_csv(tmp_path / "odd.csv")
    assert list(table.columns) == ["id", "score", "rank", "label"]
    assert table["score"].is_monotonic_increasing
    data = hs.load_dataset("digits")
    errors = hs.PCA(4).fit(data).reconstruction_errors(data)
    assert table["id"][0] == errors.argmax()
    assert table["label"][0] == data.labels[errors.argmax()]
    assert pixels(tmp_path / "odd.png").shape[1] > 128


def test_names_of_columns_are_not_taken_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"distance": np.arange(20.0), "size": np.arange(20.0) ** 2})
    frame.to_csv("t.csv", index=False)
    hs.PCA(2).fit(frame).save_pretrained("m")
    assert main(["sample", "m", "-n", "3", "--source", "t.csv", "--nearest", "--method", "gaussian"]) == 0
    assert list(pd.read_csv("samples.csv").columns) == ["distance", "size", "nearest", "distance_"]


def test_by_both_items_are_held_against_those_of_the_run(models, run, tmp_path, capsys):
    wine = hs.load_dataset("wine")
    wine.items.iloc[:9].to_csv("few.csv", index=False)
    model = hs.load(models / "wine")
    expected = hs.HiddenSpace(model, wine).score_samples(wine.items.iloc[:9], method="both")
    model.save_pretrained("r/model")
    RunSettings("wine", "pca").write(tmp_path / "r", status="done")
    assert main(["odd", "r", "few.csv", "--method", "both"]) == 0
    scores = pd.read_csv("odd.csv").sort_values("id")["score"]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    RunSettings("gone.csv", "pca").write(tmp_path / "r", status="done")
    assert main(["odd", "r", "few.csv", "--method", "both"]) == 1
    assert "--usual" in capsys.readouterr().err
    assert main(["odd", "r", "few.csv", "--method", "both", "--usual", "wine"]) == 0
    np.testing.assert_allclose(pd.read_csv("odd.csv").sort_values("id")["score"], expected, rtol=1e-6)


def test_odd_rows_of_a_table_by_both(run, tmp_path):
    assert run("odd", "wine", "--method", "both", "--out", "w.parquet")[0] == 0
    assert sorted(pd.read_parquet(tmp_path / "w.parquet")["id"]) == list(range(178))
    assert not (tmp_path / "w.png").exists()
