"""Masked autoencoders: nothing hidden is seen, what was seen stays, and what can be told is told."""

import numpy as np
import pandas as pd
import pytest
import torch

import hiddenspace as hs
from hiddenspace.autoencoders.masked import MaskedColumns, MaskedPatches
from hiddenspace.nets.columns import ColumnsEncoder
from hiddenspace.nets.mlp import MLP
from hiddenspace.nets.patches import PatchDecoder, PatchEncoder, Patches, waves

QUIET = hs.Trainer(progress=False)
rng = np.random.default_rng(0)
SHAPES = [(1, 1, 1), (1, 2, 2), (3, 1, 9), (1, 8, 8), (1, 28, 28), (3, 33, 20), (3, 64, 64)]


def quick(**params):
    return hs.MaskedAutoencoder(**{"code": 16, "epochs": 2, "random_state": 0, "trainer": QUIET, **params})


# patches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_patches_are_cut_and_joined_again(shape):
    patches = Patches(shape)
    x = torch.rand(3, *shape)
    cut = patches(x)
    assert cut.shape == (3, patches.count, patches.size)
    assert max(patches.rows, patches.columns) <= 8
    assert torch.equal(patches.joined(cut), x)


def test_patches_come_row_by_row():
    patches = Patches((1, 8, 8))
    assert (patches.side, patches.rows, patches.columns) == (2, 4, 4)
    x = torch.arange(64.0).reshape(1, 1, 8, 8)
    assert patches(x)[0, 6].tolist() == [20, 21, 28, 29]  # second row, third column


def test_places_are_told_apart():
    places = waves(5, 7, 16)[0]
    distances = torch.cdist(places, places) + 10 * torch.eye(35)
    assert distances.min() > 0.1


@pytest.mark.parametrize("shape", SHAPES)
def test_a_code_is_the_mean_of_the_tokens(shape):
    encoder = PatchEncoder(shape, 5)
    x = torch.rand(3, *shape)
    every = torch.arange(encoder.patches.count).expand(3, -1)
    tokens = encoder.tokens(encoder.patches(x), every)
    torch.testing.assert_close(encoder(x), tokens.mean(1), rtol=1e-4, atol=1e-5)
    assert encoder(x).shape == (3, 5)


def test_the_encoder_of_an_image_has_about_a_million_parameters():
    assert 0.8e6 < sum(p.numel() for p in PatchEncoder((1, 28, 28), 256).parameters()) < 1.3e6


# what is hidden ---------------------------------------------------------------------------------------------------


@pytest.fixture
def patch_game():
    torch.manual_seed(0)
    encoder = PatchEncoder((1, 16, 16), 8, width=32, depth=1)
    return MaskedPatches(encoder, PatchDecoder(encoder.patches, 8, width=32, depth=1), mask=0.75)


def test_what_is_hidden_of_an_image_is_not_seen(patch_game):
    x = torch.rand(4, 1, 16, 16)
    torch.manual_seed(1)
    rebuilt, hidden = patch_game.rebuilt(x)
    assert hidden.sum(1).tolist() == [48] * 4
    patches = patch_game.encoder.patches
    other = patches.joined(torch.where(hidden[:, :, None] > 0, torch.rand(4, 64, 4), patches(x)))
    torch.manual_seed(1)
    again, _ = patch_game.rebuilt(other)
    assert torch.equal(rebuilt, again)
    seen = patches.joined(torch.where(hidden[:, :, None] > 0, patches(x), torch.rand(4, 64, 4)))
    torch.manual_seed(1)
    assert not torch.allclose(rebuilt, patch_game.rebuilt(seen)[0])


def test_the_loss_counts_hidden_patches_only(patch_game):
    x = torch.rand(4, 1, 16, 16)
    torch.manual_seed(1)
    rebuilt, hidden = patch_game.rebuilt(x)
    target = patch_game.encoder.patches(x)
    expected = np.mean([((rebuilt[i, j] - target[i, j]) ** 2).mean().item() for i, j in hidden.nonzero().tolist()])
    torch.manual_seed(1)
    assert patch_game.loss(x)["masked"].item() == pytest.approx(expected, rel=1e-5)


