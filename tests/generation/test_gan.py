"""GANs: the algorithm, what is learned, sampling, inversion, saving, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError, HiddenspaceError, ModelError, TrainingError, UsageError
from hiddenspace.generation import generative
from hiddenspace.generation.gan import Adversarial
from hiddenspace.generation.health import GenerationWarning
from hiddenspace.generation.rejection import least_logit
from hiddenspace.losses.adversarial import LOSSES, adversarial_loss

QUIET = hs.Trainer(progress=False, precision="32")
rng = np.random.default_rng(0)
ROWS = (rng.normal(size=(120, 2)) @ rng.normal(size=(2, 3)) + 3).astype(np.float32)
IMAGES = rng.integers(0, 256, (40, 8, 6), dtype=np.uint8)
pytestmark = [
    pytest.mark.usefixtures("short_epochs"),
    pytest.mark.filterwarnings("ignore::hiddenspace.generation.health.GenerationWarning"),
]


def make(**params):
    short = {"latent": 3, "epochs": 2, "batch_size": 16, "width": 8, "inversion_steps": 3, "random_state": 0}
    return hs.GAN(**{**short, "trainer": QUIET, **params})


@parametrize_with_checks([make()])
def test_scikit_learn(estimator, check):
    check(estimator)


# the algorithm ----------------------------------------------------------------------------------------------------


class Counting(nn.Module):
    """One number; remembers who moved it."""

    def __init__(self, size):
        super().__init__()
        self.linear = nn.Linear(size, 1)

    def forward(self, x):
        return self.linear(x)


@pytest.mark.parametrize(("k", "m"), [(1, 1), (3, 1), (2, 4)])
def test_k_steps_of_the_discriminator_then_m_of_the_generator(k, m):
    played = []

    class Watched(Adversarial):
        def discriminator_loss(self, batch):
            played.append("D")
            return super().discriminator_loss(batch)

        def generator_loss(self, batch):
            played.append("G")
            return super().generator_loss(batch)

    class Batches:
        drawn = 0

        def __len__(self):
            return 4

        def on(self, device, rank, world_size):
            return self

        def draw(self, position):
            Batches.drawn += 1
            return {"x": torch.randn(5, 1)}, 5

    game = Watched(Counting(2), Counting(1), adversarial_loss("hinge"), 2, (k, m), 0.0, None)
    hs.play(game, Batches(), rounds=3, trainer=hs.Trainer(progress=False, precision="32"))
    assert played == (["D"] * k + ["G"] * m) * 3
    assert Batches.drawn == 3 * (k + m)  # each step samples anew


def test_a_players_step_leaves_the_other_as_it_is():
    game = Adversarial(Counting(2), Counting(1), adversarial_loss("relativistic"), 2, (1, 1), 1.0, None)
    before = {name: p.clone() for name, p in game.named_parameters()}
    moved = []

    class Batches:
        def __len__(self):
            return 1

        def on(self, *_):
            return self

        def draw(self, position):
            now = {n for n, p in game.named_parameters() if not torch.equal(p, before[n])}
            moved.append({name.split(".")[0] for name in now})
            return {"x": torch.randn(5, 1)}, 5

    hs.play(game, Batches(), rounds=1, trainer=QUIET)
    assert moved == [set(), {"discriminator"}]
    assert not torch.equal(game.generator.linear.weight, before["generator.linear.weight"])


@pytest.mark.parametrize("loss", LOSSES)
def test_the_terms_of_a_game(loss):
    torch.manual_seed(0)
    generator, critic, rule = nn.Linear(2, 1), nn.Linear(1, 1), adversarial_loss(loss)
    game = Adversarial(generator, critic, rule, 2, (1, 1), 2.0, None)
    x = torch.randn(6, 1)
    torch.manual_seed(1)
    terms = game.discriminator_loss({"x": x})
    torch.manual_seed(1)
    fake = generator(torch.randn(6, 2))
    torch.testing.assert_close(terms["tell"], rule.discriminator(critic(x), critic(fake)))
    slope = critic.weight.abs().item()
    expected = slope**2 if rule.penalty == "zero-centred" else (slope - 1) ** 2
    assert terms["slopes"].item() == pytest.approx(2 * expected, rel=1e-4)
    assert not terms["right"].requires_grad
    assert terms["right"].item() == pytest.approx((critic(x) > critic(fake)).float().mean().item())
    torch.manual_seed(1)
    fooled = game.generator_loss({"x": x})["fool"]
    torch.testing.assert_close(fooled, rule.generator(critic(fake), critic(x)))


def test_a_critic_with_batch_normalisation_judges_real_and_generated_items_apart():
    critic = nn.Sequential(nn.BatchNorm1d(1, affine=False), nn.Linear(1, 1))
    game = Adversarial(nn.Linear(2, 1), critic, adversarial_loss("hinge"), 2, (1, 1), 0.0, None)
    on_real, on_fake, _ = game.judged(critic, torch.randn(8, 1) + 5, torch.randn(8, 1) - 5)
    assert abs(on_real.mean().item() - on_fake.mean().item()) < 1e-4  # both were centred by themselves


# what is learned --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "params"),
    [
        ("relativistic", {}),
        ("non-saturating", {}),
        ("hinge", {}),
        ("least-squares", {}),
        ("wasserstein", {"discriminator_steps": 3}),
    ],
)
def test_two_clusters_are_learned_by_every_loss(loss, params, monkeypatch):
    monkeypatch.setattr(generative, "EPOCH", 80)
    X = np.where(rng.random((1000, 1)) < 0.3, -2.0, 2.0) * [1, 0.5] + 0.3 * rng.normal(size=(1000, 2))
    short = {"latent": 2, "epochs": 4, "batch_size": 64, "width": 32, "inversion_steps": 0}
    model = make(loss=loss, **{**short, **params}).fit(X)
    new = model.sample(1000, random_state=1)
    assert 0.1 < (new[:, 0] < 0).mean() < 0.5
    assert (np.abs(np.abs(new) - [2, 1]).max(1) < 1.2).mean() > 0.8


def test_the_kept_generator_is_that_of_the_lowest_distance():
    model = make(epochs=4).fit(ROWS)
    distances = [row["monitor/frechet"] for row in model.history_]
    assert model.best_epoch_ == 1 + int(np.argmin(distances))
    assert model.health_.figures["frechet"] == min(distances)
    assert "random projections" in model.judged_by_


def test_a_seed_decides_everything():
    one, again, other = make().fit(IMAGES), make().fit(IMAGES), make(random_state=1).fit(IMAGES)
    np.testing.assert_array_equal(one.sample(5), again.sample(5))
    assert not np.allclose(one.sample(5), other.sample(5))


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("X", [ROWS, IMAGES], ids=["rows", "images"])
def test_a_run_goes_on_where_it_was_stopped(X, channels_last, tmp_path):
    class StopAfter(hs.Observer):
        def __call__(self, event):
            if event.round == 4:
                raise KeyboardInterrupt

    how = {"progress": False, "precision": "32", "channels_last": channels_last}
    whole = make(epochs=4, trainer=hs.Trainer(**how)).fit(X)
    first = hs.Trainer(folder=tmp_path, checkpoint_seconds=0, observers=[StopAfter()], **how)
    with pytest.raises(KeyboardInterrupt):
        make(epochs=4, trainer=first).fit(X)
    resumed = make(epochs=4, trainer=hs.Trainer(folder=tmp_path, resume=True, **how)).fit(X)
    np.testing.assert_allclose(resumed.sample(9), whole.sample(9), rtol=1e-5, atol=1e-6)
    assert [row["monitor/frechet"] for row in resumed.history_] == [row["monitor/frechet"] for row in whole.history_]


@pytest.mark.parametrize("X", [IMAGES, IMAGES / 255, np.stack([IMAGES] * 3, axis=-1), np.stack([IMAGES] * 3, axis=1)])
def test_new_images_have_the_datas_own_shape_and_range(X):
    new = make().fit(X).sample(5)
    assert new.shape == (5, *X.shape[1:])
    assert new.min() >= 0
    assert new.max() <= (255 if X.dtype == np.uint8 else 1)


def test_new_rows_of_a_table():
    table = pd.DataFrame({"size": rng.normal(10, 3, 60), "colour": rng.choice(["red", "green"], 60)})
    new = make().fit(table).sample(7)
    assert list(new.columns) == ["size", "colour"]
    assert set(new["colour"]) <= {"red", "green"}


# new items --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def images_gan():
    before, generative.EPOCH = generative.EPOCH, 3
    model = make().fit(IMAGES)
    generative.EPOCH = before
    return model


def test_more_items_begin_with_the_same_ones(images_gan):
    many = images_gan.sample(300, random_state=4)
    np.testing.assert_allclose(many[:5], images_gan.sample(5, random_state=4), atol=1e-3)
    np.testing.assert_allclose(many[256:257], images_gan.sample(257, random_state=4)[256:], atol=1e-3)
    assert not np.allclose(many[:5], images_gan.sample(5, random_state=5))


def test_truncated_noise_stays_within_its_bounds_and_items_differ_less(images_gan):
    wide, narrow = (np.concatenate(list(images_gan.draws(200, truncation=t))) for t in (None, 0.2))
    assert narrow.std(0).mean() < 0.5 * wide.std(0).mean()
    codes = torch.cat(list(images_gan._codes(500, 0, 0.7)))
    assert codes.abs().max() <= 0.7
    assert codes.std() == pytest.approx(0.39, abs=0.03)  # of a normal distribution cut at 0.7


class Below(nn.Module):
    """Thinks the less of an item, the larger its first number is."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return -self.weight * x.flatten(1)[:, 0]


