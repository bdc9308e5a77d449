"""The autoencoder: its loss, its three regularisers, its networks, and how its training is run."""

import signal
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import hiddenspace as hs
from hiddenspace.autoencoders.autoencoder import Reconstruction
from hiddenspace.autoencoders.learner import OvercompleteWarning
from hiddenspace.autoencoders.recipe import default_recipe
from hiddenspace.errors import TrainingError, UsageError

QUIET = hs.Trainer(progress=False, precision="32")
rng = np.random.default_rng(0)
ROWS = (rng.normal(size=(80, 3)) @ rng.normal(size=(3, 6)) + 0.1 * rng.normal(size=(80, 6))).astype(np.float32)
PICTURES = rng.random((24, 9, 7, 1), dtype=np.float32)


def make(**params):
    return hs.Autoencoder(**{"code": 2, "width": 16, "epochs": 2, "random_state": 0, "trainer": QUIET, **params})


# the loss ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def linear():
    torch.manual_seed(0)
    return nn.Linear(4, 2), nn.Linear(2, 4), torch.randn(5, 4)


def test_loss_is_the_mean_squared_error_over_all_values(linear):
    encoder, decoder, x = linear
    terms = Reconstruction(encoder, decoder).loss(x)
    code = x @ encoder.weight.T + encoder.bias
    again = code @ decoder.weight.T + decoder.bias
    assert terms.keys() == {"reconstruction"}
    torch.testing.assert_close(terms["reconstruction"], ((again - x) ** 2).sum() / 20)


def test_sparsity_is_summed_over_the_code_and_averaged_over_items(linear):
    encoder, decoder, x = linear
    terms = Reconstruction(encoder, decoder, sparsity=0.3).loss(x)
    total = sum(abs(value) for row in encoder(x).tolist() for value in row)
    assert terms["sparsity"].item() == pytest.approx(0.3 * total / 5, rel=1e-5)


def test_sparsity_looks_at_the_code_before_its_noise(linear):
    encoder, decoder, x = linear
    quiet, noisy = (
        Reconstruction(encoder, decoder, sparsity=1.0, code_noise=noise).loss(x)["sparsity"]
        for noise in (None, lambda z: z + 100)
    )
    assert quiet == noisy


def test_code_noise_comes_between_encoder_and_decoder(linear):
    encoder, decoder, x = linear
    terms = Reconstruction(encoder, decoder, code_noise=lambda z: 0 * z).loss(x)
    torch.testing.assert_close(terms["reconstruction"], ((decoder.bias - x) ** 2).mean())


def test_a_corrupted_item_is_to_become_the_original(linear):
    encoder, decoder, x = linear
    terms = Reconstruction(encoder, decoder, corruption=lambda x: 0 * x).loss(x)
    torch.testing.assert_close(terms["reconstruction"], ((decoder(encoder.bias) - x) ** 2).mean())


# regularisers -----------------------------------------------------------------------------------------------------

WAYS_OUT = {
    "sparsity": {"sparsity": 1e-3},
    "code_noise": {"code_noise": hs.Dropout(0.5)},
    "corruption": {"corruption": hs.GaussianNoise(0.3)},
}


@pytest.mark.parametrize("code", [6, 12])
def test_a_code_that_can_copy_is_warned_about(code):
    with pytest.warns(OvercompleteWarning, match=r"sparsity=.*code_noise=.*corruption=.*smaller code") as caught:
        make(code=code).fit(ROWS)
    assert len(caught) == 1
    assert caught[0].filename == __file__  # it points at the line that called fit


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize("X", [ROWS, PICTURES], ids=["rows", "pictures"])
def test_a_code_larger_than_the_data_works_when_regularised(way, X):
    code = 2 * X[0].size
    model = make(code=code, depth=1, **WAYS_OUT[way]).fit(X)
    assert model.transform(X).shape == (len(X), code)
    assert np.isfinite(model.score(X))


def test_no_warning_for_a_small_code():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(code=5).fit(ROWS)


@pytest.mark.parametrize("name", ["SparseAutoencoder", "RedundantAutoencoder", "DenoisingAutoencoder"])
def test_the_three_have_their_way_out_by_default(name):
    model = getattr(hs, name)(code=12, width=16, epochs=2, trainer=QUIET)
    assert model.fit(ROWS).transform(ROWS).shape == (80, 12)
    assert sum(model.get_params()[way] not in (0, None) for way in WAYS_OUT) == 1