def test_what_is_hidden_of_a_row_is_not_seen():
    torch.manual_seed(0)
    groups = (0, 1, 1, 1, 2)
    game = MaskedColumns(ColumnsEncoder(groups, 3), MLP([3, 16, 5]), mask=0.5)
    x, others = torch.randn(2, 50, 5)
    torch.manual_seed(1)
    rebuilt, hidden = game.rebuilt(x)
    assert torch.equal(hidden[:, 1], hidden[:, 2])
    assert torch.equal(hidden[:, 1], hidden[:, 3])
    assert 0.35 < hidden.float().mean() < 0.65
    torch.manual_seed(1)
    assert torch.equal(game.rebuilt(torch.where(hidden, others, x))[0], rebuilt)
    torch.manual_seed(1)
    assert game.loss(x)["masked"].item() == pytest.approx(((rebuilt - x)[hidden] ** 2).mean().item(), rel=1e-5)


# the estimator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 9), (7, 5)])
def test_small_images(shape):
    x = rng.integers(0, 256, (20, *shape), dtype=np.uint8)
    model = quick().fit(x)
    assert np.isfinite(model.transform(x)).all()
    assert model.complete(x)[1].shape == x.shape


def test_what_was_seen_stays(tmp_path):
    x = rng.integers(1, 256, (30, 8, 8), dtype=np.uint8)
    model = quick().fit(x)
    seen, completed = model.complete(x)
    shown = seen > 0
    assert shown.reshape(30, -1).sum(1).tolist() == [16] * 30  # 4 of 16 patches of 2x2
    np.testing.assert_allclose(seen[shown], x[shown], atol=1e-3)
    np.testing.assert_allclose(completed[shown], x[shown], atol=1e-3)
    np.testing.assert_array_equal(model.complete(x)[1], completed)
    assert not np.array_equal(model.complete(x, random_state=1)[1], completed)
    model.save_pretrained(tmp_path)
    np.testing.assert_array_equal(hs.load(tmp_path).complete(x)[1], completed)


def test_tables_are_completed_as_tables():
    values = {"a": rng.normal(5, 1, 60), "b": rng.choice(list("xyz"), 60), "n": np.arange(60) % 7}
    frame = pd.DataFrame(values, index=[f"row {i}" for i in range(60)]).assign(when=pd.Timestamp("2020-01-01"))
    seen, completed = quick().fit(frame).complete(frame)
    for part in (seen, completed):
        assert list(part.columns) == list(frame.columns)
        assert list(part.index) == list(frame.index)
    assert set(completed["b"]) <= set("xyz")
    assert ((seen.isna().mean() > 0.1) & (seen.isna().mean() < 0.5)).all()  # what is hidden is missing, of any type
    for part in (seen, completed):
        for name in frame:
            shown = seen[name].notna()
            kept = part.loc[shown, name].astype(frame[name].dtype)
            pd.testing.assert_series_equal(kept, frame.loc[shown, name], check_exact=False, rtol=1e-4)


def test_hidden_values_of_rows_are_missing():
    x = rng.normal(size=(60, 4))
    seen, completed = quick().fit(x).complete(x)
    hidden = np.isnan(seen)
    assert 0.2 < hidden.mean() < 0.4
    np.testing.assert_allclose(seen[~hidden], x[~hidden], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(completed[~hidden], seen[~hidden])
    assert np.isfinite(completed).all()


def test_a_hidden_column_is_told_from_its_copies():
    x = np.repeat(rng.normal(size=(600, 2)), 3, axis=1).astype(np.float32)  # each column three times
    model = quick(epochs=60).fit(x)
    best = min(row["validation/masked"] for row in model.history_)
    assert best < 0.25  # of standardised columns: 1 is the mean's, and with all three hidden nothing else is left
    assert not any("monitor/knn" in row for row in model.history_)


def test_hidden_patches_are_told_from_the_others():
    """Images of one grey each: a single patch tells all others."""
    greys = rng.integers(0, 256, (400, 1, 1), dtype=np.uint8)
    x = np.broadcast_to(greys, (400, 4, 4)).copy()
    model = quick(epochs=10).fit(x)
    assert model.history_[model.best_epoch_ - 1]["validation/masked"] < 0.05 * (x / 255).var()
    _, completed = model.complete(x)
    assert np.abs(completed - x).mean() < 0.15 * np.abs(x - x.mean()).mean()
