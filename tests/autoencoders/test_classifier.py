"""Classifier and Regressor: every `init`, freezing, layer-wise rates, unlabelled items, labels of any type, errors."""

import math
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import hiddenspace as hs
from hiddenspace.autoencoders.layerwise import layers_of, layerwise_adamw
from hiddenspace.autoencoders.supervision import Classification
from hiddenspace.autoencoders.weights_files import with_weights
from hiddenspace.data.joining import Chained, joined
from hiddenspace.data.named_batches import NamedBatches
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.models.targets import stratified
from hiddenspace.nets.conv import ConvEncoder
from hiddenspace.nets.head import Features, Head
from hiddenspace.nets.mlp import MLP
from hiddenspace.nets.patches import PatchEncoder
from hiddenspace.training.events import Observer

QUIET = hs.Trainer(progress=False)
QUIETLY = {"trainer": QUIET, "random_state": 0}
FAST = {"epochs": 1, **QUIETLY}
rng = np.random.default_rng(0)

digits = hs.load_dataset("digits")
IMAGES, DIGITS = digits.items[..., 0], np.asarray(digits.labels)
ORDER = np.random.default_rng(1).permutation(len(IMAGES))
FEW, MORE, TEST = ORDER[:100], ORDER[100:900], ORDER[900:]
ROWS = np.concatenate([rng.normal(-1, 1, (40, 5)), rng.normal(1, 1, (40, 5))]).astype(np.float32)
CLASSES = np.repeat(["ham", "spam"], 40)
TABLE = pd.DataFrame({"a": ROWS[:, 0], "b": ROWS[:, 1], "kind": np.where(ROWS[:, 2] > 0, "x", "y")})


@pytest.fixture(scope="module")
def pretrained():
    """An autoencoder that has seen the unlabelled digits."""
    return hs.Autoencoder(code=16, epochs=8, trainer=QUIET, random_state=0).fit(IMAGES[MORE])


def small(**params):
    return hs.Autoencoder(code=2, width=16, depth=1, epochs=1, trainer=QUIET).set_params(**params)


# what it is for ---------------------------------------------------------------------------------------------------


def test_the_call_of_the_issue(pretrained):
    model = hs.Classifier(init=pretrained, epochs=8, batch_size=25, **QUIETLY).fit(IMAGES[FEW], DIGITS[FEW])
    predicted = model.predict(IMAGES[TEST])
    assert (predicted == DIGITS[TEST]).mean() > 0.85


def test_what_was_learned_from_other_labels_is_there():
    """A head on a network that learned digits by other names, or on one with random weights."""
    torch.manual_seed(0)
    network = ConvEncoder((1, 8, 8), 16)
    other = hs.Classifier(network, epochs=4, **QUIETLY).fit(IMAGES[MORE], DIGITS[MORE].astype(str))
    scores = []
    for init in (other, network):
        model = hs.Classifier(init, epochs=4, freeze=4, **QUIETLY).fit(IMAGES[FEW], DIGITS[FEW])
        scores.append(model.score(IMAGES[TEST], DIGITS[TEST]))
    assert scores[0] > scores[1] + 0.05


def test_the_model_that_was_given_stays_as_it_was(pretrained):
    before = pretrained.fingerprint()
    hs.Classifier(pretrained, **FAST).fit(IMAGES[FEW], DIGITS[FEW])
    assert pretrained.fingerprint() == before


def test_unlabelled_items_in_the_training_itself():
    """Two clouds, one label each: only the unlabelled items say how far a cloud goes."""
    t = rng.uniform(0, 1, 400)
    side = np.repeat([0, 1], 200)
    cloud = np.stack([4 * t + rng.normal(0, 0.1, 400), 2.0 * side + rng.normal(0, 0.15, 400)], 1).astype(np.float32)
    few = np.array([np.argmin(t[:200]), 200 + np.argmax(t[200:])])
    common = {"epochs": 3, "trainer": QUIET, "random_state": 0, "augmentation": hs.GaussianNoise(0.2)}
    with_them = hs.Classifier(consistency=1.0, threshold=0.8, **common).fit(cloud[few], side[few], unlabelled=cloud)
    assert "train/consistency" in with_them.history_[-1]
    assert np.isfinite(with_them.score(cloud, side))


