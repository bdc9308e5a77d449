"""Contrastive learning: the loss against its formula, what labels may not do, and that something is learned."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import hiddenspace as hs
from hiddenspace.autoencoders.contrastive import nt_xent
from hiddenspace.autoencoders.monitor import NeighboursMonitor, has_classes, neighbours_accuracy
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import HiddenspaceError
from hiddenspace.nets.resnet import ResNetEncoder

QUIET = hs.Trainer(progress=False)
rng = np.random.default_rng(0)
PICTURES = rng.integers(0, 256, (40, 12, 10), dtype=np.uint8)


def quick(**params):
    return hs.ContrastiveEncoder(**{"code": 16, "epochs": 2, "random_state": 0, "trainer": QUIET, **params})


def labelled(**changed):
    return replace(hs.load_dataset("digits").take(np.arange(300)), **changed)


# the loss ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_the_loss_is_its_formula(temperature):
    torch.manual_seed(0)
    a, b = torch.randn(2, 7, 5, dtype=torch.float64)
    rows = [row / row.norm() for row in [*a, *b]]
    losses = []
    for i in range(14):
        scores = {k: math.exp(float(rows[i] @ rows[k]) / temperature) for k in range(14) if k != i}
        losses.append(-math.log(scores[(i + 7) % 14] / sum(scores.values())))
    assert float(nt_xent(a, b, temperature)) == pytest.approx(np.mean(losses), rel=1e-9)


def test_the_loss_of_perfect_pairs():
    n, temperature = 6, 0.2
    expected = math.log(math.exp(1 / temperature) + 2 * n - 2) - 1 / temperature
    assert float(nt_xent(torch.eye(n), 3 * torch.eye(n), temperature)) == pytest.approx(expected, rel=1e-5)


# the network ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 9), (1, 9, 1), (1, 8, 8), (1, 28, 28), (3, 33, 20), (3, 64, 64)])
@pytest.mark.parametrize("code", [1, 3, 64])
def test_images_of_any_size(shape, code):
    net = ResNetEncoder(shape, code)
    x = torch.rand(4, *shape)
    with torch.autocast("cpu", torch.bfloat16):
        codes = net(x)
    assert codes.shape == (4, code)
    codes.float().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters())


def test_a_code_does_not_hang_on_the_images_beside_it(tmp_path):
    model = quick().fit(PICTURES)
    codes = model.transform(PICTURES)
    np.testing.assert_allclose(model.transform(PICTURES[:1]), codes[:1], rtol=1e-4, atol=1e-5)
    model.save_pretrained(tmp_path)
    again = hs.load(tmp_path)
    np.testing.assert_allclose(again.transform(PICTURES[7:9]), codes[7:9], rtol=1e-4, atol=1e-5)
    assert "inverse_transform" not in (tmp_path / "README.md").read_text()
    assert "and back" not in (tmp_path / "README.md").read_text()


def test_ones_own_encoder_and_augmentation(tmp_path):
    seen = []

    def augmentation(x):
        seen.append(x.shape)
        return x + 0.1 * torch.randn_like(x)

    mine = nn.Sequential(nn.Flatten(), nn.Linear(120, 5))
    model = hs.ContrastiveEncoder(encoder=mine, augmentation=augmentation, epochs=1, trainer=QUIET).fit(PICTURES)
    assert model.transform(PICTURES).shape == (40, 5)
    assert len(seen) >= 2
    model.save_pretrained(tmp_path)
    again = hs.load(tmp_path, encoder=mine)
    np.testing.assert_array_equal(again.transform(PICTURES), model.transform(PICTURES))
    with pytest.raises(HiddenspaceError, match="code=3, but the encoder gives codes of 5"):
        hs.ContrastiveEncoder(3, encoder=mine, trainer=QUIET).fit(PICTURES)


def test_augmentations_are_saved_by_name(tmp_path):
    chosen = hs.ImageAugmentation(crop=0.5, flip=True)
    quick(augmentation=chosen, epochs=1).fit(PICTURES).save_pretrained(tmp_path)
    assert hs.load(tmp_path).augmentation == chosen


def test_columns_of_a_table_are_replaced_whole():
    model = quick(epochs=1).fit("wine")
    assert model._augmentation().groups == tuple(range(13))
    import pandas as pd

    frame = pd.DataFrame({"a": rng.normal(size=30), "b": rng.choice(list("xyz"), 30), "c": rng.normal(size=30)})
    assert quick(epochs=1).fit(frame)._augmentation().groups == (0, 1, 1, 1, 2)


# what is learned --------------------------------------------------------------------------------------------------


def test_views_are_told_apart_better_than_by_chance():
    model = quick(code=32, epochs=8, batch_size=64).fit(labelled())
    chance = {"train": math.log(2 * 64 - 1), "validation": math.log(2 * 30 - 1)}  # a tenth of 300 is held out
    assert all(model.history_[-1][f"{part}/contrast"] < at - 0.4 for part, at in chance.items())
    assert model.history_[-1]["loss"] == model.history_[-1]["validation/contrast"]


def test_features_ignore_what_the_augmentation_changes():
    """Rows of two parts, of which the augmentation swaps one: neighbours go by the other part."""
    kind = rng.integers(0, 4, 400)
    kept = np.eye(4)[kind] + 0.1 * rng.normal(size=(400, 4))
    swapped = 3 * rng.normal(size=(400, 4))

    def augmentation(x):
        return torch.cat([x[:, :4] + 0.3 * torch.randn_like(x[:, :4]), x[torch.randperm(len(x)), 4:]], dim=1)

    rows = np.hstack([kept, swapped]).astype(np.float32)
    model = quick(code=8, epochs=30, augmentation=augmentation, scaling="columns").fit(rows)
    codes = model.transform(rows)
    before = neighbours_accuracy(rows[:200], kind[:200], rows[200:], kind[200:])
    after = neighbours_accuracy(codes[:200], kind[:200], codes[200:], kind[200:])
    assert before < 0.5
    assert after > 0.9


# the monitor ------------------------------------------------------------------------------------------------------


def test_labels_reach_nothing_but_the_monitor():
    labels = hs.load_dataset("digits").labels[:300]
    codes, figures = [], []
    for given in (labels, rng.permutation(labels), None):
        model = quick().fit(labelled(labels=given))
        codes.append(model.transform(PICTURES[:, :8, :8]))
        figures.append([row.get("monitor/knn") for row in model.history_])
        without = [{k: v for k, v in row.items() if k in ("loss", "validation/contrast")} for row in model.history_]
        assert without == [{"loss": row["loss"], "validation/contrast": row["loss"]} for row in model.history_]
    np.testing.assert_array_equal(codes[0], codes[1])
    np.testing.assert_array_equal(codes[0], codes[2])
    assert figures[0] != figures[1]
    assert figures[0][-1] > 0.5 > figures[1][-1]
    assert figures[2] == [None, None]


def test_the_monitor_can_be_left_out_or_insisted_on():
    off = quick(monitor=False).fit(labelled())
    assert not any("monitor/knn" in row for row in off.history_)
    np.testing.assert_array_equal(off.transform("digits"), quick(monitor=True).fit(labelled()).transform("digits"))
    for data, params in ((PICTURES, {}), (labelled(), {"validation_fraction": 0})):
        with pytest.raises(HiddenspaceError, match="use monitor='auto'"):
            quick(monitor=True, **params).fit(data)


def test_the_monitor_is_the_accuracy_of_held_out_training_items():
    data = labelled()
    model = quick(epochs=1, validation_fraction=0.1).fit(data)
    training, held_out = data.split(0.1, model.seed_)
    expected = neighbours_accuracy(
        model.transform(training), training.labels, model.transform(held_out), held_out.labels
    )
    assert model.history_[-1]["monitor/knn"] == pytest.approx(expected)


def test_the_monitor_looks_now_and_then():
    data = labelled()
    monitor = NeighboursMonitor(lambda dataset: dataset.items.reshape(len(dataset), -1), *data.split(0.1, 0), seed=0)
    assert monitor.every == math.ceil(300 / 270 / 0.1)
    large = Dataset(np.zeros((60_000, 1, 1, 1), np.uint8), "images", np.arange(60_000) % 10)
    assert NeighboursMonitor(lambda _: np.zeros((1, 1)), large, large, seed=0).every == 1
    assert len(NeighboursMonitor(lambda _: np.zeros((1, 1)), large, large, seed=0).references) == 2000


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 1] * 10, True),
        (["a"] * 20, False),
        (list(range(20)), False),
        ([0.5, 1.0] * 10, False),
        (None, False),
        (["a", "nan"] * 10, False),
        (["a", "b", "None", "?"] * 5, True),
        ([0.0, 1.0, np.nan, 1.0] * 5, True),
        (list(range(1000)) * 4, True),
        (list(range(1001)) * 4, False),
    ],
)
def test_what_counts_as_classes(labels, expected):
    data = Dataset(np.zeros((len(labels or [0]), 3)), "vectors", None if labels is None else np.array(labels))
    assert has_classes(data) == expected


def test_the_monitor_leaves_items_without_a_label_out():
    labels = np.array(["a", "b", "nan", "NaT"] * 10)
    data = Dataset(np.arange(120.0).reshape(40, 3), "vectors", labels)
    monitor = NeighboursMonitor(lambda dataset: dataset.items, data, data, seed=0)
    assert set(monitor.references.labels) == set(monitor.queries.labels) == {"a", "b"}
    with pytest.raises(HiddenspaceError, match="no classes"):
        quick(monitor=True).fit(replace(labelled(), labels=np.array(["a", "nan", "None"] * 100)))
