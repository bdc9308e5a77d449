"""`hiddenspace similar`: what it writes and prints, and how it ends."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main
from hiddenspace.errors import DataError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run holds of a model and its space."""
    folder = tmp_path_factory.mktemp("run") / "digits"
    model = hs.PCA(6, random_state=0).fit("digits")
    model.save_pretrained(folder / "model")
    hs.HiddenSpace(model, "digits").save(folder)
    return folder


def test_a_picture_of_the_neighbours(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deeper" / "n.png"
    assert main(["similar", str(run), "7", "--k", "12", "--where", "label = 3", "--out", str(out)]) == 0
    with Image.open(out) as picture:
        assert picture.width > 11 * 96
    said = capsys.readouterr()
    assert said.out.count(" 3 ") == 12
    assert "12 neighbours (every code was looked at)" in said.err


def test_a_table_is_that_of_python(run: Path, tmp_path: Path) -> None:
    assert main(["similar", str(run), "7", "--k", "4", "--out", str(tmp_path / "n.csv")]) == 0
    expected = hs.HiddenSpace.open(run).similar(7, 4)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "n.csv"), expected, check_exact=False)


def test_a_page_is_one_file(run: Path, tmp_path: Path) -> None:
    assert main(["similar", str(run), "7", "--k", "4", "--out", str(tmp_path / "n.html")]) == 0
    page = (tmp_path / "n.html").read_text()
    assert page.count("<img") == 5
    assert "http" not in page


def test_a_file_and_another_source(run: Path, tmp_path: Path) -> None:
    pixels = np.asarray(hs.load_dataset("digits").items)
    Image.fromarray(pixels[11].squeeze()).save(tmp_path / "q.png")
    np.save(tmp_path / "few.npy", pixels[:20].squeeze())
    out = tmp_path / "n.csv"
    arguments = [str(tmp_path / "q.png"), "--k", "1", "--source", str(tmp_path / "few.npy"), "--out", str(out)]
    assert main(["similar", str(run), *arguments]) == 0
    assert pd.read_csv(out)["id"].tolist() == [11]
    assert main(["similar", str(run), str(tmp_path / "q.png"), "--out", str(tmp_path / "n.png")]) == 0


def test_rows_have_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    model = hs.PCA(2, random_state=0).fit("wine")
    model.save_pretrained("r/model")
    hs.HiddenSpace(model, "wine").save("r")
    assert main(["similar", "r", "5", "--k", "3"]) == 0
    assert len(pd.read_csv("neighbours.csv")) == 3
    assert main(["similar", "r", "5", "--out", "n.png"]) == 2
    assert "no pictures" in capsys.readouterr().err
    assert main(["similar", "r", "5", "--k", "2", "--out", "n.html"]) == 0
    assert "<img" not in Path("n.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing"], 1, "neither an id of this space nor a file"),
        (["5000"], 1, "no item with the id 5000"),
        (["7", "--k", "5000"], 2, "k=5000 is too many: there are 1,796 items"),
        (["7", "--where", "labl = 3"], 2, "No field named labl"),
        (["7", "--out", "n.pdf"], 2, "end it with .png, .csv or .html"),
    ],
)
def test_errors_are_a_sentence(
    run: Path, arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["similar", str(run), *arguments]) == code
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.slow
def test_fit_stores_the_space_of_all_items_and_report_where_it_is_missing(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert main(["fit", "wine", "--model", "pca", "--code", "2", "--quiet", "--out", str(run)]) == 0
    space = hs.HiddenSpace.open(run)
    np.testing.assert_array_equal(space.codes, hs.load(run).transform("wine"))
    np.testing.assert_array_equal(space.metadata["label"], hs.load_dataset("wine").labels)
    shutil.rmtree(run / "space.lance")
    with pytest.raises(DataError, match="hiddenspace report"):
        hs.HiddenSpace.open(run)
    assert main(["report", str(run)]) == 0
    np.testing.assert_array_equal(hs.HiddenSpace.open(run).codes, space.codes)