def test_unlabelled_items_that_nothing_uses_are_said(pretrained):
    for model in (hs.Classifier(**FAST), hs.Classifier(small().fit(ROWS), **FAST), hs.Regressor(**FAST)):
        with pytest.warns(UserWarning, match="the unlabelled items are not used"):
            model.fit(ROWS[20:60], np.arange(40) % 2, unlabelled=ROWS)
        assert "train/consistency" not in model.history_[-1]
    with pytest.raises(UsageError, match="weight of a loss on unlabelled items, and there are none"):
        hs.Classifier(consistency=1.0, **FAST).fit(ROWS, CLASSES)


@pytest.mark.parametrize("given", [hs.RowAugmentation(), hs.RowAugmentation(groups=(0, 1, 2, 3))])
def test_columns_of_a_table_are_replaced_whole(given):
    """By the augmentation that was asked for, and by the distortion of unlabelled items."""
    model = hs.Classifier(augmentation=given, consistency=1.0, batch_size=8, **FAST)
    model.fit(TABLE, CLASSES, unlabelled=TABLE)
    game = model._game(0.0)
    assert game.augmentation.groups == (given.groups or (0, 1, 2, 2))
    assert game.distortion.groups == (0, 1, 2, 2)


def test_regressor_on_a_real_table():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = hs.Regressor(epochs=20, trainer=QUIET, random_state=0, learning_rate=5e-4).fit(X[:300], y[:300])
    assert model.score(X[300:], y[300:]) > 0.35
    assert model.predict(X[300:]).shape == (142,)


def test_regressor_gives_several_numbers_in_the_shape_of_y():
    Y = np.stack([3 * ROWS[:, 0], 100 - ROWS[:, 1]], 1)
    model = hs.Regressor(epochs=12, trainer=QUIET, random_state=0).fit(ROWS, Y)
    assert model.predict(ROWS).shape == Y.shape
    assert model.score(ROWS, Y) > 0.9
    assert hs.Regressor(**FAST).fit(ROWS, Y[:, :1]).predict(ROWS).shape == (80, 1)


# every init -------------------------------------------------------------------------------------------------------


def own_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2))  # gives maps


INITS = {
    "nothing": lambda folder: {},
    "fitted": lambda folder: {"init": small(code=5).fit(IMAGES[MORE])},
    "variational": lambda folder: {"init": hs.VariationalAutoencoder(3, **FAST).fit(IMAGES[MORE])},
    "contrastive": lambda folder: {"init": hs.ContrastiveEncoder(8, **FAST).fit(IMAGES[FEW])},
    "masked": lambda folder: {"init": hs.MaskedAutoencoder(8, **FAST).fit(IMAGES[FEW])},
    "PCA": lambda folder: {"init": hs.PCA(4).fit(IMAGES[MORE])},
    "a classifier": lambda folder: {
        "init": hs.Classifier(ConvEncoder((1, 8, 8), 4), **FAST).fit(IMAGES[MORE], DIGITS[MORE])
    },
    "frozen": lambda folder: {"init": FrozenEstimator(small(code=5).fit(IMAGES[MORE]))},
    "unfitted": lambda folder: {"init": small(code=5)},
    "folder": lambda folder: {"init": saved(folder)},
    "module": lambda folder: {"init": own_network()},
    "mapping": lambda folder: {"init": own_network().state_dict(), "encoder": own_network()},
    "safetensors": lambda folder: {"init": weights(folder, ".safetensors"), "encoder": own_network()},
    "pt": lambda folder: {"init": str(weights(folder, ".pt")), "encoder": own_network()},
}