class Same(nn.Module):
    """Gives the noise."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, z):
        return z * self.weight


@pytest.fixture(scope="module")
def judged():
    """Items are noise, and the discriminator likes small ones; the real ones are normal."""
    model = make(generator=Same(), discriminator=Below(), penalty=0.0).fit(rng.normal(size=(2_000, 3)))
    model.generator_, model.discriminator_ = Same(), Below()
    model.real_logits_ = norm.ppf(np.clip(np.arange(101) / 100, 1e-6, 1 - 1e-6))
    return model


@pytest.mark.parametrize("rejection", [0.0, 0.3, 0.9])
def test_what_is_less_real_than_so_many_real_items_is_drawn_anew(judged, rejection):
    first = np.concatenate(list(judged.draws(4_000, rejection=rejection)))[:, 0]
    whole = np.concatenate(list(judged.draws(4_000, rejection=0.0)))[:, 0]
    bound = norm.isf(rejection)
    assert (first > bound).mean() == pytest.approx(rejection**11, abs=0.02)  # ten tries more
    if rejection == 0.3:
        assert first.mean() == pytest.approx(-norm.pdf(bound) / norm.cdf(bound), abs=0.06)  # of a normal one cut off
    kept = whole < bound - 1e-3
    np.testing.assert_array_equal(first[kept], whole[kept])
    beyond = whole > bound + 1e-3
    assert (first[beyond] != whole[beyond]).all()


def test_rows_are_rejected_by_default_and_images_are_not(judged):
    mine, wanted, all_of_them = (
        np.concatenate(list(judged.draws(300, **how))) for how in ({}, {"rejection": 0.01}, {"rejection": 0.0})
    )
    np.testing.assert_array_equal(mine, wanted)
    assert (mine != all_of_them).any()
    assert least_logit(None, "images", np.arange(101.0)) is None
    assert least_logit(None, "table", np.arange(101.0)) == pytest.approx(1.0)
    assert least_logit(0.025, "images", np.arange(101.0)) == pytest.approx(2.5)


def test_what_is_drawn_anew_does_not_hang_on_how_many_are_drawn(judged):
    many, few = (np.concatenate(list(judged.draws(n, rejection=0.6))) for n in (600, 270))
    np.testing.assert_array_equal(many[:270], few)
    narrow = np.concatenate(list(judged.draws(300, rejection=0.6, truncation=0.5)))
    assert np.abs(narrow).max() <= 0.5


def test_what_the_discriminator_says_of_held_out_items_is_kept(tmp_path):
    many = rng.normal(size=(1_200, 3))
    model = make(validation_fraction=0.5).fit(many)
    items = torch.cat(list(model._batches(model._read(many))))
    learned, held_out = model._positions(len(many))
    logits = model._logits(items, torch.zeros(len(items), 0)).numpy()
    np.testing.assert_allclose(model.real_logits_, np.percentile(logits[held_out], np.arange(101)), atol=1e-5)
    assert not np.allclose(model.real_logits_, np.percentile(logits[learned], np.arange(101)), atol=1e-5)
    model.save_pretrained(tmp_path)
    np.testing.assert_allclose(hs.load(tmp_path).sample(9, rejection=0.5), model.sample(9, rejection=0.5), atol=1e-4)


def test_of_few_items_all_that_is_drawn_is_taken():
    model = make().fit(ROWS)
    np.testing.assert_array_equal(model.sample(50), model.sample(50, rejection=0.0))
    with pytest.raises(UsageError, match=r"rejection=0.1 needs 100 items that were held out; fit with more"):
        model.sample(3, rejection=0.1)


@pytest.mark.parametrize(("given", "rows", "images"), [("auto", "32", "auto"), ("bf16", "bf16", "bf16")])
def test_rows_are_learned_in_float32(given, rows, images):
    for kind, precision in (("vectors", rows), ("images", images)):
        model = make(trainer=hs.Trainer(precision=given))
        model.format_ = type("Format", (), {"kind": kind, "shape": (1, 28, 28)})()
        model.seed_ = 0
        assert model._trainer(model._default_recipe(100)).precision == precision


@pytest.mark.parametrize(
    ("X", "how", "wanted"),
    [
        (ROWS, {"width": 64}, 1),
        (ROWS, {"width": 500}, 2),
        (ROWS, {"generator": nn.Linear(3, 3)}, 2),
        (IMAGES, {}, 2),
    ],
    ids=["small", "large", "own", "images"],
)
def test_small_networks_of_rows_are_learned_on_one_thread(X, how, wanted):
    seen = []

    class Watch(hs.Observer):
        def __call__(self, event):
            seen.append(torch.get_num_threads())

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        watched = hs.Trainer(progress=False, observers=[Watch()])
        make(**how, epochs=1, inversion_steps=0, trainer=watched).fit(X)
        assert set(seen) == {wanted}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_items_are_streamed_to_a_file_and_to_a_folder(images_gan, tmp_path):
    images_gan.write(tmp_path / "many.npy", 300, random_state=2)
    many = np.load(tmp_path / "many.npy")
    assert many.shape == (300, 8, 6)
    assert many.dtype == np.uint8
    np.testing.assert_array_equal(many[:4], np.round(images_gan.sample(4, random_state=2)).astype(np.uint8))
    images_gan.write(tmp_path / "folder", 3)
    assert [p.name for p in sorted((tmp_path / "folder").iterdir())] == ["0000000.png", "0000001.png", "0000002.png"]
    rows = make().fit(ROWS)
    rows.write(tmp_path / "rows.npy", 20)
    np.testing.assert_allclose(np.load(tmp_path / "rows.npy"), rows.sample(20), rtol=1e-6)
    many = make(epochs=1).fit(rng.integers(0, 256, (40, 8, 6, 5), dtype=np.uint8))
    with pytest.raises(UsageError, match="no image file holds 5 channels"):
        many.write(tmp_path / "folder", 3)
    many.write(tmp_path / "many.npy", 3)
    assert np.load(tmp_path / "many.npy").shape == (3, 8, 6, 5)
    with pytest.raises(UsageError, match="vectors cannot be streamed"):
        rows.write(tmp_path / "rows.csv", 20)


def test_optimisation_finds_the_noise_of_an_item_again():
    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.map = nn.Linear(3, 3)

        def forward(self, z):
            return self.map(z)

    model = make(generator=Linear(), epochs=1).fit(ROWS)
    codes = rng.normal(size=(4, 3)).astype(np.float32)
    items = model.inverse_transform(codes)
    found = model.inverse_transform(model.invert(items, steps=400))
    guess = model.reconstruct(items)
    assert np.square(found - items).mean() < 0.05 * np.square(guess - items).mean()


def test_a_space_of_a_gan_morphs_and_draws(images_gan):
    space = hs.HiddenSpace(images_gan, IMAGES)
    assert np.asarray(space.morph(0, 1, steps=4)).shape == (4, 8, 6)
    assert space.sample(3, method="prior", random_state=0).shape == (3, 8, 6)
    assert len(space.similar(IMAGES[0], k=2)) == 2


def test_saved_and_loaded_it_draws_the_same(images_gan, tmp_path):
    images_gan.save_pretrained(tmp_path)
    loaded = hs.load(tmp_path)
    np.testing.assert_allclose(loaded.sample(4), images_gan.sample(4), atol=1e-3)
    np.testing.assert_allclose(loaded.transform(IMAGES[:3]), images_gan.transform(IMAGES[:3]), atol=1e-5)
    card = (tmp_path / "README.md").read_text()
    assert "draws images of 8x6 pixels with one channel from 3 numbers of noise" in card
    assert "new = model.sample(64)" in card
    assert f"| Frechet distance over {images_gan.judged_by_}, new items beside training items |" in card
    assert loaded.health_ == images_gan.health_
    assert loaded.judged_by_ == images_gan.judged_by_
    config = json.loads((tmp_path / "config.json").read_text())
    config["fitted"]["judged_by"] = config["fitted"]["health"].pop("judged_by")  # where it once was
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert hs.load(tmp_path).judged_by_ == images_gan.judged_by_


@pytest.mark.parametrize("family", ["residual", "dcgan"])
def test_families_and_spectral_norm_are_saved_too(family, tmp_path):
    model = make(family=family, spectral_norm=True, penalty=0, blocks=1).fit(IMAGES)
    model.save_pretrained(tmp_path)
    np.testing.assert_allclose(hs.load(tmp_path).sample(4), model.sample(4), atol=1e-3)


def test_own_networks_and_own_features(tmp_path):
    generator = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 48), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 6)))
    critic = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    features = nn.Sequential(nn.Flatten(), nn.Linear(48, 5))
    model = make(generator=generator, discriminator=critic, features=features).fit(IMAGES)
    assert model.judged_by_ == "Sequential"
    assert not torch.equal(model.generator_[0].weight, generator[0].weight)  # a copy was trained
    model.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="code of your own"):
        hs.load(tmp_path)
    loaded = hs.load(tmp_path, generator=generator, discriminator=critic, features=features)
    np.testing.assert_allclose(loaded.sample(4), model.sample(4), atol=1e-3)


# augmentation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_of_no_strength_changes_nothing(channels):
    x = torch.rand(6, channels, 9, 7)
    torch.testing.assert_close(hs.Differentiable()(x, torch.zeros(())), x)


def test_augmentation_changes_images_and_lets_gradients_through():
    x = torch.rand(64, 3, 12, 12, requires_grad=True)
    changed = hs.Differentiable()(x, torch.ones(()))
    assert (changed != x).flatten(1).any(1).float().mean() > 0.9
    changed.sum().backward()
    assert x.grad.abs().sum() > 0


def test_shifts_move_whole_pixels_and_holes_are_black():
    x = torch.arange(1.0, 65.0).view(1, 1, 8, 8).repeat(50, 1, 1, 1)
    moved = hs.Differentiable(light=0, shift=0.25, hole=0)(x, torch.ones(()))
    assert set(moved.unique().tolist()) <= {0.0, *x.unique().tolist()}
    assert (moved != x).flatten(1).any(1).float().mean() > 0.8
    holed = hs.Differentiable(light=0, shift=0, hole=0.5)(x, torch.ones(()))
    assert ((holed == x) | (holed == 0)).all()
    assert (holed == 0).any()


# what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"discriminator_steps": 0}, "discriminator_steps=0 is not possible; use a whole number of 1 or more"),
        ({"generator_steps": 0}, "generator_steps=0 is not possible"),
        ({"latent": 0}, "latent=0"),
        ({"loss": "wgan"}, "loss='wgan' is unknown; use one of 'minimax'"),
        ({"family": "stylegan"}, "family='stylegan' is unknown; use 'residual' or 'dcgan'"),
        ({"penalty": -1}, "penalty=-1"),
        ({"augmentation": 3}, "augmentation=3 is no function"),
        ({"features": 3}, "features=3 is no network"),
        ({"generator": 3}, "generator=3 is no torch.nn.Module"),
        ({"generator": nn.Linear(3, 7)}, "the generator gives"),
        ({"discriminator": nn.Linear(3, 7)}, "make it give \\(batch,\\) logits"),
        ({"discriminator": nn.Linear(3, 1), "spectral_norm": True}, "spectral_norm=True is for the default"),
    ],
)
def test_bad_hyperparameters_are_told_in_a_sentence(params, message):
    with pytest.raises(UsageError, match=message):
        make(**params).fit(ROWS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(0), "n=0 is not possible"),
        (lambda m: m.sample(3, truncation=0), "truncation=0"),
        (lambda m: m.sample(3, rejection=1.0), "rejection=1.0 is not possible"),
        (lambda m: m.sample(3, random_state=-1), "random_state=-1 is no seed"),
        (lambda m: m.invert(IMAGES[:2], steps=0), "steps=0"),
    ],
)
def test_bad_calls_are_told_in_a_sentence(images_gan, call, message):
    with pytest.raises(UsageError, match=message):
        call(images_gan)


def test_one_image_is_too_few():
    with pytest.raises(DataError, match="at least 2 items"):
        make().fit(IMAGES[:1])


def test_images_of_mixed_sizes_are_refused():
    with pytest.raises(HiddenspaceError):
        make().fit([np.zeros((8, 8), np.uint8), np.zeros((9, 8), np.uint8)])


@pytest.mark.filterwarnings("default::hiddenspace.generation.health.GenerationWarning")
def test_ten_images_are_augmented_and_warned_of():
    with pytest.warns(GenerationWarning, match="few items: there are 9 items"):
        model = make().fit(IMAGES[:10])
    assert model._augments()


@pytest.mark.parametrize("after", [0, 2])
def test_training_that_diverges_ends_at_its_best_epoch(after, monkeypatch):
    """NaN in a loss: before there is a good epoch it is an error, later the best epoch is kept and it is said."""
    calls = []
    whole = Adversarial.generator_loss

    def broken(self, batch):
        calls.append(1)
        terms = whole(self, batch)
        return {name: value * (float("nan") if len(calls) > 3 * after else 1.0) for name, value in terms.items()}

    monkeypatch.setattr(Adversarial, "generator_loss", broken)
    if not after:
        with pytest.raises(TrainingError, match="the term 'fool' of player 'generator' became nan in round 1"):
            make(epochs=5).fit(ROWS)
        return
    model = make(epochs=5).fit(ROWS)
    assert len(model.history_) == after
    (trouble,) = [t for t in model.health_.troubles if t.name == "divergence"]
    assert "the term 'fool' of player 'generator' became nan" in trouble.finding
    assert np.isfinite(model.sample(20)).all()


def test_augmentation_grows_where_training_images_are_known_by_heart():
    from hiddenspace.generation.adapting import IMAGES as SLOW
    from hiddenspace.generation.adapting import MOST, Adapting

    game = Adversarial(nn.Linear(1, 1), nn.Linear(1, 1), adversarial_loss("hinge"), 1, (1, 1), 0.0, None)

    def after(train, held_out, generated, epochs=1):
        logits = (lambda value=value: torch.full((4,), value) for value in (train, held_out, generated))
        observer = Adapting(game, *logits, images=SLOW // 10)
        return [observer.figures({}) for _ in range(epochs)][-1]

    assert after(3.0, 0.5, 0.0)["monitor/overfitting"] == pytest.approx(2.5 / 3)
    assert game.strength.item() == pytest.approx(0.1)
    assert after(3.0, 2.5, 0.0)["monitor/augmentation"] == pytest.approx(0.0)
    assert after(3.0, 0.0, 0.0, epochs=20)["monitor/augmentation"] == pytest.approx(MOST)


def test_the_strength_of_an_augmentation(monkeypatch):
    """Of one that was chosen, of one that adapts, and of those that cannot, as nothing or too little is held out."""
    games = []
    monkeypatch.setattr(hs.GAN, "_new_game", lambda self, make=hs.GAN._new_game: games.append(make(self)) or games[-1])
    chosen = hs.Differentiable(shift=0.1)
    assert "monitor/augmentation" not in make(augmentation=chosen, epochs=1).fit(IMAGES).history_[0]
    assert "monitor/augmentation" in make(epochs=1).fit(np.tile(IMAGES, (6, 1, 1))).history_[0]
    make(epochs=1, validation_fraction=0.0).fit(IMAGES)
    make(epochs=1).fit(IMAGES[:10])
    assert games[0].strength == 1
    assert games[1].strength < 0.1
    assert games[3].strength == games[2].strength
    assert games[2].strength == pytest.approx(0.4)
    assert not make(augmentation=None, epochs=1).fit(IMAGES)._augments()


def test_without_the_way_back_there_are_no_codes_but_inversion_works():
    model = make(inversion_steps=0, epochs=1).fit(ROWS)
    with pytest.raises(ModelError, match="fitted with inversion_steps=0"):
        model.transform(ROWS)
    assert model.invert(ROWS[:2], steps=2).shape == (2, 3)


def test_own_features_are_left_as_they_are_and_tried():
    net = nn.Sequential(nn.Flatten(), nn.Linear(48, 5), nn.Dropout()).train()
    make(features=net, epochs=1).fit(IMAGES)
    assert net.training
    with pytest.raises(UsageError, match="features=Linear does not take"):
        make(features=nn.Linear(7, 2), epochs=1).fit(IMAGES)


def test_features_are_told_by_name_for_images_only():
    assert "seed 0, activations normalised on the data" in make(features="random", epochs=1).fit(IMAGES).judged_by_
    with pytest.raises(UsageError, match="vgg91 is neither a file nor a known net"):
        make(features="vgg91", epochs=1).fit(IMAGES)
    with pytest.raises(UsageError, match="features='random' is a net for images"):
        make(features="random", epochs=1).fit(ROWS)


def test_figures_do_not_hang_on_the_order_of_the_items():
    """Of items sorted by class the first thousand would be of a few classes only."""
    X = np.sort(rng.integers(0, 10, (3000, 1)).astype(float), axis=0) + 0.01 * rng.normal(size=(3000, 2))
    model = make(epochs=1, validation_fraction=0.0)
    seen = []
    original = generative.Judge.__init__
    generative.Judge.__init__ = lambda self, draw, by, real, held_out: (
        seen.append(real),
        original(self, draw, by, real, held_out),
    )[1]
    try:
        model.fit(X)
    finally:
        generative.Judge.__init__ = original
    assert seen[0][:1000].std() == pytest.approx(seen[0].std(), rel=0.1)


@pytest.mark.parametrize(("params"), [{"penalty": 1.0}, {"loss": "wasserstein"}])
def test_penalties_are_refused_beside_batch_normalisation(params):
    with pytest.raises(UsageError, match="batch normalisation in the discriminator"):
        make(family="dcgan", **params).fit(IMAGES)


@pytest.mark.parametrize(
    ("params", "images", "rows"),
    [
        ({"loss": "relativistic"}, 0.1, 0.1),
        ({"loss": "non-saturating"}, 0.1, 0.1),
        ({"loss": "wasserstein"}, 10.0, 0.1),
        *(({"loss": loss}, 0.0, 0.0) for loss in ("hinge", "least-squares", "minimax")),
        ({"family": "dcgan"}, 0.0, 0.1),
        ({"penalty": 3.0}, 3.0, 3.0),
    ],
)
def test_the_weight_of_the_penalty_is_what_is_documented(params, images, rows):
    model = make(**params)
    found = []
    for kind in ("images", "vectors"):
        model.format_ = type("Format", (), {"kind": kind})()
        found.append(model._penalty())
    assert found == [images, rows]


def test_patience_is_half_of_the_epochs():
    assert make(epochs=40)._default_patience(40) == 20


@pytest.mark.parametrize(("items", "batch"), [(54_000, 8), (54_000, 64), (54_000, 512), (31_936, 64), (100, 64)])
def test_defaults_make_about_eight_thousand_rounds(items, batch, monkeypatch):
    monkeypatch.setattr(generative, "EPOCH", 250)
    model = make(batch_size=batch, epochs=None)
    model.format_ = type("Format", (), {"kind": "images", "shape": (1, 28, 28)})()
    recipe = model._default_recipe(items)
    once = max(1, items // batch)
    batches = once * -(-500 // once)
    assert recipe.epochs * -(-batches // 2) == pytest.approx(8_000, rel=0.35)


@pytest.mark.parametrize(
    ("params", "kind", "shape", "rate"),
    [
        ({}, "images", (1, 8, 8), 2e-3),
        ({}, "images", (3, 56, 28), 1e-3),
        ({"family": "dcgan"}, "images", (3, 56, 28), 5e-4),
        ({"family": "dcgan"}, "vectors", (7,), 3e-3),
    ],
)
def test_large_images_are_learned_by_smaller_steps(params, kind, shape, rate):
    model = make(learning_rate=None, **params)
    model.format_ = type("Format", (), {"kind": kind, "shape": shape})()
    assert model._default_recipe(1_000).learning_rate == pytest.approx(rate)


def test_networks_with_second_derivatives_are_not_compiled(monkeypatch):
    from hiddenspace.training.compiling import Compiler

    game = Adversarial(nn.Linear(2, 1), nn.Linear(1, 1), adversarial_loss("relativistic"), 2, (1, 1), 1.0, None)
    compiler = Compiler(game, hs.Trainer(compile="auto"), torch.device("cpu"))
    monkeypatch.setattr(torch, "compile", lambda call: call)  # torch's own warns of what it uses itself
    compiler._compile()
    assert compiler._compiled == [game.generator]
    compiler.undo()
