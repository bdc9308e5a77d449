"""Conditional GANs: what is named is drawn, whatever kind of condition it is."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError, UsageError
from hiddenspace.generation import generative
from hiddenspace.generation.conditional_gan import ConditionallyAdversarial
from hiddenspace.losses.adversarial import LOSSES, adversarial_loss
from hiddenspace.nets.discriminators import Critic

QUIET = hs.Trainer(progress=False, precision="32")
rng = np.random.default_rng(0)
LABELS = rng.choice(["low", "middle", "high"], 600)
PLACES = {"low": -3.0, "middle": 0.0, "high": 3.0}
ROWS = (np.array([PLACES[y] for y in LABELS])[:, None] + 0.3 * rng.normal(size=(600, 2))).astype(np.float32)
IMAGES = rng.integers(0, 256, (40, 8, 6), dtype=np.uint8)
pytestmark = [
    pytest.mark.usefixtures("short_epochs"),
    pytest.mark.filterwarnings("ignore::hiddenspace.generation.health.GenerationWarning"),
]


def make(**params):
    short = {"latent": 3, "epochs": 2, "batch_size": 16, "width": 8, "inversion_steps": 3, "random_state": 0}
    return hs.ConditionalGAN(**{**short, "trainer": QUIET, **params})


@pytest.mark.parametrize("conditioning", ["projection", "auxiliary"])
def test_what_is_named_is_drawn(conditioning, monkeypatch):
    monkeypatch.setattr(generative, "EPOCH", 100)
    model = make(conditioning=conditioning, epochs=6, batch_size=64, width=96).fit(ROWS, LABELS)
    for label, place in PLACES.items():
        new = model.sample(200, labels=[label])
        assert (np.abs(new - place).max(1) < 1.4).mean() > 0.85, label
    mixed = model.sample(600, random_state=1)  # of what the data are
    shares = [(np.abs(mixed.mean(1) - place) < 1.5).mean() for place in PLACES.values()]
    np.testing.assert_allclose(shares, [(label == LABELS).mean() for label in PLACES], atol=0.12)


@pytest.mark.parametrize(
    ("conditioning", "of_images", "of_rows"),
    [(None, True, False), ("auxiliary", True, True), ("projection", False, False)],
)
def test_images_are_guessed_by_default(conditioning, of_images, of_rows):
    for X, guessed in ((IMAGES, of_images), (ROWS, of_rows)):
        critic = make(conditioning=conditioning, epochs=1).fit(X, LABELS[: len(X)]).discriminator_
        assert (critic.auxiliary is not None) == guessed


@pytest.mark.parametrize("loss", LOSSES)
def test_the_terms_of_a_game(loss):
    torch.manual_seed(0)
    generator, rule = nn.Linear(2 + 3, 4), adversarial_loss(loss)
    critic = Critic(nn.Linear(4, 6), 6, condition=3)
    game = ConditionallyAdversarial(generator, critic, rule, 2, (1, 1), 2.0, None)
    batch = {"x": torch.randn(5, 4), "condition": torch.eye(3)[[0, 1, 2, 0, 1]]}
    torch.manual_seed(1)
    terms = game.discriminator_loss(batch)
    torch.manual_seed(1)
    fake = generator(torch.cat([torch.randn(5, 2), batch["condition"]], 1))
    real_logits, fake_logits = critic(batch["x"], batch["condition"]), critic(fake, batch["condition"])
    torch.testing.assert_close(terms["tell"], rule.discriminator(real_logits, fake_logits))
    slopes = (critic.head.weight + critic.projection(batch["condition"])) @ critic.body.weight  # (5, 4), of each item
    lengths = slopes.norm(dim=1)
    expected = lengths.square().mean() if rule.penalty == "zero-centred" else (lengths - 1).square().mean()
    torch.testing.assert_close(terms["slopes"], 2 * expected, rtol=1e-3, atol=1e-4)
    torch.manual_seed(1)
    torch.testing.assert_close(game.generator_loss(batch)["fool"], rule.generator(fake_logits, real_logits))


def test_an_auxiliary_classifier_guesses_classes_and_numbers():
    critic = Critic(nn.Linear(4, 6), 6, condition=4, auxiliary=True)
    game = ConditionallyAdversarial(nn.Linear(6, 4), critic, adversarial_loss("hinge"), 2, (1, 1), 0.0, None)
    game.groups = ((0, 3, True), (3, 4, False))
    x, condition = torch.randn(5, 4), torch.cat([torch.eye(3)[[0, 1, 2, 0, 1]], torch.randn(5, 1)], 1)
    guessed = critic.auxiliary(critic.body(x))
    classes = nn.functional.cross_entropy(guessed[:, :3], torch.tensor([0, 1, 2, 0, 1]))
    numbers = nn.functional.mse_loss(guessed[:, 3:], condition[:, 3:])
    torch.testing.assert_close(game.guess(x, condition)["guess"], (classes + numbers) / 2)


CONDITIONS = {
    "classes": (LABELS[:40], [LABELS[0]]),
    "numbers as classes": (np.arange(40) % 3, [2, 0]),
    "table": (
        pd.DataFrame({"type": LABELS[:40], "angle": np.linspace(0, 350, 40), "size": rng.normal(size=40)}),
        pd.DataFrame({"type": [LABELS[0]], "angle": [10.0], "size": [0.5]}),
    ),
    "array": (rng.normal(size=(40, 2)), np.zeros((3, 2))),
    "tensor": (torch.arange(40) % 2, [1, 0]),
}


@pytest.mark.parametrize("kind", CONDITIONS)
def test_conditions_of_any_kind(kind, tmp_path):
    y, wanted = CONDITIONS[kind]
    model = make().fit(IMAGES, y)
    count = len(wanted)
    assert model.sample(labels=wanted).shape == (count, 8, 6)
    assert model.sample(7, labels=wanted).shape == (7, 8, 6)
    assert model.sample().shape == (64, 8, 6)
    assert model.transform(IMAGES).shape == (40, 3 + model.attribute_format_.width)
    model.save_pretrained(tmp_path)
    loaded = hs.load(tmp_path)
    np.testing.assert_allclose(loaded.sample(5, labels=wanted), model.sample(5, labels=wanted), atol=1e-3)
    np.testing.assert_allclose(loaded.sample(5), model.sample(5), atol=1e-3)


def test_labels_are_taken_from_the_source():
    digits = hs.load_dataset("digits")
    model = make().fit(digits.take(np.arange(60)))
    assert model.attribute_format_.names == tuple(f"label = {i}" for i in range(10))
    assert model.sample(labels=[0, 1, 2]).shape[0] == 3


def test_fewer_labels_than_items_are_gone_through_again():
    model = make().fit(IMAGES, np.arange(40) % 3)
    codes = torch.cat(list(model._codes(7, 0, None, torch.eye(3)[:2])))
    np.testing.assert_array_equal(codes[:, 3:], torch.eye(3)[[0, 1, 0, 1, 0, 1, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make().fit(IMAGES), "needs to know what the items are; give y"),
        (lambda: make().fit(IMAGES, np.arange(39) % 2), "there are 40 items but 39 conditions"),
        (lambda: make().fit(IMAGES, np.where(np.arange(40) < 2, "", "a")), "2 of 40 labels are missing"),
        (lambda: make().fit(IMAGES, [None, *["a", "b", "c"] * 13]), "1 of 40 labels are missing"),
        (lambda: make().fit(IMAGES, np.full((40, 1), np.nan)), "has no value in row 0"),
        (lambda: make().fit(IMAGES, np.arange(40) % 3).sample(labels=[3]), "3 is no known value of the attribute"),
        (lambda: make().fit(IMAGES, 1 + np.arange(40) % 3).sample(labels=[0]), "0 is no known value of the attribute"),
        (lambda: make().fit(IMAGES, np.arange(40) % 3).sample(labels=[]), "labels are empty"),
    ],
)
def test_bad_conditions_are_told_in_a_sentence(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_an_unknown_conditioning_is_told():
    with pytest.raises(UsageError, match="conditioning='concat' is unknown; use 'projection' or 'auxiliary'"):
        make(conditioning="concat").fit(IMAGES, np.arange(40) % 3)


def test_a_discriminator_of_ones_own_is_tried_with_conditions():
    class Wide(nn.Module):
        def forward(self, x, condition):
            return condition

    with pytest.raises(UsageError, match=r"gives \(2, 3\) for 2 items; make it give \(batch,\) logits"):
        make(discriminator=Wide()).fit(IMAGES, np.arange(40) % 3)
    with pytest.raises(UsageError, match=r"the discriminator does not take \(batch, 1, 8, 6\) and \(batch, 3\)"):
        make(discriminator=nn.Sequential(nn.Flatten(), nn.Linear(48, 1))).fit(IMAGES, np.arange(40) % 3)
