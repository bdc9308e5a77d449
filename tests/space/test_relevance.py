"""Relevance: useless columns last, dead pixels zero, known derivatives."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import ModelError, UsageError

QUIET = hs.Trainer(progress=False)
USELESS = ["noise0", "noise1", "noise2", "random word"]


def planted(n: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Eight numbers and a category that hang on three factors, and four columns that hang on nothing."""
    rng = np.random.default_rng(seed)
    factors, weights = rng.standard_normal((n, 3)), rng.standard_normal((3, 8))
    table = pd.DataFrame(
        np.tanh(factors @ weights) + 0.3 * rng.standard_normal((n, 8)), columns=[f"x{i}" for i in range(8)]
    )
    table["kind"] = np.where(factors[:, 0] + 0.3 * rng.standard_normal(n) > 0, "up", "down")
    for name in USELESS[:3]:
        table[name] = rng.standard_normal(n)
    table[USELESS[3]] = rng.choice(list("wxyz"), n)
    return table


@pytest.mark.parametrize(
    "model",
    [
        hs.PCA(4),
        hs.PCA(10),
        hs.Autoencoder(4, epochs=15, random_state=0, trainer=QUIET),
        hs.Autoencoder(12, epochs=15, random_state=0, trainer=QUIET),
        hs.MaskedAutoencoder(epochs=15, random_state=0, trainer=QUIET),
    ],
    ids=["PCA 4", "PCA 10", "autoencoder 4", "autoencoder 12", "masked"],
)
def test_planted_useless_columns_rank_last(model) -> None:
    table = planted()
    found = hs.HiddenSpace(model.fit(table), table).relevance()
    assert list(found) == sorted(found, reverse=True)
    assert set(found.index) == set(table.columns)
    assert set(found.index[-4:]) == set(USELESS)


def test_the_change_of_the_code_shows_what_takes_room_in_it_useless_or_not() -> None:
    table = planted()
    space = hs.HiddenSpace(hs.PCA(14).fit(table), table)
    found = space.relevance(measure="code")
    assert set(found.index[-4:]) != set(USELESS), "an independent column has a component of its own"


def test_the_change_of_a_linear_code_is_known() -> None:
    """Shuffling an independent column j changes z = W x by W_j (x_j' - x_j), whose mean square is 2 W_j^2 var(x_j)."""
    x = np.random.default_rng(0).standard_normal((2000, 3)).astype(np.float32)
    linear = nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[3.0, 1.0, 0.0], [0.0, 2.0, 0.0]]))
    found = hs.HiddenSpace(linear, x).relevance()
    expected = [(9 / 10 + 0) / 2, (1 / 10 + 1) / 2, 0]
    np.testing.assert_allclose(found.sort_index(), expected, atol=0.03)
    assert list(found.index) == [1, 0, 2]


def test_shared_information_of_copies_and_of_a_loner() -> None:
    rng = np.random.default_rng(0)
    both = rng.standard_normal(2000)
    table = pd.DataFrame({"a": both, "loner": rng.standard_normal(2000), "b": both})
    found = hs.HiddenSpace(hs.PCA(2).fit(table), table).relevance()
    # of two copies the code holds (a + b) / 2: with a shuffled, b is rebuilt as (a' + b) / 2
    assert found["a"] == pytest.approx(0.25, abs=0.02), "half of b's variance, which is half of that of b and the loner"
    assert found["loner"] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("code", [2, 80], ids=["each number", "random directions"])
def test_saliency_of_a_linear_code_of_pixels(code: int) -> None:
    x = np.random.default_rng(0).random((400, 4, 5)).astype(np.float32)
    weights = torch.randn(code, 20, generator=torch.Generator().manual_seed(0))
    weights[:, :5] = 0  # the first row of pixels is not looked at
    linear = nn.Linear(20, code, bias=False)
    with torch.no_grad():
        linear.weight.copy_(weights)
    space = hs.HiddenSpace(nn.Sequential(nn.Flatten(), linear), x)
    found = space.relevance()
    scale = space.codes[:256].std(0)
    expected = np.linalg.norm(weights.numpy() / space.codes.std(0)[:, None], axis=0).reshape(4, 5)
    assert scale.shape == (code,)
    assert found.shape == (4, 5)
    assert (found[0] == 0).all()
    np.testing.assert_allclose(found, expected, rtol=0.35 if code > 64 else 0.1)


def test_border_of_digits_matters_less_than_the_middle() -> None:
    model = hs.Autoencoder(8, epochs=4, random_state=0, trainer=QUIET).fit("digits")
    found = hs.HiddenSpace(model, "digits").relevance()
    assert found.shape == (8, 8)
    assert found[:, [0, 7]].mean() < 0.7 * found[2:6, 2:6].mean()


def test_other_items_can_be_looked_at() -> None:
    table = planted(300)
    space = hs.HiddenSpace(hs.PCA(3).fit(table), table)
    constant = table.assign(x0=1.0)
    assert space.relevance(constant)["x0"] == pytest.approx(0, abs=1e-9)
    pd.testing.assert_series_equal(space.relevance(), space.relevance())


def test_what_cannot_be_said() -> None:
    x = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    for ready in (hs.HiddenSpace(x), hs.HiddenSpace(x, x)):
        with pytest.raises(ModelError, match="ready codes"):
            ready.relevance()
    space = hs.HiddenSpace(nn.Linear(4, 2), x)
    space.delete(0)  # which lets go of the items
    with pytest.raises(UsageError, match="holds codes and no items"):
        space.relevance()
    space = hs.HiddenSpace(nn.Linear(4, 2), x)
    with pytest.raises(ModelError, match="needs a decoder"):
        space.relevance(measure="shared")
    with pytest.raises(UsageError, match="'maximal' is unknown"):
        space.relevance(measure="maximal")
