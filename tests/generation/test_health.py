"""What goes wrong between two players is told by name, from the figures of the epochs and in real trainings."""

import numpy as np
import pytest

import hiddenspace as hs
from hiddenspace.generation import generative
from hiddenspace.generation.health import GenerationWarning, examined
from hiddenspace.models.health import Health

FINE = {"frechet": 1.0, "precision": 0.8, "recall": 0.8, "coverage": 0.9, "diversity": 1.0}


def rows(distances=(3, 2, 1), right=0.7, **figures):
    found = {f"monitor/{name}": value for name, value in (FINE | figures).items()}
    return [{**found, "monitor/frechet": d, "train/discriminator.right": right} for d in distances]


def of_row(rows, best, copied, *rest, **how):
    """Honest items may have 0.1 of copies by chance."""
    return examined(rows, best, copied if copied is None else (copied, 0.1), *rest, **how)


LONG = [10, 8, 6, 5, 4.5, 4.2, 4.1, 4.05, 4.02, 4.01, 4.005, 4.0]
CASES = {
    "nothing": ((rows(), 3, 0.01, 1000), []),
    "saturation": ((rows(right=0.999), 3, 0.01, 1000), ["saturation"]),
    "few modes": ((rows(coverage=0.2), 3, 0.01, 1000), ["mode collapse"]),
    "all within few": ((rows(recall=0.05), 3, 0.01, 1000), ["mode collapse"]),
    "as many copies as chance may have it": ((rows(), 3, 0.08, 1000), []),
    "all alike": ((rows(diversity=0.3), 3, 0.01, 1000), ["mode collapse"]),
    "copies": ((rows(), 3, 0.3, 1000), ["memorisation"]),
    "few items": ((rows(), 3, None, 50), ["few items"]),
    "a loss was no number": ((rows(), 3, 0.01, 1000, "the term 'tell' became nan; lower it."), ["divergence"]),
    "it has converged": ((rows(LONG), 12, 0.01, 1000), []),
    "it could go on": ((rows([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]), 10, 0.01, 1000), ["still improving"]),
    "it was better": ((rows([5, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 2, 0.01, 1000), ["past its best"]),
    "all at once": ((rows(right=1.0, coverage=0.0), 3, 0.9, 1000), ["saturation", "mode collapse", "memorisation"]),
}


@pytest.mark.parametrize("case", CASES)
def test_troubles_are_named(case):
    given, names = CASES[case]
    health = of_row(*given)
    assert [trouble.name for trouble in health.troubles] == names
    assert Health.from_config(health.config()) == health
    assert all(trouble.mend for trouble in health.troubles)
    assert ("nothing found wrong" in str(health)) == (not names)


@pytest.mark.parametrize("case", ["saturation", "few modes", "a loss was no number", "it was better"])
def test_no_penalty_is_advised_where_batch_normalisation_refuses_one(case):
    given, _ = CASES[case]
    mends = [of_row(*given, penalised=penalised).troubles[0].mend for penalised in (True, False)]
    assert ["penalty=" in mend for mend in mends] == [True, False]
    assert "family='residual'" in mends[1]


@pytest.mark.filterwarnings("ignore::hiddenspace.generation.health.GenerationWarning")
def test_a_discriminator_that_has_won_is_told_of(monkeypatch):
    """The game as it is first written down, and a discriminator that takes five quick steps."""
    monkeypatch.setattr(generative, "EPOCH", 60)
    rng = np.random.default_rng(0)
    angle = np.pi / 4 * rng.integers(0, 8, 400)
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.02 * rng.normal(size=(400, 2))
    bad = {"loss": "minimax", "penalty": 0, "spectral_norm": False, "discriminator_steps": 5}
    short = {"latent": 2, "width": 32, "inversion_steps": 0, "random_state": 0, "batch_size": 64}
    trainer = hs.Trainer(progress=False, precision="32")
    names = [
        {t.name for t in hs.GAN(**params, **short, epochs=3, trainer=trainer).fit(X).health_.troubles}
        for params in (bad, {})
    ]
    assert {"saturation", "mode collapse"} <= names[0]
    assert "saturation" not in names[1]


@pytest.mark.parametrize("items", [400, 9_000])
def test_copies_are_told_of(monkeypatch, items):
    """A generator that answers with items it was given, whatever the noise; of many, too, hardly any twice."""
    import torch
    from torch import nn

    monkeypatch.setattr(generative, "EPOCH", 2)
    X = np.random.default_rng(0).normal(size=(items, 6)).astype(np.float32)

    class Parrot(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.zeros(1))
            self.register_buffer("known", torch.from_numpy((X - X.mean(0)) / X.std(0)))

        def forward(self, z):
            chosen = (z[:, 0].abs() * 1e4).long() % len(self.known)
            return self.known[chosen] + self.scale * z[:, :1]

    trainer = hs.Trainer(progress=False, precision="32")
    with pytest.warns(GenerationWarning, match="memorisation"):
        model = hs.GAN(
            2, generator=Parrot(), epochs=1, inversion_steps=0, learning_rate=1e-6, random_state=0, trainer=trainer
        ).fit(X)
    assert model.health_.figures["copied"] > 0.8


def test_copies_of_large_images_are_told_by_their_means():
    """Of 64 pixels, compared by means over squares of 2 x 2."""
    import torch

    from hiddenspace.generation.judging import By, Judge

    rng = np.random.default_rng(0)
    training, held_out, fresh = rng.random((3, 60, 3, 64, 64), dtype=np.float32)

    def copied(made):
        judge = Judge(lambda count: iter([torch.from_numpy(made)]), By(lambda x: x, ""), training[:5], held_out)
        return judge.copied([training[:30], training[30:]])

    share, honest = copied(training)
    assert share == 1.0
    assert copied(fresh)[0] <= honest < 0.2
