"""Every command on small pictures with labels, on photographs and on a table, each as one types it first."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.cli.main import COMMANDS, main

ITEMS = 80
LABELS = {"digits": ("8", "1"), "photographs": ("china", "flower"), "table": ("red", "white")}
COMPARED = ["--models", "pca,autoencoder", "--label-counts", "20", "--seeds", "1", "--epochs", "1"]

CALLS = {
    "adapt": ["SOURCE", "SOURCE", "COLUMN", "--epochs", "1", "--method", "coral", "--out", "adapted", "--quiet"],
    "analogy": ["RUN", "--plus", "A", "--plus", "B", "--minus", "C"],
    "compare": ["SOURCE", "COLUMN", "--probes", "linear", *COMPARED],
    "compress": ["RUN", "SOURCE", "--out", "x.hs"],
    "decompress": ["RUN", "x.hs"],
    "filters": ["RUN"],
    "info": ["RUN"],
    "map": ["RUN"],
    "measure": ["RUN", "SOURCE"],
    "morph": ["RUN", "A", "--towards", "TOWARDS", "--away-from", "AWAY"],
    "odd": ["RUN", "SOURCE", "--method", "both"],
    "reconstruct": ["RUN", "SOURCE", "--limit", "3"],
    "relevance": ["RUN"],
    "report": ["RUN"],
    "sample": ["RUN", "-n", "4", "--nearest"],
    "similar": ["RUN", "A", "--where", "TOWARDS", "--k", "3"],
    "train": ["SOURCE", "COLUMN", "--init", "RUN", "--epochs", "1", "--out", "trained", "--quiet"],
    "predict": ["trained", "SOURCE"],  # after what makes its model
    "transform": ["RUN", "SOURCE"],
}
LEFT = {  # of pictures, and of a table
    "adapt": ("adapted/report.html", "adapted/report.html"),
    "analogy": ("analogy.png", "analogy.csv"),
    "compare": ("compare.html", "compare.html"),
    "compress": ("x.hs", "x.hs"),
    "decompress": ("decompressed", "decompressed.csv"),
    "filters": ("filters.png", None),
    "info": (None, None),
    "map": ("map.html", "map.html"),
    "measure": (None, None),
    "morph": ("morph.png", "morph.csv"),
    "odd": ("odd.csv", "odd.csv"),
    "predict": ("predictions.csv", "predictions.csv"),
    "reconstruct": ("reconstructed", "reconstructed.csv"),
    "relevance": ("relevance.png", "relevance.png"),
    "report": ("RUN/report.html", "RUN/report.html"),
    "sample": ("samples.png", "samples.csv"),
    "similar": ("neighbours.png", "neighbours.csv"),
    "train": ("trained/model.safetensors", "trained/model.safetensors"),
    "transform": ("codes.npy", "codes.npy"),
}


def written(kind: str, folder: Path) -> Path:
    """Some of a sample as a person has it: pictures in folders of their labels, or a CSV file."""
    if kind == "table":
        wine = hs.load_dataset("wine")
        frame = pd.DataFrame(wine.items).assign(kind=np.array(["red", "white", "rose"])[wine.labels])
        frame.sample(ITEMS, random_state=0).to_csv(folder / "wine.csv", index=False)
        return folder / "wine.csv"
    data = hs.load_dataset(kind)
    for i in np.random.default_rng(0).permutation(len(data))[:ITEMS]:
        path = folder / kind / str(data.labels[i]) / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(data.items[i]).squeeze()).save(path)
    return folder / kind


def check(path: Path) -> None:
    """A file of its kind, that shows or says something."""
    if path.is_dir():
        check(sorted(path.glob("0*.png"))[0])
    elif path.suffix == ".png":
        with Image.open(path) as opened:
            assert np.asarray(opened.convert("RGB")).std() > 1
    elif path.suffix == ".csv":
        assert len(pd.read_csv(path)) > 0
    elif path.suffix == ".npy":
        assert np.isfinite(np.load(path)).all()
    elif path.suffix == ".html":
        assert "</html>" in path.read_text()
    else:
        assert path.stat().st_size > 0


@pytest.mark.parametrize("kind", LABELS)
def test_every_command(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(CALLS) == set(LEFT) == set(COMMANDS) - {"fit", "stylize", "texture"}  # the last two know no runs
    monkeypatch.setattr("hiddenspace.adaptation.domain_adapter.EPOCH_STEPS", 3)
    monkeypatch.chdir(tmp_path)
    source, table = str(written(kind, tmp_path)), kind == "table"
    column = ["--labels", "kind"] if table else []
    assert main(["fit", source, *column, "--code", "3", "--epochs", "1", "--quiet", "--out", "RUN"]) == 0
    ids = [str(id_) for id_ in hs.HiddenSpace.open("RUN").ids[[0, 20, 40]]]
    towards, away = (f"label = '{label}'" for label in LABELS[kind])
    words = dict(zip("ABC", ids, strict=True)) | {"SOURCE": source, "TOWARDS": towards, "AWAY": away}
    for command, call in CALLS.items():
        arguments = [part for word in call for part in (column if word == "COLUMN" else [words.get(word, word)])]
        left = LEFT[command][table]
        refused = command == "filters" and table
        assert main([command, *arguments]) == (2 if refused else 0), (command, capsys.readouterr().err)
        if left is not None:
            check(tmp_path / left)
