"""fit and sample with generators, as a person calls them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main
from hiddenspace.errors import DataError
from hiddenspace.generation import generative
from hiddenspace.runs import generating

SHORT = ["--epochs", "2", "--width", "8", "--latent", "4", "--batch-size", "16", "--inversion-steps", "3", "--quiet"]
pytestmark = pytest.mark.filterwarnings("ignore::hiddenspace.generation.health.GenerationWarning")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each generator, on some of the digits."""
    folder = tmp_path_factory.mktemp("runs")
    digits = hs.load_dataset("digits").take(np.arange(120))
    np.savez(folder / "digits.npz", images=np.asarray(digits.items), digit=digits.labels)
    before, generative.EPOCH = generative.EPOCH, 3
    for model, more in (("gan", []), ("conditional-gan", ["--labels", "digit"])):
        source, out = str(folder / "digits.npz"), str(folder / model)
        assert main(["fit", source, "--model", model, "--out", out, *more, *SHORT]) == 0
    generative.EPOCH = before
    return folder


@pytest.mark.parametrize("model", ["gan", "conditional-gan"])
def test_fit_leaves_what_it_promises(runs: Path, model: str) -> None:
    run = runs / model
    for name in ("model/config.json", "samples.png", "training.gif", "report.html", "metrics.csv", "space.lance"):
        assert (run / name).exists(), name
    results = json.loads((run / "run.json").read_text())
    title = {"gan": "GAN", "conditional-gan": "Conditional GAN"}[model]
    assert list(results["generated"]) == [title, "PCA codes from one Gaussian", "other real items"]
    assert results["generated"][title]["name"].startswith("Frechet distance over random convolutional net")
    assert results["verdict"] in (run / "report.html").read_text().replace("&#39;", "'")
    assert {"monitor/frechet", "train/discriminator.tell"} <= set(pd.read_csv(run / "metrics.csv").columns)
    assert not any("--size" in step for step in results["next_steps"])
    assert {"few items"} <= {trouble["name"] for trouble in results["health"]["troubles"]}


@pytest.mark.parametrize("model", ["gan", "conditional-gan"])
def test_the_report_is_written_anew_as_it_was_and_begins_with_pictures(runs: Path, model: str) -> None:
    page = (runs / model / "report.html").read_text()
    places = [page.index(f'<section id="{section}">') for section in ("result", "samples", "growth", "learning")]
    assert places == sorted(places)
    assert all(page.count(f'<section id="{section}">') == 1 for section in ("samples", "growth"))
    (runs / model / "report.html").unlink()
    assert main(["report", str(runs / model)]) == 0
    assert (runs / model / "report.html").read_text() == page


@pytest.mark.usefixtures("short_epochs")
def test_rows_are_learned_and_measured(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(80, 3)))
    run = tmp_path / "run"
    assert main(["fit", str(tmp_path / "x.npy"), "--model", "gan", "--out", str(run), *SHORT]) == 0
    results = json.loads((run / "run.json").read_text())
    assert results["measured_against"] == "the items held out, which no model saw"
    assert any(f"hiddenspace measure {run} {tmp_path / 'x.npy'}`" in step for step in results["next_steps"])
    page = (run / "report.html").read_text()
    assert main(["report", str(run)]) == 0
    assert (run / "report.html").read_text() == page


@pytest.mark.usefixtures("short_epochs")
def test_the_best_epoch_and_the_figures_go_by_the_features_that_are_named(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    given = ["fit", str(runs / "digits.npz"), "--model", "gan", "--features", "random", "--out", str(out), *SHORT]
    assert main(given) == 0
    results = json.loads((out / "run.json").read_text())
    named = "random convolutional net, seed 0, activations normalised on the data"
    assert results["generated"]["GAN"]["features"] == named
    assert hs.load(out).judged_by_ == named


def test_a_file_of_weights_is_found_again_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.pth").write_bytes(b"none")
    assert main(["fit", "digits", "--model", "gan", "--features", "weights.pth", "--out", "run", *SHORT]) == 1
    kept = json.loads((tmp_path / "run" / "run.json").read_text())
    assert kept["settings"]["params"]["features"] == str(tmp_path / "weights.pth")


@pytest.mark.usefixtures("short_epochs")
def test_ten_images_of_another_size_are_learned_and_measured(tmp_path: Path) -> None:
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (10, 12, 12, 3), np.uint8)):
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    run = tmp_path / "run"
    assert main(["fit", str(tmp_path), "--model", "gan", "--size", "8", "--out", str(run), *SHORT]) == 0
    steps = json.loads((run / "run.json").read_text())["next_steps"]
    assert any(f"hiddenspace measure {run} {tmp_path} --size 8" in step for step in steps)
    told = "the very items it learned from, as too few were held out"
    assert f"% of {told}." in (run / "log.txt").read_text()
    page = (run / "report.html").read_text()
    assert f"Each against {told}" in page
    assert "which no model saw" not in page


