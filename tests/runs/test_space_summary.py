"""What a report says of a space: fairly judged, and of the right items."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import hiddenspace as hs
from hiddenspace.errors import UsageError
from hiddenspace.runs import space_summary
from hiddenspace.runs.judging import judge
from hiddenspace.runs.narrator import Narrator
from hiddenspace.runs.reading import model_and_data
from hiddenspace.runs.run import look
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.space import store_space
from hiddenspace.space import comparing


def test_probes_are_judged_on_items_that_no_label_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = look(RunSettings("digits", seed=3), Narrator(Console(quiet=True), tmp_path / "log.txt"))
    pca = hs.PCA(8).fit(split.training)
    learned: list[np.ndarray] = []
    judged: list[np.ndarray] = []

    def probe(which, known, y, unknown, test_y, **_):
        learned.append(known)
        judged.append(unknown)
        return 0.5

    monkeypatch.setattr(comparing, "probe_score", probe)
    found = space_summary._few_labels(split.training, split.held_out, {"PCA": pca}, 0)
    assert found is not None
    assert list(dict.fromkeys(found["representation"])) == ["raw", "random encoder", "PCA"]
    assert sorted(set(found["labels"])) == [100, 1000]
    assert set(found["probe"]) == {"linear", "knn"}
    assert found.attrs["seeds"] == 3
    raw = {row.tobytes() for row in learned[2]}
    assert (len(raw), len(judged[2])) == (1000, 180)
    assert not raw & {row.tobytes() for row in judged[2]}
    draws = {learned[i].tobytes() for i in range(len(learned)) if learned[i].shape == (100, 64)}
    assert len(draws) == 3, "each draw has other labels"


@pytest.mark.parametrize(
    ("labels", "metric"),
    [
        (np.linspace(0, 1, 60), "R2"),
        (np.arange(60), None),
        (np.zeros(60, int), None),
        (None, None),
        (np.where(np.arange(60) % 4, np.nan, np.linspace(0, 1, 60)), None),  # too few to judge by
    ],
)
def test_few_labels_are_of_any_kind_that_can_be_told(labels: np.ndarray | None, metric: str | None) -> None:
    x = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    training, held_out = hs.Dataset(x, "vectors", labels, "rows").split(0.3, 0)
    found = space_summary._few_labels(training, held_out, {"PCA": hs.PCA(2).fit(training)}, 0)
    assert (None if found is None else found.attrs["metric"]) == metric
    if found is not None:
        assert set(found["labels"]) == {29}, "of all 42 labels every draw would be the same"


def test_the_report_of_a_changed_space_shows_the_items_of_the_run(tmp_path: Path) -> None:
    digits = hs.load_dataset("digits")
    narrator = Narrator(Console(quiet=True), tmp_path / "log.txt")
    pca = hs.PCA(4).fit(digits)
    store_space(tmp_path, pca, digits, narrator)
    changed = hs.HiddenSpace.open(tmp_path / "space.lance", pca)
    changed.delete("label = 3")
    space = store_space(tmp_path, pca, digits, narrator, anew=False)
    assert space is not None
    np.testing.assert_array_equal(space.ids, np.arange(len(digits)))
    assert len(hs.HiddenSpace.open(tmp_path / "space.lance", pca)) == len(changed) < len(digits)


@pytest.mark.parametrize("labels", [np.array(list("bbbaabab")), np.arange(8), np.array(list("abcabcab"))])
def test_morphs_go_from_one_class_to_another(labels: np.ndarray) -> None:
    data = hs.Dataset(np.zeros((8, 2), np.float32), "vectors", labels, "rows")
    order = space_summary._different(data)
    assert sorted(order) == list(range(8))
    assert (labels[order][1:6] != labels[order][:5]).all()


@pytest.mark.parametrize(
    ("labels", "judged"),
    [
        (np.array(["a", "b"]).repeat(60), True),
        (np.array(["a", "b", "nan"]).repeat(40), True),
        (np.array(["a", "nan", ""]).repeat(40), False),  # of one class
        (np.arange(120), False),
        (np.array([f"person {i}" for i in range(120)]), False),
        (np.linspace(0, 1, 120).astype(str), False),
    ],
)
def test_codes_are_judged_by_classes_that_are_known(labels: np.ndarray, judged: bool) -> None:
    x = np.random.default_rng(0).standard_normal((120, 3)).astype(np.float32)
    x[:, 0] += 9 * (labels == "b")
    order = np.random.default_rng(1).permutation(120)
    data = hs.Dataset(x[order], "vectors", labels[order], "rows")
    found = judge("PCA", hs.PCA(2, random_state=0).fit(data), *data.split(0.4, 0), seconds=1.0)
    assert (found.probe is not None) == (found.neighbours is not None) == judged
    if judged:  # what has no label is no third class, nor an error
        assert found.probe == found.neighbours == 1.0


def test_a_source_is_read_as_that_of_the_run(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 0, 1, 1], "kind": list("xyxy"), "other": list("mmnn")})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.drop(columns="kind").to_csv(tmp_path / "bare.csv", index=False)
    hs.PCA(1).fit(table[["a", "b"]]).save_pretrained(tmp_path / "model")
    settings = RunSettings("t.csv", model="pca", data={"size": None, "labels": "kind", "channels": "auto"})
    settings.write(tmp_path, status="done")

    def read(name: str, labels: str | None = None) -> hs.Dataset:
        return model_and_data(str(tmp_path), str(tmp_path / name), labels)[1]

    assert read("t.csv").labels.tolist() == list("xyxy")
    assert read("t.csv", "other").labels.tolist() == list("mmnn")
    assert read("bare.csv").labels is None
    with pytest.raises(UsageError, match="no column 'nothing'"):
        read("t.csv", "nothing")
