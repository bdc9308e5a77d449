"""Runs of models whose codes cannot be decoded: what they are judged by, and what they say instead."""

import json
from pathlib import Path

import numpy as np
import pytest

import hiddenspace as hs
from hiddenspace.cli.main import main
from hiddenspace.runs.measuring import Measured
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.verdict import verdict, winner

MODELS = ("contrastive", "masked")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Some of the digits with their labels."""
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    some = hs.load_dataset("digits").take(np.arange(500))
    np.savez(path, x=np.asarray(some.items), y=some.labels)
    return str(path)


@pytest.fixture(scope="module", params=MODELS)
def run(request: pytest.FixtureRequest, source: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "digits"
    given = ["--model", request.param, "--epochs", "2", "--code", "16", "--quiet", "--out", str(folder)]
    assert main(["fit", source, *given]) == 0
    return folder


def test_codes_are_judged_by_classifiers(run: Path) -> None:
    _, results = RunSettings.read(run)
    pca, model = results["models"]
    assert (pca["name"], pca["code"], model["code"]) == ("PCA", 16, 16)
    for entry in (pca, model):
        assert entry["mse"] is None
        assert entry["explained_variance"] is None
        assert 0.1 < entry["neighbours"] <= 1
        assert 0.1 < entry["probe"] <= 1
    assert "linear classifier" in results["verdict"]
    assert pca["probe"] > 0.85
    assert not any("reconstruct" in step for step in results["next_steps"])


def test_the_figures_are_those_of_scikit_learn(run: Path, source: str) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    settings, results = RunSettings.read(run)
    training, held_out = hs.load_dataset(source).split(settings.held_out, settings.seed)
    model = hs.load(run)
    classifier = KNeighborsClassifier(5).fit(model.transform(training), training.labels)
    expected = classifier.score(model.transform(held_out), held_out.labels)
    assert results["models"][1]["neighbours"] == pytest.approx(expected)


def test_the_report_and_the_card(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert "linear" in page
    assert "5-NN" in page
    assert "explained" not in page
    assert ("filled in" in page) == ("masked" in str(RunSettings.read(run)[0].model))
    card = (run / "model" / "README.md").read_text()
    assert "accuracy of a linear classifier on codes of PCA" in card
    assert "inverse_transform" not in card
    (run / "report.html").unlink()
    assert main(["report", str(run)]) == 0
    assert (run / "report.html").read_text() == page


def test_transform_and_no_reconstruct(
    run: Path, source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["transform", str(run), source, "--out", str(tmp_path / "codes.npy")]) == 0
    assert np.load(tmp_path / "codes.npy").shape == (500, 16)
    assert main(["reconstruct", str(run), source, "--out", str(tmp_path / "p")]) != 0
    assert "cannot be decoded; use transform" in " ".join(capsys.readouterr().err.split())
    assert main(["info", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] == 16


@pytest.mark.parametrize("model", MODELS)
def test_without_labels_nobody_wins(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32))
    out = str(tmp_path / "r")
    assert main(["fit", str(tmp_path / "x.npy"), "--model", model, "--epochs", "1", "--json", "--out", out]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results["winner"] is None
    assert "no classes for labels" in results["verdict"]
    assert not any("PCA" in step for step in results["next_steps"])


def test_augmentations_are_written_as_text(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8))
    given = ["--augmentation", "ImageAugmentation(crop=0.5, flip=True)", "--epochs", "1", "--quiet"]
    assert main(["fit", str(tmp_path / "x.npy"), "--model", "contrastive", *given, "--out", str(tmp_path / "r")]) == 0
    assert hs.load(tmp_path / "r").augmentation == hs.ImageAugmentation(crop=0.5, flip=True)


def test_who_wins_by_the_probe() -> None:
    def model(name: str, probe: float) -> Measured:
        return Measured(name, 8, None, None, 1.0, 10, probe, 0.5)

    better = [model("PCA", 0.8), model("Contrastive encoder", 0.9)]
    assert winner(better) is better[1]
    assert "90.0% on the code of Contrastive encoder (8 numbers) against 80.0%" in verdict(better, 100, "images")
    assert winner([model("PCA", 0.9), model("Contrastive encoder", 0.9)]) is None