def test_defaults_of_subclasses_are_overruled_by_arguments():
    assert hs.SparseAutoencoder(3, sparsity=0.5).get_params() == {**hs.Autoencoder(3).get_params(), "sparsity": 0.5}
    assert hs.DenoisingAutoencoder(corruption=None).corruption is None
    with pytest.raises(TypeError, match="unexpected keyword"):
        hs.RedundantAutoencoder(noise=1)
    with pytest.raises(TypeError):
        hs.SparseAutoencoder(3, 4)


def test_sparsity_makes_codes_small():
    sizes = [
        np.abs(make(sparsity=sparsity, epochs=40, batch_size=16, learning_rate=0.01).fit(ROWS).transform(ROWS))
        .sum(1)
        .mean()
        for sparsity in (0.0, 0.3, 3.0)
    ]
    assert sizes[0] > 1.5 * sizes[1] > 3 * sizes[2]


def test_denoising_learns_to_take_noise_away():
    rng = np.random.default_rng(1)
    clean = rng.normal(size=(400, 2)) @ rng.normal(size=(2, 12))
    noisy = clean + rng.normal(size=clean.shape)
    model = hs.DenoisingAutoencoder(
        code=2, corruption=hs.GaussianNoise(0.5), width=32, epochs=60, batch_size=32, random_state=0, trainer=QUIET
    ).fit(clean)
    assert ((model.denoise(noisy) - clean) ** 2).mean() < 0.6 * ((noisy - clean) ** 2).mean()


def test_a_function_of_ones_own_corrupts():
    seen = []

    def note(x):
        seen.append(tuple(x.shape))
        return x

    make(corruption=note, code_noise=note, batch_size=16, validation_fraction=0).fit(ROWS)
    assert set(seen) == {(16, 6), (16, 2)}


# networks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("X", [ROWS, PICTURES], ids=["rows", "pictures"])
def test_depths(depth, X):
    model = make(depth=depth).fit(X)
    assert model.inverse_transform(model.transform(X)).shape == X.shape
    hidden = [nn.Linear] if X.ndim == 2 else [nn.Conv2d]
    steps = [m for m in model.encoder_.modules() if type(m) in hidden and getattr(m, "stride", (2, 2)) == (2, 2)]
    assert len(steps) == depth + (X.ndim == 2)  # the last layer of a fully connected network gives the code


def test_pictures_get_convolutions_and_rows_do_not():
    kinds = [{type(module) for module in make().fit(X).encoder_.modules()} for X in (ROWS, PICTURES)]
    assert nn.Conv2d not in kinds[0]
    assert nn.Conv2d in kinds[1]


def test_own_networks_are_copied_and_decide_the_code():
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(63, 5), nn.BatchNorm1d(5))
    decoder = nn.Sequential(nn.Linear(5, 63), nn.Unflatten(1, (1, 9, 7)))
    before = [value.clone() for value in encoder.state_dict().values()]
    model = make(code=None, encoder=encoder, decoder=decoder).fit(PICTURES)
    assert model.code_size_ == 5
    assert model.transform(PICTURES).shape == (24, 5)
    assert model.encoder_ is not encoder
    assert all(torch.equal(a, b) for a, b in zip(before, encoder.state_dict().values(), strict=True))
    assert not torch.equal(model.encoder_[1].weight, encoder[1].weight)
    assert encoder.training


def test_one_network_of_ones_own_and_one_by_default():
    assert make(code=None, encoder=nn.Linear(6, 4)).fit(ROWS).transform(ROWS).shape == (80, 4)
    assert make(code=3, decoder=nn.Linear(3, 6)).fit(ROWS).transform(ROWS).shape == (80, 3)


def test_lazy_layers_learn_their_sizes():
    model = make(code=None, encoder=nn.LazyLinear(2), decoder=nn.LazyLinear(6)).fit(ROWS)
    assert model.encoder_.weight.shape == (2, 6)
    assert model.inverse_transform(model.transform(ROWS)).shape == ROWS.shape


