"""`hiddenspace morph` and `hiddenspace analogy`: the files they leave, and what they refuse."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main
from hiddenspace.space.hidden_space import HiddenSpace

DIGITS = ["--source", "digits"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model") / "m"
    hs.PCA(8).fit("digits").save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def space(model: str) -> HiddenSpace:
    return HiddenSpace(model, "digits")


def test_a_strip_shows_the_way(model: str, space: HiddenSpace, tmp_path: Path) -> None:
    out = tmp_path / "new" / "way.png"
    assert main(["morph", model, "3", "8", "--steps", "5", "--method", "spherical", *DIGITS, "--out", str(out)]) == 0
    with Image.open(out) as strip:
        grey = np.asarray(strip.convert("LA"))
    assert grey.shape == (64, 5 * 64 + 4 * 2, 2)
    shown = np.stack([grey[4::8, 66 * i + 4 : 66 * i + 64 : 8, 0] for i in range(5)])
    expected = space.morph(3, 8, 5, method="spherical")
    np.testing.assert_allclose(shown, np.asarray(expected).reshape(5, 8, 8), atol=1)


@pytest.mark.parametrize("ending", ["gif", "mp4"])
def test_a_film_has_more_steps(model: str, tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"way.{ending}"
    assert main(["morph", model, "3", "8", *DIGITS, "--out", str(out)]) == 0
    assert out.stat().st_size > 1000
    assert "37 steps" in capsys.readouterr().err


def test_towards_an_attribute(model: str, space: HiddenSpace, tmp_path: Path) -> None:
    out = tmp_path / "way.npy"
    conditions = ["--towards", "label = 8", "--away-from", "label = 3", "--strength", "2"]
    assert main(["morph", model, "3", *conditions, *DIGITS, "--out", str(out)]) == 0
    step = space.direction("label = 8", "label = 3")
    way = np.load(out)
    np.testing.assert_allclose(way[-1:], space.move([3], step, 2), atol=1e-4)
    np.testing.assert_allclose(way[4:5], space.move([3], step, 1), atol=1e-4)


def test_towards_an_attribute_with_detail(space: HiddenSpace, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "way.npy"
    assert main(["fit", "digits", "--model", "pca", "--code", "8", "--out", str(run), "--quiet"]) == 0
    conditions = ["--towards", "label = 8", "--away-from", "label = 3", "--direction", "means"]
    assert main(["morph", str(run), "3", *conditions, "--detail", "--steps", "3", "--out", str(out)]) == 0
    way, digits = np.load(out), np.asarray(hs.load_dataset("digits").items)
    np.testing.assert_allclose(way[0].squeeze(), digits[3].squeeze(), atol=1e-3)  # the original, with all its detail
    whole = hs.HiddenSpace(hs.load(run), "digits")
    step = whole.direction("label = 8", "label = 3", method="means")
    np.testing.assert_allclose(way[2:], whole.move([3], step, detail=True), atol=1e-3)


def test_detail_is_of_one_item(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conditions = ["--towards", "label = 8", "--away-from", "label = 3", "--detail", "--out", str(tmp_path / "w.npy")]
    assert main(["morph", model, "label = 3", *conditions, *DIGITS]) == 1
    assert "neither an id of this space nor a file" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "wrong", [["3", "8", "--detail"], ["3", "8", "--direction", "means"], ["3", "8", "--strength", "2"]]
)
def test_what_belongs_to_an_attribute_wants_one(
    model: str, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["morph", model, *wrong, *DIGITS]) == 2
    assert "give --towards and --away-from" in " ".join(capsys.readouterr().err.split())


def test_a_file_is_an_end(model: str, space: HiddenSpace, tmp_path: Path) -> None:
    digit = np.asarray(hs.load_dataset("digits").items[5]).squeeze()
    Image.fromarray(digit).save(tmp_path / "five.png")
    out = tmp_path / "way.npy"
    assert main(["morph", model, "3", str(tmp_path / "five.png"), *DIGITS, "--out", str(out)]) == 0
    np.testing.assert_allclose(np.load(out), space.morph(3, 5), atol=0.1)


def test_an_analogy_as_a_picture_and_as_numbers(model: str, space: HiddenSpace, tmp_path: Path) -> None:
    terms = ["--plus", "3", "--plus", "8", "--minus", "5", *DIGITS]
    assert main(["analogy", model, *terms, "--out", str(tmp_path / "sum.png")]) == 0
    with Image.open(tmp_path / "sum.png") as picture:
        assert picture.width > 4 * picture.height
    assert main(["analogy", model, *terms, "--out", str(tmp_path / "sum.npy")]) == 0
    np.testing.assert_allclose(np.load(tmp_path / "sum.npy"), space.analogy(plus=[3, 8], minus=[5]), atol=1e-4)


def test_a_table_becomes_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"size": np.arange(30.0), "kind": ["a", "b"] * 15})
    frame.to_csv("t.csv", index=False)
    hs.Autoencoder(2, epochs=1, random_state=0).fit(frame).save_pretrained("m")
    assert main(["morph", "m", "0", "7", "--source", "t.csv", "--steps", "4"]) == 0
    way = pd.read_csv("morph.csv")
    assert (list(way.columns), len(way)) == (["size", "kind"], 4)
    assert main(["analogy", "m", "--plus", "0", "--plus", "1", "--minus", "2", "--source", "t.csv"]) == 0
    assert len(pd.read_csv("analogy.csv")) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["morph", "3"], 2, "where to go"),
        (["morph", "3", "8", "--towards", "label = 1", "--away-from", "label = 2"], 2, "not both"),
        (["morph", "3", "--towards", "label = 1"], 2, "--away-from"),
        (["morph", "3", "8", "--steps", "1"], 2, "steps"),
        (["morph", "3", "8", "--out", "x.jpg"], 2, ".gif"),
        (["morph", "3", "nowhere"], 1, "nowhere"),
        (["morph", "3", "--towards", "beard = 1", "--away-from", "label = 2"], 2, "beard"),
        (["morph", "3", "--towards", "label = 11", "--away-from", "label = 2"], 2, "label = 11"),
        (["analogy", "--plus", "3", "--minus", "99999"], 1, "99999"),
        (["analogy", "--plus", "3", "--minus", "4", "--out", "x.gif"], 2, ".png"),
    ],
)
def test_mistakes_end_in_one_sentence(
    model: str,
    arguments: list[str],
    code: int,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([arguments[0], model, *arguments[1:], *DIGITS]) == code
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1, said
    assert not list(tmp_path.iterdir())


def test_strength_needs_a_direction(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["morph", "nowhere", "0", "1", "--strength", "2"]) == 2
    assert "--towards" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["sample", "map"])
def test_a_seed_below_zero_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hs.PCA(2).fit("wine").save_pretrained(tmp_path)
    source = ["--source", "wine"] if name == "sample" else ["wine"]
    assert main([name, str(tmp_path), *source, "--seed", "-1"]) == 2
    assert "0 or more" in capsys.readouterr().err