def saved(folder):
    small(code=5).fit(IMAGES[MORE]).save_pretrained(folder / "saved")
    return str(folder / "saved")


def weights(folder, ending):
    path = folder / f"weights{ending}"
    state = own_network().state_dict()
    save_file(state, path) if ending == ".safetensors" else torch.save({"state_dict": state}, path)
    return path


@pytest.mark.parametrize("init", INITS)
def test_every_init_fits_predicts_is_saved_and_loaded(init, tmp_path):
    given = INITS[init](tmp_path)
    free = {"unlabelled": IMAGES[MORE[:100]]} if init == "unfitted" else {}
    model = hs.Classifier(**given, batch_size=8, **FAST).fit(IMAGES[FEW], DIGITS[FEW], **free)
    chances = model.predict_proba(IMAGES[TEST[:100]])
    assert chances.shape == (100, 10)
    np.testing.assert_allclose(chances.sum(1), 1, atol=1e-5)
    np.testing.assert_array_equal(model.classes_[chances.argmax(1)], model.predict(IMAGES[TEST[:100]]))
    model.save_pretrained(tmp_path / "model")
    whole = {"module": own_network(), "a classifier": ConvEncoder((1, 8, 8), 4)}
    own = {"init": whole[init]} if init in whole else {"encoder": own_network()} if "encoder" in given else {}
    assert "chances = model.predict_proba(X)    # (n, 10)" in (tmp_path / "model" / "README.md").read_text()
    again = hs.load(tmp_path / "model", **own)
    np.testing.assert_array_equal(again.predict_proba(IMAGES[TEST[:100]]), chances)
    assert again.fingerprint() == model.fingerprint()
    if own:
        with pytest.raises(ModelError, match="code of your own"):
            hs.load(tmp_path / "model")


@pytest.mark.parametrize("name", ["module", "mapping", "fitted", "a classifier", "PCA"])
def test_the_encoder_starts_where_init_says(name, tmp_path):
    """With nothing learned in the encoder (freeze) its features are those of what was given."""
    given = INITS[name](tmp_path)
    model = hs.Classifier(**given, freeze=1, **FAST).fit(IMAGES[FEW], DIGITS[FEW])
    x = torch.cat(list(model._batches(model.read(IMAGES[TEST]))))
    with torch.no_grad():
        if name in ("fitted", "PCA"):
            wanted = torch.as_tensor(given["init"].transform(IMAGES[TEST]))
        else:
            source = own_network().eval() if name != "a classifier" else given["init"].encoder_
            wanted = source(x).flatten(2).mean(2) if name != "a classifier" else source(x)
        torch.testing.assert_close(model.encoder_(x), wanted, rtol=1e-3, atol=1e-4)


def test_an_unfitted_init_is_pretrained_on_the_fold_and_the_unlabelled_only():
    seen = []

    class Spy(hs.Autoencoder):
        def _begin(self, X, *args, **kwargs):
            seen.append(len(X))
            return super()._begin(X, *args, **kwargs)

    init = Spy(code=2, width=16, depth=1, epochs=1, trainer=QUIET)
    cross_val_score(hs.Classifier(init, **FAST), ROWS, CLASSES, cv=4)
    assert seen == [60] * 4
    hs.Classifier(init, **FAST).fit(ROWS[20:60], CLASSES[20:60], unlabelled=ROWS[:20])
    assert seen[-1] == 60
    assert not init.__sklearn_is_fitted__()


