"""What watches a training looks at fewer images where they are large."""

import pytest
import torch

from hiddenspace.generation import snapshots
from hiddenspace.generation.judging import looked_at
from hiddenspace.generation.snapshots import Snapshots
from hiddenspace.training.events import RoundEnded


@pytest.mark.parametrize(
    ("shape", "count"),
    [((2,), 5_000), ((1, 28, 28), 5_000), ((3, 64, 64), 5_000), ((3, 100, 100), 2_236), ((3, 256, 256), 1_000)],
)
def test_fewer_large_images_are_looked_at(shape, count):
    assert looked_at(shape) == count


@pytest.mark.parametrize(("space", "at"), [(1 << 20, [*range(1, 10)]), (4 * 64 * 16, [1, 5, 9]), (1, [1, 9])])
def test_snapshots_stay_evenly_spaced_within_their_space(space, at, monkeypatch):
    monkeypatch.setattr(snapshots, "SPACE", space)
    watcher = Snapshots(lambda count: iter([torch.rand(count, 1, 4, 4)]))
    for epoch in range(1, 10):
        watcher(RoundEnded(epoch, 9, {}, 1, {"epoch": epoch}))
    assert watcher.at == at
    assert watcher.images().shape == (len(at), 64, 4, 4, 1)