def test_too_few_to_measure_are_told_of_before_anything_is_learned(tmp_path: Path, capsys) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(7, 3)))
    assert main(["fit", str(tmp_path / "x.npy"), "--model", "gan", "--out", str(tmp_path / "run")]) == 1
    assert (
        "5 items are left to learn from, and a generator cannot be measured by fewer than 6" in capsys.readouterr().err
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("short_epochs")
def test_what_was_learned_stays_where_something_later_goes_wrong(tmp_path: Path, monkeypatch) -> None:
    def refuses(*given: object) -> None:
        raise DataError("no.")

    monkeypatch.setattr(generating, "conclude", refuses)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(40, 3)))
    assert main(["fit", str(tmp_path / "x.npy"), "--model", "gan", "--out", str(tmp_path / "run"), *SHORT]) == 1
    assert (tmp_path / "run" / "model" / "config.json").exists()


def test_a_picture_of_samples(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.png"
    assert main(["sample", str(runs / "gan"), "-n", "6", "--seed", "1", "--out", str(out)]) == 0
    with Image.open(out) as picture:
        assert picture.size == (3 * 64 + 2 * 2, 2 * 64 + 2)  # 3 across, 2 down
    labels = tmp_path / "labels.png"
    assert main(["sample", str(runs / "conditional-gan"), "-n", "8", "--labels", "0,1,2,3", "--out", str(labels)]) == 0
    with Image.open(labels) as picture:
        assert picture.size == (4 * 64 + 3 * 2, 2 * 64 + 2)  # a column for each label


@pytest.mark.usefixtures("short_epochs")
def test_labels_are_classes_that_equal_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).normal(size=(40, 3))
    short = {"epochs": 1, "width": 8, "latent": 4, "inversion_steps": 0, "trainer": hs.Trainer(progress=False)}
    for name, classes in (("halves", [0.0, 1.0, 2.5]), ("wholes", [0, 1, 1234567])):
        model = hs.ConditionalGAN(**short, random_state=0).fit(rows, np.array(classes)[np.arange(40) % 3])
        model.save_pretrained(name)
        for labels in ("0,1", "0.0, 1.0"):
            assert main(["sample", name, "-n", "4", "--labels", labels, "--out", "x.npy"]) == 0
            np.testing.assert_allclose(np.load("x.npy"), model.sample(4, labels=classes[:2]), rtol=1e-5)
    assert main(["sample", "wholes", "-n", "2", "--labels", "1234567.0", "--out", "x.npy"]) == 0
    assert main(["sample", "halves", "-n", "2", "--labels", "2", "--out", "x.npy"]) == 1


def test_samples_are_streamed_to_a_file_and_to_a_folder(runs: Path, tmp_path: Path) -> None:
    run = str(runs / "gan")
    assert main(["sample", run, "-n", "300", "--seed", "2", "--out", str(tmp_path / "many.npy")]) == 0
    many = np.load(tmp_path / "many.npy")
    assert many.shape == (300, 8, 8)
    expected = np.asarray(hs.load(run).sample(2, random_state=2)).reshape(2, 8, 8)
    np.testing.assert_array_equal(many[:2], np.round(expected).astype(np.uint8))
    assert main(["sample", run, "-n", "3", "--truncation", "0.5", "--out", str(tmp_path / "folder")]) == 0
    assert len(list((tmp_path / "folder").iterdir())) == 3


def test_a_generator_is_measured(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(runs / "digits.npz")
    assert main(["measure", str(runs / "gan"), source, "--n", "50", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["generated_items"] == 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "{gan}", "--labels", "1"], "--labels are for conditional GANs"),
        (["sample", "{conditional-gan}", "--labels", "12"], "'12' is no known value of the attribute"),
        (["sample", "{gan}", "--source", "digits"], "a GAN draws noise, leave them out"),
        (["sample", "{gan}", "--truncation", "0"], "truncation=0"),
        (["sample", "{gan}", "--rejection", "1"], "rejection=1.0"),
        (["sample", "{gan}", "--rejection", "0.1"], "rejection=0.1 needs 100 items"),
        (["sample", "{conditional-gan}", "--rejection", "0.1"], "--rejection is for GANs without conditions"),
        (["sample", "{gan}", "--out", "{gan}/x.csv"], ".png"),
        (["fit", "digits", "--model", "gan", "--discriminator-steps", "0"], "discriminator_steps=0 is not possible"),
        (["fit", "digits", "--model", "gan", "--loss", "wgan"], "wgan"),
        (["fit", "wine", "--model", "conditional-gan", "--labels", "nothing"], "nothing"),
        (["fit", "wine", "--model", "gan", "--features", "random"], "features='random' is a net for images"),
        (["fit", "digits", "--model", "gan", "--features", "vgg99"], "vgg99 is neither a file nor a known net"),
    ],
)
def test_bad_calls_are_told_in_a_sentence(
    runs: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = {"{gan}": str(runs / "gan"), "{conditional-gan}": str(runs / "conditional-gan")}
    given = [next((a.replace(word, place) for word, place in places.items() if word in a), a) for a in arguments]
    monkeypatch.chdir(tmp_path)
    assert main(given) in (1, 2)
    assert message in " ".join(capsys.readouterr().err.split())