def test_a_resumed_training_does_not_pretrain_again(tmp_path):
    """Killed after the pretraining, it goes on from the checkpoints of both, and ends where it would have ended."""

    class Killed(BaseException):
        pass

    class Spy(Observer):
        rounds = 0

        def __call__(self, event):
            Spy.rounds += 1

    class Killer(Observer):
        def __call__(self, event):
            raise Killed

    common = {"epochs": 1, "random_state": None}
    init = small(trainer=replace(QUIET, observers=(Spy(),)))
    trainer = replace(QUIET, folder=tmp_path, checkpoint_seconds=0)
    with pytest.raises(Killed):
        hs.Classifier(init, trainer=replace(trainer, observers=(Killer(),)), **common).fit(ROWS, CLASSES)
    played = Spy.rounds
    assert played > 0
    assert (tmp_path / "pretraining" / "checkpoints").is_dir()
    model = hs.Classifier(init, trainer=replace(trainer, resume=True), **common).fit(ROWS, CLASSES)
    assert Spy.rounds == played
    again = hs.Classifier(init, trainer=replace(trainer, resume=True), **common).fit(ROWS, CLASSES)
    np.testing.assert_array_equal(again.predict_proba(ROWS), model.predict_proba(ROWS))
    assert Spy.rounds == played


def test_frozen_keeps_what_clone_would_unfit():
    fitted = small().fit(ROWS)
    kept = clone(hs.Classifier(FrozenEstimator(fitted), freeze=1, **FAST)).fit(ROWS, CLASSES)
    torch.testing.assert_close(kept.encoder_.network.state_dict(), fitted.encoder_.state_dict())
    assert not clone(hs.Classifier(fitted)).init.__sklearn_is_fitted__()


def test_pipeline_and_grid_search():
    pipe = make_pipeline(StandardScaler(), hs.Classifier(small(), **FAST))
    assert pipe.fit(ROWS, CLASSES).predict(ROWS).shape == (80,)
    search = GridSearchCV(hs.Classifier(small(), **FAST), {"init__code": [1, 2], "freeze": [0]}, cv=2)
    assert search.fit(ROWS, CLASSES).best_params_["init__code"] in (1, 2)


def test_tables_and_folders_with_classes(tmp_path):
    assert set(hs.Classifier(**FAST).fit(TABLE, CLASSES).predict(TABLE)) <= {"ham", "spam"}
    model = hs.Classifier(small(), **FAST).fit(TABLE, CLASSES, unlabelled=TABLE[:10])
    assert model.predict(TABLE).shape == (80,)
    by_source = hs.Classifier(ConvEncoder((1, 8, 8), 4), **FAST).fit("digits")
    assert by_source.score("digits") == by_source.score(IMAGES, DIGITS)


# state dicts ------------------------------------------------------------------------------------------------------


def test_a_head_is_left_out_and_said():
    state = {**own_network().state_dict(), "fc.weight": torch.zeros(3, 8), "fc.bias": torch.zeros(3)}
    with pytest.warns(UserWarning, match=r"left out as a head of the saved net: 'fc.bias', 'fc.weight'"):
        hs.Classifier(state, encoder=own_network(), **FAST).fit(IMAGES[FEW], DIGITS[FEW])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("0.bias"), "lacks '0.bias'"),
        (lambda s: s.update({"0.more": torch.zeros(1)}), "unknown '0.more'"),
        (lambda s: s.update({"0.bias": torch.zeros(7)}), "another shape '0.bias'"),
    ],
)
def test_keys_that_do_not_fit_are_named(change, said):
    state = own_network().state_dict()
    change(state)
    with pytest.raises(ModelError, match=said):
        hs.Classifier(state, encoder=own_network(), **FAST).fit(IMAGES[FEW], DIGITS[FEW])


@pytest.mark.parametrize("around", ["", "module.", "module._orig_mod.", "model.backbone.", "encoder.net."])
@pytest.mark.parametrize("head", [False, True])
def test_parts_of_other_modules_are_found(around, head):
    """By what their names begin with, in a checkpoint of a training script; heads are left out and said."""
    torch.manual_seed(1)
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3))
    state = {around + name: tensor for name, tensor in net.state_dict().items()}
    state |= {"module.fc.weight": torch.zeros(3, 8)} if head else {}
    said = f"loaded the 4 tensors .*{around}.*left out .* 'module.fc.weight'" if head else None
    with pytest.warns(UserWarning, match=said) if head else nullcontext():
        found = with_weights(own_network(), {"epoch": 3, "model": state})
    torch.testing.assert_close(found.state_dict(), net.state_dict())


