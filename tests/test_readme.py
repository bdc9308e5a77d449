"""What the README shows works as it is written."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import subspace_angles

import hiddenspace as hs
from hiddenspace.cli.main import main

PAGE = (Path(__file__).resolve().parent.parent / "README.md").read_text()


def test_ten_lines_of_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    world: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), world)
    assert world["codes"].shape == (1797, 16)
    assert world["rebuilt"].shape == world["data"].items.shape[:3]
    assert "explained variance" in capsys.readouterr().out


@pytest.mark.slow
def test_two_perspectives_end_in_the_same_subspace() -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "two-perspectives.md").read_text()
    world: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "two-perspectives.md", "exec"), world)
    weights = world["linear"].decoder_[0].weight.detach().numpy()
    angles = np.degrees(subspace_angles(weights, world["pca"].components_.T))
    assert angles.max() < 0.2


@pytest.mark.slow
def test_the_guide_to_hidden_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "hidden-space.md").read_text()
    monkeypatch.chdir(tmp_path)
    world: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "hidden-space.md", "exec"), world)
    assert world["again"].shape == (1797, 8, 8)
    assert world["strip"].shape == (9, 8, 8)
    assert world["new"].shape == (64, 8, 8)
    assert world["scores"].shape == (1797,)
    assert (tmp_path / "map.html").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::hiddenspace.generation.health.GenerationWarning")
def test_the_guide_to_generating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hiddenspace.generation import generative

    page = (Path(__file__).resolve().parent.parent / "docs" / "generation.md").read_text()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(generative, "EPOCH", 20)
    world: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        # the calls as they are; how long they train is nothing to learn here
        exec(compile(re.sub(r"epochs=\d+", "epochs=1", code), "generation.md", "exec"), world)
    assert world["new"].shape == (64, 8, 8)
    assert world["codes"].shape == world["guess"].shape == (2, 32)
    assert len(world["strip"]) == 7
    assert world["three"].shape == (3, 8, 8)
    assert world["drawn"].shape == (4, 32, 32, 3)
    assert np.load(tmp_path / "many.npy").shape == (1_000, 8, 8)
    assert world["distance"] > 0


def test_the_commands_of_the_table_exist() -> None:
    from hiddenspace.cli.main import COMMANDS

    named = set(re.findall(r"^\| `hiddenspace (\w+) ", PAGE, re.MULTILINE))
    assert len(named) > 8
    assert named <= set(COMMANDS)


def test_the_command_of_the_main_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = re.findall(r"hiddenspace (fit \w+) ", PAGE)
    assert "fit digits" in commands
    monkeypatch.chdir(tmp_path)
    assert main([*commands[0].split(), "--epochs", "2", "--quiet"]) == 0  # fewer epochs: CI runs it whole elsewhere
    assert (tmp_path / "runs" / "digits-autoencoder" / "report.html").stat().st_size > 10_000


def test_extras_and_samples_named_there_exist() -> None:
    from hiddenspace.data.samples import list_samples

    project = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text()
    for extra in re.findall(r"\.\[(\w+)\]", PAGE):
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE), extra
    for name in re.search(r"comes along \((.*?)\)", PAGE, re.DOTALL)[1].replace("`", "").split(","):
        assert name.strip() in list_samples()
    assert len(hs.load_dataset("digits")) == 1797


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::hiddenspace.adaptation.health.AdaptationWarning")
def test_the_guide_to_carrying_labels_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from hiddenspace.adaptation import domain_adapter

    page = (Path(__file__).resolve().parent.parent / "docs" / "adaptation.md").read_text()
    monkeypatch.setattr(domain_adapter, "EPOCH_STEPS", 20)  # that the code runs is what counts here
    world: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "adaptation.md", "exec"), world)
    assert world["named"].shape == (500,)
    assert list(world["table"]["method"]) == ["source", "dann", "target-trained"]
    assert len(world["scores"]["test_score"]) == 3


@pytest.mark.slow
def test_the_guide_to_style_transfer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "style.md").read_text()
    monkeypatch.chdir(tmp_path)
    world: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        # the calls as they are; how long they paint and how finely is nothing to learn here
        few = re.sub(r"steps=\d+", "steps=2", code).replace("size=512", "size=64")
        exec(compile(few, "style.md", "exec"), world)
    assert world["out"].shape == (43, 64, 3)
    assert world["painted"].shape == (427, 640, 3)
    assert world["other"].shape == (171, 256, 3)
    for command in re.findall(r"^hiddenspace (?:stylize|texture) .*?flower.jpg .*$", page, re.MULTILINE):
        size = command.replace("512", "48") if "512" in command else f"{command} --size 48"
        assert main([*size.split()[1:], "--steps", "1", "--quiet"]) == 0
    assert {"out.png", "page.html", "texture.png"} <= {path.name for path in tmp_path.iterdir()}
