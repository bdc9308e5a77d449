"""The commands, as a person calls them: what they leave behind, what they print, how they end."""

import json
import os
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import COMMANDS, main
from hiddenspace.data.dataset import split_positions
from hiddenspace.runs.settings import RunSettings

QUICK = ["--epochs", "2", "--quiet"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Some of the digits."""
    path = tmp_path_factory.mktemp("data") / "digits.npy"
    np.save(path, np.asarray(hs.load_dataset("digits").items[:400]))
    return str(path)


@pytest.fixture(scope="module")
def run(source: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "digits"
    assert main(["fit", source, "--code", "8", "--seed", "3", "--out", str(folder), *QUICK]) == 0
    return folder


def test_fit_leaves_what_it_promises(run: Path) -> None:
    for name in ("model/config.json", "model/model.safetensors", "report.html", "metrics.csv", "run.json", "log.txt"):
        assert (run / name).stat().st_size > 0, name
    assert list((run / "checkpoints").glob("round-*"))
    assert list((run / "tensorboard").glob("events*"))
    metrics = pd.read_csv(run / "metrics.csv")
    assert list(metrics["epoch"]) == [1, 2]
    assert {"train/reconstruction", "validation/reconstruction", "seconds"} <= set(metrics.columns)


def test_results_are_those_of_the_models_on_items_neither_has_seen(run: Path, source: str) -> None:
    settings, results = RunSettings.read(run)
    dataset = hs.load_dataset(source)
    _, held_out = dataset.split(settings.held_out, settings.seed)
    model = hs.load(run)
    names = [entry["name"] for entry in results["models"]]
    assert names == ["PCA", "Autoencoder"]
    assert results["models"][1]["explained_variance"] == pytest.approx(model.score(held_out))
    training, _ = dataset.split(settings.held_out, settings.seed)
    pca = hs.PCA(8, scaling="auto").fit(training)
    assert results["models"][0]["explained_variance"] == pytest.approx(pca.score(held_out), abs=1e-5)
    best = min(results["models"], key=lambda entry: entry["mse"])
    assert results["winner"] == best["name"]


def test_the_same_seed_gives_the_same_model(run: Path, source: str, tmp_path: Path) -> None:
    assert main(["fit", source, "--code", "8", "--seed", "3", "--out", str(tmp_path / "again"), *QUICK]) == 0
    x = hs.load_dataset(source)
    np.testing.assert_array_equal(hs.load(run).transform(x), hs.load(tmp_path / "again").transform(x))


def test_json_is_all_that_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "wine", "--epochs", "1", "--json", "--out", str(tmp_path / "r")]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results["items"] == {"learned_from": 160, "held_out": 18}


@pytest.mark.parametrize("ending", ["npy", "csv", "parquet"])
def test_transform_writes_the_codes(run: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"codes.{ending}"
    assert main(["transform", str(run), "digits", "--out", str(path)]) == 0
    read = {"npy": np.load, "csv": pd.read_csv, "parquet": pd.read_parquet}[ending]
    np.testing.assert_allclose(np.asarray(read(path)), hs.load(run).transform("digits"), rtol=1e-6)


def test_reconstruct_writes_pictures(run: Path, tmp_path: Path) -> None:
    assert main(["reconstruct", str(run), "digits", "--out", str(tmp_path / "p"), "--limit", "3"]) == 0
    assert sorted(p.name for p in (tmp_path / "p").glob("0*.png")) == ["00000.png", "00001.png", "00002.png"]
    with Image.open(tmp_path / "p" / "00001.png") as picture:
        pixels = np.asarray(picture)
    np.testing.assert_allclose(pixels, hs.load(run).reconstruct("digits")[1].squeeze(), atol=0.51)
    assert (tmp_path / "p" / "overview.png").exists()


def test_reconstruct_gives_tables_back_as_tables(tmp_path: Path) -> None:
    frame = pd.DataFrame({"size": np.arange(40.0), "colour": ["red", "blue"] * 20})
    frame.to_csv(tmp_path / "t.csv", index=False)
    run, out = str(tmp_path / "r"), str(tmp_path / "o.csv")
    assert main(["fit", str(tmp_path / "t.csv"), "--out", run, *QUICK]) == 0
    assert main(["reconstruct", run, str(tmp_path / "t.csv"), "--out", out]) == 0
    rebuilt = pd.read_csv(out)
    assert list(rebuilt.columns) == ["size", "colour"]
    assert set(rebuilt["colour"]) <= {"red", "blue"}


def test_a_column_of_labels_is_no_part_of_what_is_learned(tmp_path: Path) -> None:
    frame = pd.DataFrame({"size": np.arange(40.0), "weight": np.arange(40.0) ** 2, "kind": ["a", "b"] * 20})
    source, run, out = (str(tmp_path / name) for name in ("t.csv", "r", "codes.npy"))
    frame.to_csv(source, index=False)
    assert main(["fit", source, "--labels", "kind", "--code", "1", "--out", run, *QUICK]) == 0
    assert list(hs.load(run).format_.feature_names) == ["size", "weight"]
    assert main(["transform", run, source, "--out", out]) == 0
    np.testing.assert_array_equal(np.load(out), hs.load(run).transform(frame[["size", "weight"]]))
    assert main(["reconstruct", run, source, "--out", str(tmp_path / "o.csv")]) == 0


def test_channels_are_read_as_at_the_fit(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((12, 6, 6, 6), dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    source, run, out = (str(tmp_path / name) for name in ("x.npy", "r", "codes.npy"))
    assert main(["fit", source, "--channels", "first", "--out", run, *QUICK]) == 0
    assert main(["transform", run, source, "--out", out]) == 0
    expected = hs.load(run).transform(hs.load_dataset(x, channels="first"))
    np.testing.assert_array_equal(np.load(out), expected)


def test_the_worst_are_named_by_their_place_in_the_source(run: Path, source: str) -> None:
    dataset = hs.load_dataset(source)
    _, held_out = split_positions(len(dataset), 0.1, 3)
    errors = hs.load(run).reconstruction_errors(dataset.items[held_out, ..., 0])
    assert f"image {held_out[errors.argmax()]}" in (run / "report.html").read_text()


def test_a_run_goes_on_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    pd.DataFrame({"x": np.arange(30.0), "y": np.arange(30.0) % 7}).to_csv("t.csv", index=False)
    assert main(["fit", "t.csv", "--out", str(tmp_path / "r"), *QUICK]) == 0
    monkeypatch.chdir(tmp_path / "b")
    assert main(["report", str(tmp_path / "r")]) == 0


def test_few_items_are_judged_on_two(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(8.0), "y": 2 * np.arange(8.0)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert main(["fit", str(tmp_path / "t.csv"), "--code", "1", "--out", str(tmp_path / "r"), *QUICK]) == 0
    _, results = RunSettings.read(tmp_path / "r")
    assert results["items"] == {"learned_from": 6, "held_out": 2}
    assert results["models"][0]["explained_variance"] > 0.99


def test_a_code_larger_than_the_data_has_a_report(tmp_path: Path) -> None:
    pd.DataFrame(np.random.default_rng(0).random((30, 13))).rename(columns=str).to_csv(tmp_path / "t.csv", index=False)
    out = str(tmp_path / "r")
    assert main(["fit", str(tmp_path / "t.csv"), "--model", "sparse", "--code", "20", "--out", out, *QUICK]) == 0
    assert main(["report", out]) == 0


@pytest.mark.parametrize(("shape", "mode"), [((1, 8), "L"), ((2, 1), "L"), ((1, 8, 3), "RGB"), ((8, 1, 3), "RGB")])
def test_thin_pictures_come_back_as_they_were(tmp_path: Path, shape: tuple[int, ...], mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (12, *shape), dtype=np.uint8)
    np.save(tmp_path / "x.npy", pixels)
    source, run, out = (str(tmp_path / name) for name in ("x.npy", "r", "made.v2"))
    assert main(["fit", source, "--channels", "last", "--out", run, *QUICK]) == 0
    assert main(["reconstruct", run, source, "--out", out, "--limit", "1"]) == 0
    with Image.open(Path(out) / "00000.png") as picture:
        assert (picture.mode, picture.size) == (mode, shape[1::-1])


def test_reconstructions_have_a_place_by_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.random.default_rng(0).random((20, 3)))
    assert main(["fit", "x.npy", "--out", "r", *QUICK]) == 0
    assert main(["reconstruct", "r", "x.npy"]) == 0
    assert np.load("reconstructed.npy").shape == (20, 3)
    assert main(["transform", "r", "x.npy", "--out", "codes.NPY"]) == 0
    assert np.load("codes.NPY").shape == (20, 2)


def test_file_names_that_are_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(12):
        Image.fromarray(np.full((8, 8), 20 * number, np.uint8)).save(folder / f"{number}.png")
    (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(b"no image")
    assert main(["fit", str(folder), "--out", str(tmp_path / "r"), *QUICK]) == 0
    assert "caf" in (tmp_path / "r" / "report.html").read_text()


def test_what_to_do_next_can_be_pasted_into_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((40, 5))).assign(kind="a")
    frame.columns = [*"abcde", "my kind"]
    frame.to_csv("my data.csv", index=False)
    command = ["fit", "my data.csv", "--labels", "my kind", "--epochs", "1", "--seed", "4", "--code", "3"]
    assert main([*command, "--out", "my run"]) == 0
    said = capsys.readouterr().out
    lines = [line[line.index("hiddenspace ") :] for line in said.splitlines() if ": hiddenspace " in line]
    assert len(lines) == 6
    for line in [line.replace("ITEM", "3") for line in lines]:
        assert main([*shlex.split(line)[1:], *(["--out", "pca"] if " fit " in line else [])]) == 0, line
    _, results = RunSettings.read(Path("pca"))
    assert results["models"][0]["mse"] == RunSettings.read(Path("my run"))[1]["models"][0]["mse"]


def test_report_is_written_anew(run: Path) -> None:
    (run / "report.html").unlink()
    assert main(["report", str(run)]) == 0
    assert "<html" in (run / "report.html").read_text()


def test_info(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(run), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["class"], facts["code"], facts["shape"], facts["seed"]) == ("Autoencoder", 8, [1, 8, 8], 3)


def test_a_broken_file_is_named_in_results_and_report(tmp_path: Path) -> None:
    for number in range(12):
        Image.fromarray(np.full((8, 8), 20 * number, np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "bad<b>.png").write_bytes(b"no image")
    assert main(["fit", str(tmp_path), "--out", str(tmp_path / "r"), *QUICK]) == 0
    _, results = RunSettings.read(tmp_path / "r")
    assert [entry["name"] for entry in results["broken"]] == ["bad<b>.png"]
    page = (tmp_path / "r" / "report.html").read_text()
    assert "bad&lt;b&gt;.png" in page
    assert "bad<b>" not in page


def test_config_file_sets_what_flags_do_not(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("code: 5\nepochs: 1\nmodel: sparse\nvalidation-fraction: 0.2\n")
    out = str(tmp_path / "r")
    assert main(["fit", "wine", "--config", str(tmp_path / "c.yaml"), "--code", "4", "--quiet", "--out", out]) == 0
    model = hs.load(out)
    assert type(model).__name__ == "SparseAutoencoder"
    assert (model.code_size_, len(model.history_), model.validation_fraction) == (4, 1, 0.2)


def test_corruption_is_given_as_text(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((20, 3)))
    out = str(tmp_path / "r")
    assert main(["fit", str(tmp_path / "x.npy"), "--corruption", "MaskingNoise(0.4)", "--out", out, *QUICK]) == 0
    assert hs.load(out).corruption == hs.MaskingNoise(0.4)


USAGE = [
    (["fit"], "SOURCE"),
    (["fit", "digits", "--model", "magic"], "magic"),
    (["fit", "digits", "--code", "x"], "code"),
    (["fit", "digits", "--nonsense", "1"], "nonsense"),
    (["fit", "digits", "--corruption", "Os.system('x')"], "Os.system"),
    (["fit", "digits", "--corruption", "Magic(3)"], "Magic"),
    (["fit", "digits", "--code", "0"], "code"),
    (["fit", "digits", "--corruption", "gaussian"], "corruption"),
    (["fit", "digits", "--seed", "-1"], "seed"),
    (["fit", "digits", "--held-out", "1"], "held_out"),
    (["fit", "digits", "--accelerator", "cuda" if not torch.cuda.is_available() else "abacus"], "accelerator"),
    (["fit", "digits", "--epochs", "0"], "epochs"),
    (["fit", "wine", "--model", "pca", "--code", "50"], "--code 50"),
    (["fit", "digits", "--model", "pca", "--ema", "0.9"], "--ema"),
    (["fit", "digits", "--config", "nowhere.yaml"], "nowhere.yaml"),
    (["fit", "digits", "--config", "magic.yaml"], "magic"),
    (["fit", "digits", "--config", "word.yaml"], "code"),
    (["fit", "digits", "--config", "list.yaml"], "list.yaml"),
    (["fit", "digits", "--config", "latin1.yaml"], "latin1.yaml"),
    (["fit", "--resume", "somewhere", "--epochs", "50"], "--epochs"),
    (["fit", "--resume", "somewhere", "--config=c.yaml"], "--config"),
    (["reconstruct", "somewhere", "digits", "--limit", "0"], "limit"),
    (["transform", "somewhere", "digits", "--out", "codes.xls"], ".npy"),
    (["compare", "digits", "--models", "pca", "sparse"], "nothing takes sparse (the values of an option are separated"),
    (["magic"], "magic"),
]
CONFIGS = {"magic": b"magic: 3", "word": b"code: eight", "list": b"- code", "latin1": b"out: caf\xe9"}


@pytest.mark.parametrize(("arguments", "named"), USAGE, ids=lambda value: str(value)[:40])
def test_wrong_usage_ends_with_2_and_one_sentence(
    arguments: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in CONFIGS.items():
        (tmp_path / f"{name}.yaml").write_bytes(content)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert named in said
    assert said.startswith("hiddenspace: ")
    assert said.count("\n") == 1, said
    assert not list(tmp_path.glob("runs/*"))


DAMAGED = ("{}", "[]", "no json", '{"settings": {"params": 3}}', '{"format": 99, "settings": {}}')


def damaged(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "run.json").write_text(text)
    return folder


def test_failed_runs_end_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str], run: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for arguments in (
        ["fit", str(tmp_path / "empty"), "--out", str(tmp_path / "a")],
        ["fit", "digits", "--out", str(run)],  # already holds a run
        ["fit", "digits", "--out", str(tmp_path / "file" / "below")],  # cannot be made
        ["fit", "--resume", str(tmp_path / "empty")],
        ["transform", str(tmp_path / "nothing"), "digits"],
        ["transform", str(run), "wine"],
        ["info", str(tmp_path / "empty")],
        *(["fit", "--resume", str(damaged(tmp_path / str(number), text))] for number, text in enumerate(DAMAGED)),
    ):
        assert main(arguments) == 1, arguments
        said = capsys.readouterr().err
        assert said.startswith("hiddenspace: ")
        assert said.count("\n") == 1, said


def test_a_folder_in_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from filelock import FileLock

    out = tmp_path / "r"
    out.mkdir()
    with FileLock(out / ".lock"):
        assert main(["fit", "wine", "--out", str(out)]) == 1
    assert "in use by another process" in capsys.readouterr().err


def test_a_finished_run_is_not_run_again(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "model" / "model.safetensors").read_bytes()
    assert main(["fit", "--resume", str(run)]) == 0
    assert "already done" in capsys.readouterr().out
    assert (run / "model" / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        raise SystemExit(main([command, "--help"]))
    assert exit_.value.code == 0
    assert f"Example: hiddenspace {command}" in " ".join(capsys.readouterr().out.split())


def test_help_of_fit_describes_the_options_of_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    main(["fit", "--model", "variational", "--help"])
    text = capsys.readouterr().out
    assert "--beta" in text
    assert "--sparsity" not in text


def test_top_level_help_imports_no_torch() -> None:
    code = "import sys; from hiddenspace.cli.main import main; main(['--help']); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "transform" in done.stdout


def test_a_warning_is_what_it_says_without_a_line_of_code(monkeypatch, capsys) -> None:
    def info() -> None:
        print(warnings.formatwarning("the sky is low", UserWarning, "somewhere.py", 3, "code()"), end="")

    monkeypatch.setattr("hiddenspace.cli.info.info", info)
    usual = warnings.formatwarning
    assert main(["info"]) == 0
    assert capsys.readouterr().out == "hiddenspace: the sky is low\n"
    assert warnings.formatwarning is usual