def test_what_lacks_is_named_without_what_is_around_it():
    state = {f"module.{name}": tensor for name, tensor in own_network().state_dict().items() if name != "0.bias"}
    with pytest.raises(ModelError, match=r"lacks '0\.bias';"):
        with_weights(own_network(), state)


class Evil:
    def __reduce__(self):
        return (open, ("evil", "w"))


def test_pickles_that_hold_code_are_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"x": Evil()}, "bad.pt")
    with pytest.raises(ModelError, match="holds more than tensors"):
        hs.Classifier("bad.pt", encoder=own_network(), **FAST).fit(IMAGES[FEW], DIGITS[FEW])
    assert not (tmp_path / "evil").exists()


# freezing and rates -----------------------------------------------------------------------------------------------


class Block(nn.Module):
    """As residual blocks are: a Sequential within, and a shortcut."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3))
        self.shortcut = nn.Identity()


NETS = {
    "fully connected": (lambda: MLP([4, 8, 8, 2]), [2, 2, 2]),
    "convolutions": (lambda: ConvEncoder((1, 28, 28), 3), [2, 2, 4, 2]),  # two stages, the block, the head
    "residual blocks": (lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.Sequential(Block(), Block())), [2, 6, 6]),
    "patches": (lambda: PatchEncoder((1, 8, 8), 4), [3, 12, 12, 12, 12, 14, 2]),  # places with the embedding
    "behind a normalisation": (lambda: nn.Sequential(nn.Identity(), PatchEncoder((1, 8, 8), 4)), [3, *[12] * 4, 14, 2]),
    "torch's transformer": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 3, enable_nested_tensor=False),
        [12, 12, 12],
    ),
    "norms between": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Conv2d(2, 2, 3)),
        [4, 2],
    ),
    "a single layer": (lambda: nn.Linear(2, 3), [2]),
}


@pytest.mark.parametrize("net", NETS)
def test_layers_are_those_of_the_net(net):
    """Blocks whole, each parameter once, in the order of the net."""
    make, sizes = NETS[net]
    network = Features(make())
    layers = layers_of(network)
    assert [len(layer) for layer in layers] == sizes
    assert sorted(id(p) for layer in layers for p in layer) == sorted(map(id, network.parameters()))


def test_rates_fall_towards_the_data():
    encoder, head = MLP([4, 8, 8, 2]), nn.Linear(2, 3)
    optimizer = layerwise_adamw(
        [*encoder.parameters(), *head.parameters()],
        encoder=encoder,
        learning_rate=1.0,
        layer_decay=0.5,
        weight_decay=0.1,
    )
    rate = {id(p): (g["lr"], g["weight_decay"]) for g in optimizer.param_groups for p in g["params"]}
    assert rate[id(head.weight)] == (1.0, 0.1)
    assert [rate[id(layer.weight)][0] for layer in encoder.layers[::2]] == [0.125, 0.25, 0.5]
    assert rate[id(encoder.layers[0].bias)] == (0.125, 0.0)


def test_nothing_in_the_encoder_moves_while_it_is_frozen():
    encoder = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    game = Classification(encoder, Head(4, 2), frozen=0.5).train()
    batch = {"x": torch.randn(8, 3), "labels": torch.arange(8) % 2}
    before = {name: t.clone() for name, t in encoder.state_dict().items()}
    nn.init.ones_(game.head.linear.weight)
    game.loss(batch)["classification"].backward()
    torch.testing.assert_close(encoder.state_dict(), before)
    assert all(p.grad is None for p in encoder.parameters())
    game.progress = 0.5
    game.loss(batch)["classification"].backward()
    assert all(p.grad is not None for p in encoder.parameters())
    assert encoder[1].num_batches_tracked == 1


# the loss ---------------------------------------------------------------------------------------------------------


def test_terms_against_their_formulas():
    """An encoder that is the identity and a head of known weights: p and q are known in closed form."""
    head = Head(2, 2)
    head.linear.weight.data = torch.eye(2)
    game = Classification(
        nn.Identity(), head, None, lambda x: -x, smoothing=0.2, consistency=3.0, threshold=0.9
    ).train()
    x, free = torch.tensor([[1.0, 0.0]]), torch.tensor([[4.0, 0.0], [1.0, 0.0]])  # the second is not sure enough
    terms = game.loss({"x": x, "labels": torch.tensor([0]), "unlabelled": free})
    p = math.exp(1) / (1 + math.exp(1))
    assert terms["classification"].item() == pytest.approx(-0.9 * math.log(p) - 0.1 * math.log(1 - p), rel=1e-5)
    q = math.exp(-4) / (1 + math.exp(-4))
    assert terms["consistency"].item() == pytest.approx(3.0 * -math.log(q) / 2, rel=1e-5)
    game.eval()
    held_out = game.evaluate({"x": x, "labels": torch.tensor([0])})
    assert {name: t.item() for name, t in held_out.items()} == {"classification": pytest.approx(-math.log(p))}


def test_head_standardises_features():
    features = torch.randn(500, 3) * torch.tensor([1.0, 50.0, 0.0]) + 7
    head = Head(3, 3)
    head.calibrate(features)
    head.linear.weight.data = torch.eye(3)
    out = head(features)
    torch.testing.assert_close(out.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(out.std(0, correction=0), torch.tensor([1.0, 1.0, 0.0]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("shape", "wanted"), [((2, 6), (2, 6)), ((2, 6, 3, 3), (2, 6)), ((2, 5, 6), (2, 6))])
def test_maps_and_sequences_are_averaged(shape, wanted):
    x = torch.randn(shape)
    assert Features(nn.Identity())(x).shape == wanted
    assert Features(nn.Identity(), 2)(x).shape == (2, 2)


def test_random_affine():
    x = torch.zeros(64, 1, 20, 30)
    x[:, :, 8:12, 13:17] = 1.0
    torch.manual_seed(0)
    still = hs.RandomAffine(0, 0, 0, 0)(x)
    torch.testing.assert_close(still, x, atol=1e-5, rtol=0)
    turned = hs.RandomAffine(180, 0, 0, 0)(x)
    torch.testing.assert_close(turned.sum((1, 2, 3)), x.sum((1, 2, 3)), rtol=0.05, atol=0)  # turns keep the area
    moved = hs.RandomAffine(0, 0, 0.1, 0)(x)
    columns = (moved.sum((1, 2)) * torch.arange(30)).sum(1) / moved.sum((1, 2, 3))
    assert 2 < (columns - 14.5).abs().max() <= 0.1 * 30 + 0.01
    assert len({tuple(image.flatten().tolist()) for image in moved}) == 64
    with pytest.raises(UsageError, match="needs images"):
        hs.RandomAffine()(torch.zeros(3, 4))
    with pytest.raises(UsageError, match="shift=1"):
        hs.RandomAffine(shift=1.0)


# labels -----------------------------------------------------------------------------------------------------------


LABELS = {
    "text": CLASSES,
    "objects": CLASSES.astype(object),
    "whole numbers": np.repeat([7, -2], 40),
    "booleans": np.repeat([True, False], 40),
    "whole floats": np.repeat([1.0, 2.0], 40),
    "a series": pd.Series(CLASSES),
    "a list": CLASSES.tolist(),
    "categories": pd.Series(CLASSES).astype("category"),
    "a tensor": torch.repeat_interleave(torch.tensor([0, 5]), 40),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_type_come_back_as_they_were(kind, tmp_path):
    y = LABELS[kind]
    model = hs.Classifier(epochs=4, trainer=QUIET, random_state=0).fit(ROWS, y)
    model.save_pretrained(tmp_path)
    for found in (model.predict(ROWS), hs.load(tmp_path).predict(ROWS)):
        assert found.dtype == np.asarray(y).dtype
        assert (found == np.asarray(y)).mean() > 0.9


def bad(position, value):
    y = CLASSES.astype(object)
    y[position] = value
    return y


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.repeat("ham", 80), "have one label.*two classes"),
        (bad(3, None), "1 of 80 labels are missing.*unlabelled="),
        (bad(3, np.nan), "1 of 80 labels are missing"),
        (np.where(np.arange(80) < 3, "nan", "ham"), "3 of 80 labels are missing"),
        (np.where(np.arange(80) < 2, "", CLASSES.astype(str)), "2 of 80 labels are missing"),
        (np.where(np.arange(80) < 7, np.nan, 1.0), "7 of 80 labels are missing"),
        (CLASSES[:79], "80 items but 79 labels"),
        (np.array([f"id{i}" for i in range(80)]), "80 classes for 80 items.*Regressor"),
        (rng.normal(size=80), "continuous"),
        (bad(3, 7), "y mixes int and str; make all labels text"),
        (np.full(80, np.inf), "infinity"),
        (None, "requires y to be passed, but the target y is None"),
    ],
)
def test_labels_that_cannot_be_learned(y, said):
    model = hs.Classifier(**FAST)
    with pytest.raises(DataError, match=said):
        model.fit(ROWS, y)
    assert not model.__sklearn_is_fitted__()


def test_more_classes_than_can_be_learned():
    many = np.arange(2 * 1001) % 1001
    with pytest.raises(DataError, match="1,001 classes, and at most 1,000"):
        hs.Classifier(**FAST).fit(rng.normal(size=(len(many), 3)), many)


def test_a_label_that_a_table_does_not_have_is_missing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,y\n" + "".join(f"{i},{i % 7},{'' if i == 5 else 'uv'[i % 2]}\n" for i in range(40)))
    with pytest.raises(DataError, match="1 of 40 labels are missing"):
        hs.Classifier(**FAST).fit(hs.load_dataset(path, labels="y"))


def test_numbers_that_cannot_be_learned():
    with pytest.raises(DataError, match="use Classifier for labels"):
        hs.Regressor(**FAST).fit(ROWS, CLASSES)
    with pytest.raises(DataError, match="1 of 80 labels are missing"):
        hs.Regressor(**FAST).fit(ROWS, np.where(np.arange(80) == 5, np.nan, 1.0))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"init": 3}, "init=int is nothing to start from"),
        ({"init": {"a": torch.zeros(1)}}, "give it as encoder="),
        ({"encoder": MLP([5, 2])}, "given as init="),
        ({"init": hs.Classifier()}, "not fitted learns from labels"),
        ({"layer_decay": 1.5}, "layer_decay=1.5"),
        ({"layer_decay": 0.5, "trainer": hs.Trainer(optimizer=torch.optim.SGD)}, "leave it out"),
        ({"smoothing": 1.0}, "smoothing=1.0"),
        ({"consistency": -1}, "consistency=-1"),
        ({"augmentation": 3}, "augmentation=3"),
        ({"freeze": -1}, "freeze=-1"),
    ],
)
def test_arguments_that_make_no_sense(params, said):
    with pytest.raises(UsageError, match=said):
        hs.Classifier(**params).fit(ROWS, CLASSES)


def test_items_of_another_kind_than_those_of_init(pretrained):
    with pytest.raises(ModelError, match="8x8"):
        hs.Classifier(pretrained, **FAST).fit(np.zeros((4, 9, 9), np.uint8), [0, 1, 0, 1])
    with pytest.raises(ModelError, match="no model folder"):
        hs.Classifier("./nowhere", **FAST).fit(ROWS, CLASSES)
    with pytest.raises(DataError, match="same kind"):
        hs.Classifier(small(), **FAST).fit(IMAGES[FEW], DIGITS[FEW], unlabelled=np.zeros((5, 9, 9), np.uint8))


# data -------------------------------------------------------------------------------------------------------------


def test_held_out_items_have_the_same_classes_in_the_same_parts():
    labels = np.repeat([0, 1, 2, 3], [1000, 300, 10, 1])
    kept, out = stratified(labels, 0.1, 0)
    np.testing.assert_array_equal(np.bincount(labels[out], minlength=4), [100, 30, 1, 0])
    np.testing.assert_array_equal(np.sort(np.concatenate([kept, out])), np.arange(len(labels)))


def test_enough_labels_are_held_out_and_the_best_epoch_is_kept():
    X = rng.normal(size=(2400, 4)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    model = hs.Classifier(epochs=3, trainer=QUIET, random_state=0).fit(X, y)
    losses = [row["validation/classification"] for row in model.history_]
    assert model.best_epoch_ == 1 + int(np.argmin(losses))
    few = hs.Classifier(epochs=3, trainer=QUIET, random_state=0).fit(X[:200], y[:200])
    assert "validation/classification" not in few.history_[-1]
    assert few.best_epoch_ == 3


def test_items_and_labels_stay_together():
    from hiddenspace.data.batches import ArrayBatches

    def part(array, seed=3):
        return ArrayBatches(array, lambda raw: raw, batch_size=4, seed=seed, drop_last=True)

    x, labels, other = np.arange(10.0), np.arange(10) * 2, np.arange(100, 107)
    batches = NamedBatches({"x": part(x), "labels": part(labels), "free": part(other)}, 5)
    assert len(batches) == 6  # three passes of two batches
    batches = batches.on(torch.device("cpu"), 0, 1)
    for position in range(12):
        batch, count = batches.draw(position)
        assert count == 4
        torch.testing.assert_close(batch["labels"], (2 * batch["x"]).long())
        assert set(batch["free"].tolist()) <= set(other.tolist())


def test_two_datasets_as_one(tmp_path):
    array = rng.integers(0, 255, (7, 4, 4), dtype=np.uint8)
    np.save(tmp_path / "x.npy", array[:5])
    mapped = hs.load_dataset(np.load(tmp_path / "x.npy", mmap_mode="r"))
    whole = joined(mapped, hs.load_dataset(array[5:]))
    assert isinstance(whole.items, Chained)
    np.testing.assert_array_equal(np.asarray(whole.items)[..., 0], array)
    np.testing.assert_array_equal(whole.items[np.array([6, 0, 5])][..., 0], array[[6, 0, 5]])
    assert len(joined(hs.load_dataset(TABLE), hs.load_dataset(TABLE))) == 160
    with pytest.raises(DataError, match="same kind"):
        joined(hs.load_dataset(TABLE), mapped)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["b", "kind", "a"], None),
        (["a", "b"], "the unlabelled data lack kind; give them the columns of table"),
        (["a", "b", "kind", "id"], "the unlabelled data have id besides;"),
        (["a", "b", "sort"], "the unlabelled data lack kind and have sort besides;"),
    ],
)
def test_tables_are_joined_by_the_names_of_their_columns(columns, said):
    other = hs.load_dataset(TABLE.assign(id=1.0, sort="x")[columns])
    with pytest.raises(DataError, match=said) if said else nullcontext():
        whole = joined(hs.load_dataset(TABLE), other).items
        pd.testing.assert_frame_equal(whole[80:].reset_index(drop=True), TABLE)


def test_the_head_of_a_fresh_net_with_batch_norm_sees_features_of_unit_size():
    """Before training such a net would be judged by statistics that it has not gathered yet."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Flatten())
    net[0].weight.data *= 0.01
    some = digits.take(np.arange(128))
    model = hs.Classifier(batch_size=4, **FAST).fit(some.items, some.labels)
    model.encoder_, model.pretrained_ = net, False
    model.head_ = type(model.head_)(8 * 36, 10)
    model._calibrate(some)
    assert 0.05 < float(model.head_.scale.median()) < 20
    assert float(net[1].running_var.mean()) == 1  # nothing was remembered
