"""The commands, as a person calls them: what they leave behind, what they print, how they end."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import COMMANDS, main
from hiddenspace.runs.settings import RunSettings

QUICK = ["--epochs", "2", "--quiet"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "digits"
    assert main(["fit", "digits", "--code", "8", "--seed", "3", "--out", str(folder), *QUICK]) == 0
    return folder


def test_fit_leaves_what_it_promises(run: Path) -> None:
    for name in ("model/config.json", "model/model.safetensors", "report.html", "metrics.csv", "run.json", "log.txt"):
        assert (run / name).stat().st_size > 0, name
    assert list((run / "checkpoints").glob("round-*"))
    assert list((run / "tensorboard").glob("events*"))
    metrics = pd.read_csv(run / "metrics.csv")
    assert list(metrics["epoch"]) == [1, 2]
    assert {"train/reconstruction", "validation/reconstruction", "seconds"} <= set(metrics.columns)


def test_results_are_those_of_the_models_on_items_neither_has_seen(run: Path) -> None:
    settings, results = RunSettings.read(run)
    dataset = hs.load_dataset("digits")
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


def test_the_same_seed_gives_the_same_model(run: Path, tmp_path: Path) -> None:
    assert main(["fit", "digits", "--code", "8", "--seed", "3", "--out", str(tmp_path / "again"), *QUICK]) == 0
    x = hs.load_dataset("digits")
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
    out = str(tmp_path / "r")
    assert main(["fit", "digits", "--corruption", "MaskingNoise(0.4)", "--out", out, *QUICK]) == 0
    assert hs.load(out).corruption == hs.MaskingNoise(0.4)


USAGE = [
    (["fit"], "SOURCE"),
    (["fit", "digits", "--model", "magic"], "magic"),
    (["fit", "digits", "--code", "x"], "code"),
    (["fit", "digits", "--nonsense", "1"], "nonsense"),
    (["fit", "digits", "--corruption", "Os.system('x')"], "Os.system"),
    (["fit", "digits", "--corruption", "Magic(3)"], "Magic"),
    (["fit", "digits", "--code", "0"], "code"),
    (["fit", "digits", "--config", "nowhere.yaml"], "nowhere.yaml"),
    (["magic"], "magic"),
]


@pytest.mark.parametrize(("arguments", "named"), USAGE, ids=lambda value: str(value)[:40])
def test_wrong_usage_ends_with_2_and_one_sentence(
    arguments: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as exit_:
        code = exit_.code
    said = capsys.readouterr()
    assert code == 2
    assert named in said.out + said.err
    assert "Traceback" not in said.out + said.err


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
