"""What a report says of a space: fairly judged, and of the right items."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import hiddenspace as hs
from hiddenspace.runs import space_summary
from hiddenspace.runs.narrator import Narrator
from hiddenspace.runs.run import look
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.space import store_space


def test_probes_are_judged_on_items_that_no_label_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = look(RunSettings("digits", seed=3), Narrator(Console(quiet=True), tmp_path / "log.txt"))
    pca = hs.PCA(8).fit(split.training)
    learned: list[np.ndarray] = []
    judged: list[np.ndarray] = []

    def probe(which, known, y, unknown, test_y, **_):
        learned.append(known)
        judged.append(unknown)
        return 0.5

    monkeypatch.setattr(space_summary, "probe_score", probe)
    found = space_summary._probes(split.training, split.held_out, {"PCA": pca}, 0)
    assert {name: sorted(scores) for name, scores in found.items()} == {"raw data": [100, 1000], "PCA": [100, 1000]}
    raw = {row.tobytes() for row in learned[1]}
    assert len(judged[1]) == 180
    assert not raw & {row.tobytes() for row in judged[1]}


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