class Transposed(nn.Module):
    """Decodes with the transpose of an encoder's weights."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, z):
        return z @ self.encoder.weight


def test_weights_that_both_share_stay_shared():
    encoder = nn.Linear(6, 2)
    model = make(encoder=encoder, decoder=Transposed(encoder)).fit(ROWS)
    assert model.decoder_.encoder is model.encoder_


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ({"encoder": nn.Linear(5, 2)}, r"the encoder does not take \(batch, 6\)"),
        ({"encoder": nn.Unflatten(1, (2, 3))}, r"codes of shape \(2, 2, 3\); make it give \(batch, code\)"),
        ({"encoder": nn.LSTM(6, 2)}, "the encoder gives a tuple; make it give a tensor"),
        ({"encoder": nn.Flatten(2)}, r"the encoder does not take \(batch, 6\) \(IndexError: .*\); make it take that"),
        ({"encoder": nn.Unflatten(0, (1, 2))}, r"the encoder makes \(1, 2, 6\) of a batch of 2; make its first dim"),
        (
            {"decoder": nn.Sequential(nn.Linear(2, 3), nn.Flatten(0), nn.Unflatten(0, (1, 6)))},
            r"the decoder makes \(1, 6",
        ),
        ({"encoder": nn.Linear(6, 3)}, "code=2, but the encoder gives codes of 3"),
        ({"decoder": nn.Linear(3, 6)}, r"the decoder does not take \(batch, 2\)"),
        ({"decoder": nn.Linear(2, 7)}, r"the decoder gives \(2, 7\); make it give \(batch, 6\)"),
    ],
)
def test_networks_that_do_not_fit(networks, message):
    with pytest.raises(UsageError, match=message):
        make(**networks).fit(ROWS)


# training ---------------------------------------------------------------------------------------------------------


def test_it_learns():
    model = make(code=3, epochs=60, batch_size=16, learning_rate=0.01).fit(ROWS)
    losses = [row["validation/reconstruction"] for row in model.history_]
    assert losses[-1] < 0.5 * losses[0]
    assert model.score(ROWS) > 0.6
    assert losses[model.best_epoch_ - 1] == min(losses)


def test_warm_start_goes_on_where_the_last_fit_ended():
    model = make(code=3, epochs=30, batch_size=16, learning_rate=0.01, warm_start=True).fit(ROWS)
    first = model.history_[0]["train/reconstruction"]
    model.set_params(epochs=2).fit(ROWS)
    assert len(model.history_) == 2
    assert model.history_[0]["train/reconstruction"] < 0.5 * first
    model.set_params(warm_start=False).fit(ROWS)
    assert model.history_[0]["train/reconstruction"] > 0.5 * first


def test_warm_start_and_resume_are_two_ways_to_go_on(tmp_path):
    model = make(warm_start=True, trainer=hs.Trainer(progress=False, folder=tmp_path, resume=True)).fit(ROWS)
    with pytest.raises(
        UsageError, match=r"warm_start goes on from the last fit, but Trainer\(resume=True\) from a check"
    ):
        model.fit(ROWS)
    model.set_params(warm_start=False).fit(ROWS)
    trainer = hs.Trainer(progress=False, resume=True)  # without a folder there is nothing to resume
    model.set_params(warm_start=True, trainer=trainer).fit(ROWS)


@pytest.mark.parametrize("state", [None, np.random.RandomState(3)], ids=["None", "RandomState"])
def test_a_seed_that_was_drawn_is_drawn_no_more_when_resumed(tmp_path, state):
    def fit(corruption=None):
        trainer = hs.Trainer(progress=False, precision="32", folder=tmp_path, resume=True)
        return make(random_state=state, epochs=3, validation_fraction=0.2, corruption=corruption, trainer=trainer)

    class Interrupted:
        calls = 0

        def __call__(self, x):
            self.calls += 1
            if self.calls == 3:
                signal.raise_signal(signal.SIGINT)
            return x + torch.randn_like(x)

    class Whole(Interrupted):
        calls = 3

    Whole.__qualname__ = Interrupted.__qualname__  # the same setting, as far as a checkpoint can know
    with pytest.raises(KeyboardInterrupt, match="interrupted and saved"):
        fit(Interrupted()).fit(ROWS)
    resumed = fit(Whole()).fit(ROWS)
    whole = make(random_state=state, epochs=3, validation_fraction=0.2, corruption=Whole())
    whole._draw_seed = lambda: resumed.seed_
    np.testing.assert_array_equal(resumed.transform(ROWS), whole.fit(ROWS).transform(ROWS))
    assert fit(Whole()).fit(ROWS).seed_ == resumed.seed_


def test_numbers_of_numpy_are_numbers(tmp_path):
    numbers = {"code": 2, "depth": 1, "width": 16, "epochs": 2, "batch_size": 16, "patience": 3}
    given = {name: np.int64(value) for name, value in numbers.items()}
    fractions = {"learning_rate": 0.5**8, "sparsity": 0.5, "validation_fraction": 0.25}  # exact in float32 too
    given |= {name: np.float32(value) for name, value in fractions.items()}
    clip = hs.Trainer(progress=False, precision="32", folder=tmp_path / "run", clip=np.float32(1))
    model = make(**given, random_state=np.int64(0), trainer=clip).fit(ROWS)
    model.save_pretrained(tmp_path / "model")
    assert hs.load(tmp_path / "model").recipe_ == model.recipe_
    plain = make(**numbers, **fractions, trainer=hs.Trainer(progress=False, precision="32", clip=1.0)).fit(ROWS)
    assert plain.recipe_ == model.recipe_
    np.testing.assert_array_equal(plain.transform(ROWS), model.transform(ROWS))


def test_warm_start_keeps_the_format():
    model = make(warm_start=True).fit(ROWS)
    known = model.format_
    model.fit(ROWS * 3 + 1)
    assert model.format_ == known


def test_without_validation_the_training_loss_decides():
    model = make(validation_fraction=0).fit(ROWS)
    assert not [key for row in model.history_ for key in row if key.startswith("validation/")]
    losses = [row["train/reconstruction"] for row in model.history_]
    assert losses[model.best_epoch_ - 1] == min(losses)


def test_an_optimizer_of_ones_own_has_its_own_learning_rate():
    def sgd(parameters):
        return torch.optim.SGD(parameters, lr=0.25)

    trainer = hs.Trainer(progress=False, optimizer=sgd)
    assert make(trainer=trainer).fit(ROWS).history_[0]["learning_rate"] == 0.25
    with pytest.raises(UsageError, match=r"learning_rate= .* set it in Trainer\(optimizer=...\)"):
        make(trainer=trainer, learning_rate=0.1).fit(ROWS)


def test_the_trainers_folder_is_filled_or_refused(tmp_path):
    make(trainer=hs.Trainer(progress=False, folder=tmp_path / "run")).fit(ROWS)
    assert {"metrics.csv", "checkpoints", "tensorboard"} <= {path.name for path in (tmp_path / "run").iterdir()}
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TrainingError, match="cannot make the folder"):
        make(trainer=hs.Trainer(progress=False, folder=tmp_path / "file" / "run")).fit(ROWS)


def test_very_little_data():
    assert make().fit(ROWS[:2]).transform(ROWS).shape == (80, 2)
    assert make().fit(PICTURES[:3]).transform(PICTURES).shape == (24, 2)


def test_a_linear_autoencoder_ends_in_the_subspace_of_pca():
    """The lecture's two perspectives: the closed form, and gradient descent (Baldi and Hornik 1989)."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 7)) + 0.2 * rng.normal(size=(300, 7)) + 5
    pca = hs.PCA(2, scaling="columns").fit(X)
    descent = hs.Trainer(
        optimizer=partial(torch.optim.LBFGS, line_search_fn="strong_wolfe", tolerance_grad=1e-10, tolerance_change=0),
        progress=False,
        precision="32",
    )
    linear = hs.Autoencoder(
        encoder=nn.Linear(7, 2),
        decoder=nn.Linear(2, 7),
        scaling="columns",
        epochs=60,
        batch_size=300,
        validation_fraction=0,
        random_state=0,
        trainer=descent,
    ).fit(X)
    for basis in (linear.decoder_.weight.detach().numpy(), linear.encoder_.weight.detach().numpy().T):
        cosines = np.linalg.svd(np.linalg.qr(basis)[0].T @ pca.components_.T, compute_uv=False)
        assert cosines.min() > np.cos(np.deg2rad(1))
    assert linear.score(X) == pytest.approx(pca.score(X), abs=1e-4)
    assert linear.score(X) <= pca.score(X) + 1e-6


def test_the_recipe_holds_what_was_used(tmp_path):
    model = make(batch_size=16, trainer=hs.Trainer(progress=False, precision="32", clip=0.5)).fit(ROWS)
    used = model.recipe_
    assert (used.batch_size, used.epochs, used.clip, used.learning_rate) == (16, 2, 0.5, 5e-3)
    model.save_pretrained(tmp_path / "m")
    assert hs.load(tmp_path / "m").recipe_ == used


@pytest.mark.parametrize(
    ("kind", "items", "size", "epochs", "rate"),
    [
        ("images", 54_000, 28, 7, 3e-3),
        ("images", 1_300, 8, 197, 3e-3),  # 8,000 steps of 32
        ("images", 10, 64, 200, 0.1 / 64),
        ("vectors", 54_000, 1024, 9, 1 / 1024),
        ("table", 25_600, 128, 20, 5e-3),
        ("table", 5_400_000, 256, 1, 1 / 256),
    ],
)
def test_few_items_are_seen_often_and_wide_networks_learn_slowly(kind, items, size, epochs, rate):
    recipe = default_recipe(kind, items, size)
    assert (recipe.epochs, recipe.learning_rate) == (epochs, rate)
