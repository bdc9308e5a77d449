"""`hiddenspace compare` and `hiddenspace relevance`: what they print and leave behind."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main

QUICK = ["--models", "pca", "--probes", "linear", "--label-counts", "30,100", "--seeds", "1"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that nobody names are written where one is."""
    monkeypatch.chdir(tmp_path)


def test_compare_prints_the_table_and_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "wine", *QUICK]) == 0
    printed = capsys.readouterr().out
    assert "30 labels" in printed
    assert "PCA" in printed
    assert "With 100 labels" in printed
    assert "lowest to highest" not in printed  # of one seed
    assert "Did it help?" in Path("compare.html").read_text()


def test_compare_prints_how_far_seeds_reach(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "wine", *QUICK[:-1], "2"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"0\.\d{3} \(0\.\d{3} to [01]\.\d{3}\)", printed)


@pytest.mark.parametrize("ending", ["html", "csv", "parquet", "png", "svg"])
def test_compare_writes_what_is_asked_for(tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deep" / f"c.{ending}"
    assert main(["compare", "wine", *QUICK, "--out", str(path)]) == 0
    assert path.name in "".join(capsys.readouterr().err.split())
    if ending == "html":
        page = path.read_text()
        assert not re.search(r"(src|href)=.http", page)
        assert "data:image/png" in page
        assert "linear probe" in page
        assert "With 30 labels" in page
    elif ending == "png":
        with Image.open(path) as picture:
            assert min(picture.size) > 300
    elif ending == "svg":
        assert "<svg" in path.read_text()
    else:
        table = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
        assert set(table["representation"]) == {"raw", "PCA"}
        assert len(table) == 4


def test_compare_takes_a_column_of_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 120)
    frame = pd.DataFrame({"a": y + 0.1 * rng.standard_normal(120), "b": rng.standard_normal(120), "kind": y})
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert main(["compare", str(tmp_path / "t.csv"), "--labels", "kind", *QUICK]) == 0
    assert "accuracy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["wine", "--label-counts", "ten"], "whole numbers such as 100,600", 2),
        (["wine", "--models", "pcaa"], "no model 'pcaa'", 2),
        (["wine", "--out", "c.docx"], "cannot be written as c.docx", 2),
    ],
)
def test_compare_says_what_is_wrong(arguments, words, code, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *arguments]) == code
    assert words in " ".join(capsys.readouterr().err.split())


def test_compare_needs_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((20, 3)))
    assert main(["compare", str(tmp_path / "x.npy")]) == 2
    assert "no labels to judge by" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(("source", "endings"), [("wine", ["png", "csv", "parquet"]), ("digits", ["png", "npy"])])
def test_relevance_writes_a_picture_or_the_figures(tmp_path: Path, source: str, endings: list[str]) -> None:
    hs.PCA(4).fit(source).save_pretrained(tmp_path / "m")
    for ending in endings:
        path = tmp_path / f"r.{ending}"
        assert main(["relevance", str(tmp_path / "m"), source, "--out", str(path)]) == 0
        if ending == "csv":
            table = pd.read_csv(path)
            assert list(table.columns) == ["column", "relevance"]
            assert len(table) == 13
        elif ending == "npy":
            assert np.load(path).shape == (8, 8)
        else:
            assert path.stat().st_size > 500
