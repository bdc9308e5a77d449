"""`hiddenspace map`, as a person calls it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hiddenspace as hs
from hiddenspace.cli.main import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model")
    hs.PCA(3).fit("digits").save_pretrained(folder)
    return str(folder)


def test_a_page_and_what_is_said(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "map.html"
    assert main(["map", model, "digits", "--method", "pca", "--limit", "300", "--out", str(out)]) == 0
    assert out.read_text().startswith("<!DOCTYPE html>")
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("300 of 1,797 items: ")
    assert "PCA · 300 items · trustworthiness 0." in said


def test_the_code_of_a_run_is_judged_by_its_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fit", "wine", "--model", "pca", "--code", "2", "--out", "run", "--quiet"]) == 0
    assert main(["map", "run"]) == 0
    expected = hs.HiddenSpace(hs.load("run"), "wine").map().trustworthiness
    assert f"trustworthiness {expected:.3f} against the items" in " ".join(capsys.readouterr().err.split())
    assert main(["report", "run"]) == 0
    assert "against the items themselves" in (tmp_path / "run" / "report.html").read_text()
    hs.HiddenSpace.open("run").delete([5])  # the items are no longer those of the space
    assert main(["map", "run"]) == 0
    assert "not judged without the items" in capsys.readouterr().err
    for command in (["relevance", "run"], ["odd", "run", "wine", "--method", "both"]):
        code, said = main(command), " ".join(capsys.readouterr().err.split())
        assert code == (1 if command[0] == "relevance" else 0), said
    assert main(["relevance", "run", "wine"]) == 0


def test_a_table(model: str, tmp_path: Path) -> None:
    out = tmp_path / "map.csv"
    assert main(["map", model, "digits", "--method", "pca", "--limit", "40", "--seed", "1", "--out", str(out)]) == 0
    table = pd.read_csv(out)
    assert list(table) == ["id", "x", "y", "label"]
    expected = hs.HiddenSpace(hs.load(model), "digits").map("pca", limit=40, random_state=1)
    np.testing.assert_allclose(table[["x", "y"]], expected.coordinates, rtol=1e-4)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--out", "map.pdf"], "cannot be written as map.pdf"),
        (["--colour", "weight"], "nothing called 'weight' is known about the items; there are: label"),
        (["--method", "lda"], "no map called 'lda'"),
        (["--limit", "0"], "limit=0"),
    ],
)
def test_wrong_usage(model: str, flags: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", model, "digits", *flags]) == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_run_without_a_stored_space_says_so(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", model]) == 1
    assert "there is no space" in capsys.readouterr().err
