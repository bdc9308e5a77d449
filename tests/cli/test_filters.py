"""`hiddenspace filters`: pictures of what units look for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main

QUIET = hs.Trainer(progress=False)
PICTURES = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name, data in (("grey", PICTURES), ("colour", np.stack([PICTURES] * 3, axis=-1)), ("rows", PICTURES[:, 0])):
        hs.Autoencoder(code=3, epochs=1, trainer=QUIET).fit(data).save_pretrained(folder / name)
    hs.PCA(5).fit(PICTURES).save_pretrained(folder / "pca")
    return folder


@pytest.mark.parametrize("model", ["grey", "colour", "pca"])
@pytest.mark.parametrize("layer", ["first", "code"])
def test_a_picture_shows_units(models: Path, tmp_path: Path, model: str, layer: str, capsys) -> None:
    path = tmp_path / "deep" / "f.png"
    assert main(["filters", str(models / model), "--layer", layer, "-n", "4", "--out", str(path)]) == 0
    shown = 4 if layer == "first" or model == "pca" else 3
    assert f"{shown} units of {layer}" in " ".join(capsys.readouterr().err.split())
    with Image.open(path) as picture:
        assert picture.width > 300
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 8


def test_a_layer_is_called_by_its_name(models: Path, tmp_path: Path, capsys) -> None:
    path = tmp_path / "f.png"
    assert main(["filters", str(models / "grey"), "--layer", "stages.9", "--out", str(path)]) == 2
    assert "it has " in capsys.readouterr().err
    assert main(["filters", str(models / "grey"), "--layer", "block", "-n", "2", "--out", str(path)]) == 0
    assert path.exists()


def test_what_cannot_be_shown_is_said(models: Path, capsys) -> None:
    assert main(["filters", str(models / "rows")]) == 2
    assert "no encoder of images" in capsys.readouterr().err
    assert main(["filters", str(models / "grey"), "--out", "f.svg"]) == 2
