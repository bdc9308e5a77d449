"""compress and decompress, as a person calls them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model")
    hs.PCA(8).fit("digits").save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for i, picture in enumerate(hs.load_dataset("digits").items[:12, ..., 0]):
        Image.fromarray(picture).save(folder / f"digit-{i}.png")
    return folder


def test_pictures_go_into_a_file_and_come_back(
    model: str, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "x.hs"
    assert main(["compress", model, str(pictures), "--out", str(packed)]) == 0
    said = capsys.readouterr().err
    assert f"12 items, {packed.stat().st_size} bytes" in said
    assert "against 64.0 raw" in said
    assert "as PNG" in said
    assert "dB lost" in said
    assert main(["decompress", model, str(packed), "--out", str(tmp_path / "back")]) == 0
    files = sorted((tmp_path / "back").glob("*.png"))
    assert len(files) == 12
    assert {path.stem.split("-", 1)[1] for path in files} == {f"digit-{i}" for i in range(12)}
    assert main(["decompress", model, str(packed), "--out", str(tmp_path / "back.npy")]) == 0
    back = np.load(tmp_path / "back.npy")
    plain = hs.load(model).reconstruct(pictures)
    original = np.stack([np.asarray(Image.open(pictures / path.name[6:])) for path in files])
    assert back.shape == plain.shape
    assert ((back - plain) ** 2).mean() < 0.15 * ((plain.reshape(12, 8, 8) - original) ** 2).mean()
    shown = np.stack([np.asarray(Image.open(path)) for path in files]).astype(float)
    assert np.abs(shown - back.reshape(12, 8, 8)).max() <= 1


def test_one_picture_is_a_file_and_several_are_not(
    model: str, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed, one, out = tmp_path / "x.hs", tmp_path / "one.hs", tmp_path / "p.png"
    space = hs.HiddenSpace(hs.load(model), pictures)
    space.compress(pictures, packed)
    space.compress([pictures / "digit-3.png"], one)
    assert main(["decompress", model, str(packed), "--out", str(out)]) == 2
    assert "one picture, but there are 12; name a folder" in " ".join(capsys.readouterr().err.split())
    assert not out.exists()
    assert main(["decompress", model, str(one), "--out", str(out)]) == 0
    with Image.open(out) as picture:
        assert picture.size == (8, 8)
    assert {path.name for path in tmp_path.iterdir()} == {"x.hs", "one.hs", "p.png"}, "no draft is left behind"


def test_a_write_that_fails_leaves_the_old_file(
    model: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:9])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hiddenspace.space.codefile.write_durably", full)
    (tmp_path / "x.hs").write_bytes(b"old")
    assert main(["compress", model, str(pictures), "--out", str(tmp_path / "x.hs")]) == 1
    assert (tmp_path / "x.hs").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_model_of_a_run_is_read_once(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pca = hs.PCA(4).fit(pictures)
    pca.save_pretrained(tmp_path / "run" / "model")
    hs.HiddenSpace(pca, pictures).save(tmp_path / "run")
    loads: list[str] = []
    for module in ("hiddenspace.runs.reading", "hiddenspace.space.coding"):
        monkeypatch.setattr(f"{module}.load", lambda run: (loads.append(run), hs.load(run))[1])
    assert main(["compress", str(tmp_path / "run"), str(pictures), "--out", str(tmp_path / "x.hs")]) == 0
    assert len(loads) == 1


def test_less_loss_takes_more_bytes(model: str, tmp_path: Path) -> None:
    sizes = []
    for loss in ("0.05", "1"):
        assert main(["compress", model, "digits", "--out", str(tmp_path / "x.hs"), "--loss", loss]) == 0
        sizes.append((tmp_path / "x.hs").stat().st_size)
    assert sizes[1] < 0.8 * sizes[0]


def test_tables_come_back_as_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hs.PCA(4).fit("wine").save_pretrained(tmp_path / "model")
    assert main(["compress", str(tmp_path / "model"), "wine", "--out", str(tmp_path / "x.hs")]) == 0
    assert "as CSV" in capsys.readouterr().err
    assert main(["decompress", str(tmp_path / "model"), str(tmp_path / "x.hs"), "--out", str(tmp_path / "x.csv")]) == 0
    assert list(pd.read_csv(tmp_path / "x.csv").columns) == list(hs.load_dataset("wine").items.columns)


def test_a_file_of_another_model_or_an_altered_one_is_refused(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "x.hs"
    assert main(["compress", model, "digits", "--out", str(packed)]) == 0
    hs.PCA(7).fit("digits").save_pretrained(tmp_path / "other")
    assert main(["decompress", str(tmp_path / "other"), str(packed), "--out", str(tmp_path / "back")]) == 1
    assert "another model" in capsys.readouterr().err
    packed.write_bytes(packed.read_bytes()[:-1])
    assert main(["decompress", model, str(packed), "--out", str(tmp_path / "back")]) == 1
    assert "cut short or altered" in capsys.readouterr().err
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compress", "MODEL", "digits", "--out", "x.zip"], "end it with .hs"),
        (["compress", "MODEL", "digits", "--out", "x.hs", "--loss", "0"], "above 0"),
        (["decompress", "MODEL", "x.hs", "--out", "x.txt/y.d/"], "cannot read"),
        (["decompress", "MODEL", "x.hs", "--out", "pics.gif"], "end it with .npy, .png or / for a folder"),
        (["reconstruct", "MODEL", "digits", "--out", "pics.png"], "end it with .npy or / for a folder"),
        (["analogy", "nowhere", "--plus", "0", "--minus", "1", "--out", "x.gif"], "a sum of items does not move"),
        (["morph", "nowhere", "0", "1", "--out", "x.txt"], "end it with .png, .gif, .mp4"),
    ],
)
def test_wrong_usage(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], words: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main([model if part == "MODEL" else part for part in arguments]) != 0
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Example: hiddenspace {command} runs/" in capsys.readouterr().out
