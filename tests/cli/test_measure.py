"""`hiddenspace measure`: what it says of folders, arrays, tables and runs."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What a run holds of a model and its space."""
    folder = tmp_path_factory.mktemp("run") / "digits"
    model = hs.PCA(6, random_state=0).fit("digits")
    model.save_pretrained(folder / "model")
    hs.HiddenSpace(model, "digits").save(folder)
    return folder


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def told(*arguments):
        code = main(["measure", *map(str, arguments)])
        said = capsys.readouterr()
        return code, " ".join((said.err if code else said.out).split())

    return told


def halves():
    pixels = np.asarray(hs.load_dataset("digits").items)[..., 0]
    return pixels[:150], pixels[150:300]


def test_folders_and_arrays_are_as_in_python(call, tmp_path):
    made, real = halves()
    (tmp_path / "made").mkdir()
    for i, picture in enumerate(made):
        Image.fromarray(picture).save(tmp_path / "made" / f"{i:04d}.png")
    np.save("real.npy", real)
    expected = hs.metrics.measure(made, real, random_state=3)
    code, said = call("made", "real.npy", "--seed", "3", "--json")
    assert code == 0
    found = json.loads(said)
    for name in ("frechet", "kernel", "precision", "recall", "density", "coverage", "diversity"):
        assert found[name] == pytest.approx(getattr(expected, name), rel=1e-4), name
    assert found["name"] == f"Frechet distance over {found['features']}"
    assert "seed 3" in found["features"]


def test_what_one_reads(call, tmp_path):
    made, real = halves()
    np.save("made.npy", made[:100])
    np.save("real.npy", real)
    code, said = call("made.npy", "real.npy")
    assert code == 0
    for word in ("Frechet distance", "kernel distance", "precision", "recall", "density", "coverage", "diversity"):
        assert word in said
    assert "FID" not in said
    assert "100 generated items against 150 real ones; features: random" in said
    assert "unequal sizes (100 and 150)" in said


def test_a_run_draws_as_many_as_asked_for_and_gives_features(call, run):
    code, said = call(run, "digits", "-n", "200", "--features", run, "--json")
    found = json.loads(said)
    assert (code, found["generated_items"], found["real_items"]) == (0, 200, 200)
    assert "PCA" in found["features"]
    assert found["dimensions"] == 6
    assert found["precision"] > 0.8
    noise = np.random.default_rng(0).integers(0, 256, size=(200, 8, 8), dtype=np.uint8)
    np.save("noise.npy", noise)
    worse = json.loads(call("noise.npy", "digits", "-n", "200", "--features", run, "--json")[1])
    assert worse["frechet"] > 10 * found["frechet"]


def test_tables_and_labels_that_a_model_does_not_make(call, tmp_path):
    wine = hs.load_dataset("wine")
    pd.DataFrame(wine.items).assign(kind=wine.labels).to_csv("wine.csv", index=False)
    model = hs.PCA(5).fit(wine)
    model.save_pretrained("r/model")
    hs.HiddenSpace(model, wine).save("r")
    code, said = call("r", "wine.csv")
    assert code == 0
    assert "standardised columns (13 numbers an item)" in said
    assert "Left out, as the generated table lacks them: kind." in said


def test_sizes_only_where_they_are_asked_for(call, tmp_path):
    rng = np.random.default_rng(0)
    for side in (8, 10):
        (tmp_path / str(side)).mkdir()
        for i in range(12):
            pixels = rng.integers(0, 256, size=(side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / str(side) / f"{i}.png")
    code, said = call("8", "10")
    assert (code, "8x8 with 3 channels, the real ones" in said, "--size" in said) == (1, True, True)
    code, said = call("8", "10", "--size", "8")
    assert (code, "resized" in said) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere", "digits"], 1, "nowhere"),
        (["digits", "wine"], 1, "two sets of one kind"),
        (["few.npy", "digits"], 1, "k=5 needs more than 5 items in each set, not 1 and 1797"),
        (["nan.npy", "nan.npy"], 1, "NaN"),
        (["narrow.npy", "wide.npy"], 1, "the same d features"),
        (["digits", "digits", "--features", "nothing.pth"], 2, "nothing.pth"),
        (["digits", "digits", "-n", "0"], 2, "n=0 is not possible"),
        (["model", "digits"], 2, "makes no items by itself"),
        (["digits"], 2, "--real requires"),
    ],
)
def test_errors_are_a_sentence(call, capsys, arguments, code, says):
    np.save("few.npy", np.zeros((1, 8, 8), np.uint8))
    np.save("nan.npy", np.full((9, 3), np.nan))
    np.save("narrow.npy", np.zeros((9, 3)))
    np.save("wide.npy", np.zeros((9, 4)))
    hs.PCA(2).fit("wine").save_pretrained("model")
    capsys.readouterr()
    found, said = call(*arguments)
    assert (found, says in said) == (code, True), said
    assert said.count("hiddenspace: ") == 1
