import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.generation.attribute_losses import Perceived
from hiddenspace.training.observers import BestWeights

N, SIDE = 48, 8


def bars(n=N):
    """Pictures of a bright row on grey: which row is `place`, its brightness `light`, and `kind` turns it upright."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "kind": rng.choice(["lying", "upright"], n),
            "place": rng.integers(SIDE, size=n),
            "light": rng.uniform(0.6, 1, n),
        }
    )
    pictures = np.full((n, SIDE, SIDE), 64, np.uint8)
    for picture, (kind, place, light) in zip(pictures, table.itertuples(index=False), strict=True):
        (picture.T if kind == "upright" else picture)[place] = round(255 * light)
    return table, pictures


def made(**options):
    settings = {"epochs": 2, "width": 4, "random_state": 0, "cyclic": {}, "categorical": ["place"], **options}
    return hs.AttributeGenerator(**settings)


class Means(nn.Module):
    """What it sees are the means of rows and of columns."""

    description = "means of rows and columns"

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(SIDE)

    def activations(self, x):
        return {"rows": self.norm(x.mean((1, 3))), "columns": x.mean((1, 2))}


@pytest.fixture(scope="module")
def fitted():
    table, pictures = bars(96)
    return made(loss="mse", epochs=50, batch_size=16, learning_rate=5e-3, validation_fraction=0).fit(table, pictures)


def test_it_learns_to_draw(fitted):
    table, pictures = bars(96)
    assert fitted.score(table, pictures) > 0.85
    drawn = fitted.generate(table)
    assert drawn.shape == pictures.shape
    assert drawn.dtype == np.float32
    assert 0 <= drawn.min() < drawn.max() <= 255
    assert 1 - ((drawn - pictures) ** 2).mean() / pictures.var(0).mean() == pytest.approx(
        fitted.score(table, pictures), abs=1e-4
    )
    shuffled = table.sample(frac=1, random_state=1)
    assert fitted.score(shuffled, pictures) < 0  # what the table says decides
    one = fitted.generate({"kind": "upright", "place": [2, 5], "light": 0.9})
    assert one.mean(1).argmax(1).tolist() == [2, 5]


def test_a_saved_generator_draws_the_same(fitted, tmp_path):
    fitted.save_pretrained(tmp_path)
    loaded = hs.load(tmp_path)
    table, _ = bars()
    assert np.array_equal(loaded.generate(table), fitted.generate(table))
    assert loaded.attribute_format_ == fitted.attribute_format_
    assert loaded.get_params() == fitted.get_params() | {"trainer": None, "categorical": ("place",)}
    assert loaded.features_ == "pixels"
    assert "draws images of 8x8 pixels" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("broken", [{"columns": 3}, {}, {"columns": [{"kind": "magic", "name": "x"}]}])
def test_a_damaged_file(fitted, tmp_path, broken):
    fitted.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["fitted"]["attribute_format"] = broken
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError):
        hs.load(tmp_path)


@pytest.mark.parametrize(
    ("options", "terms", "features"),
    [
        ({"loss": "mse"}, {"pixels"}, "pixels"),
        ({"loss": "l1"}, {"pixels"}, "pixels"),
        ({}, {"perceptual", "pixels"}, "random convolutional net, seed"),
        ({"features": Means()}, {"perceptual", "pixels"}, "means of rows and columns"),
        ({"features": Means(), "pixel_weight": 0}, {"perceptual"}, "means of rows"),
        (
            {"features": Means(), "layers": {"rows": 2.0}},
            {"perceptual", "pixels"},
            "means of rows and columns (rows 2)",
        ),
        ({"features": nn.Conv2d(1, 3, 3)}, {"perceptual", "pixels"}, "module Conv2d"),
    ],
)
def test_losses_and_what_they_say(options, terms, features):
    model = made(**options, validation_fraction=0.25).fit(*bars())
    for part in ("train", "validation"):
        assert {name.partition("/")[2] for name in model.history_[0] if name.startswith(part)} == terms
    assert model.history_[0]["loss"] == pytest.approx(sum(model.history_[0][f"validation/{term}"] for term in terms))
    assert model.features_.startswith(features)


def test_a_fitted_model_gives_features():
    table, pictures = bars()
    encoder = hs.Autoencoder(code=4, epochs=1, random_state=0).fit(pictures)
    assert "encoder of Autoencoder" in made(features=encoder).fit(table, pictures).features_


def test_features_stay_as_they_are():
    net = Means().train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    made(features=net).fit(*bars())
    assert net.training
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    comparison = Perceived(Means(), None, 1.0).train()
    x = torch.rand(4, 1, SIDE, SIDE)
    comparison(x, x.flip(0))
    assert not comparison.features.training
    assert torch.equal(comparison.features.norm.running_mean, torch.zeros(SIDE))


def test_the_random_net_is_the_same_by_its_name():
    table, pictures = bars()
    first, again = (made(features=features, random_state=3).fit(table, pictures) for features in (None, "random"))
    assert "normalised on the data" in again.features_
    assert first.features_ == again.features_
    assert np.array_equal(first.generate(table), again.generate(table))


def test_the_feature_net_is_not_copied_with_the_best_weights(monkeypatch):
    kept = []
    put_back = BestWeights.put_back
    monkeypatch.setattr(BestWeights, "put_back", lambda best: (kept.extend(best.state()["weights"]), put_back(best)))
    made(features=Means()).fit(*bars())
    assert kept
    assert all(name.startswith("generator.") for name in kept)


def test_only_what_features_see_is_learned():
    """A net that sees the means of rows cannot tell which row; one with a little of the pixels can."""
    table, pictures = bars(96)
    options = {
        "layers": {"columns": 1.0},
        "features": Means(),
        "epochs": 40,
        "batch_size": 16,
        "learning_rate": 5e-3,
        "validation_fraction": 0,
    }
    blind = made(**options, pixel_weight=0).fit(table, pictures)
    seeing = made(**options, pixel_weight=10).fit(table, pictures)
    lying = table[table["kind"] == "lying"]

    def right(model):
        return (model.generate(lying).mean(2).argmax(1) == lying["place"]).mean()

    assert right(seeing) > 0.95
    assert right(blind) < 0.6


@pytest.mark.parametrize("layout", ["hw", "hwc", "chw", "float"])
def test_images_come_back_as_they_came(layout):
    table, pictures = bars()
    X = {
        "hw": pictures,
        "hwc": np.stack([pictures] * 3, 3),
        "chw": np.stack([pictures] * 3, 1),
        "float": pictures.astype(np.float32) / 255,
    }[layout]
    drawn = made(loss="mse").fit(table, X).generate(table[:5])
    assert drawn.shape == (5, *X.shape[1:])
    assert drawn.max() <= (1 if layout == "float" else 255)


def test_the_seed_decides_and_nothing_else():
    table, pictures = bars()
    first, again, other = (made(random_state=s).fit(table, pictures).generate(table) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    state = torch.random.get_rng_state()
    made().fit(table, pictures)
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_training_goes_on(tmp_path):
    class Interrupted(hs.Observer):
        def __call__(self, event):
            if event.round == 4:
                raise KeyboardInterrupt

    table, pictures = bars()
    whole = made(epochs=6).fit(table, pictures)
    options = {"folder": tmp_path, "checkpoint_seconds": 0, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        made(epochs=6, trainer=hs.Trainer(**options, observers=[Interrupted()])).fit(table, pictures)
    resumed = made(epochs=6, trainer=hs.Trainer(**options, resume=True, observers=[hs.Observer()])).fit(table, pictures)
    assert np.array_equal(whole.generate(table), resumed.generate(table))


def test_labels_alone_and_clone():
    _, pictures = bars()
    labels = np.arange(N) % 3
    model = clone(hs.AttributeGenerator("l1", epochs=1, random_state=0)).fit(labels, pictures)
    assert model.generate([2, 0]).shape == (2, SIDE, SIDE)
    assert model.generate(labels[: 0 + 1]).shape == (1, SIDE, SIDE)


def test_a_network_of_ones_own(tmp_path):
    table, pictures = bars()
    net = nn.Sequential(nn.LazyLinear(SIDE * SIDE), nn.Unflatten(1, (1, SIDE, SIDE)))
    model = made(loss="mse", generator=net).fit(table, pictures)
    assert isinstance(model.generator_[0], nn.Linear)
    model.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="generator was code of your own"):
        hs.load(tmp_path)
    assert np.array_equal(hs.load(tmp_path, generator=net).generate(table), model.generate(table))
    with pytest.raises(UsageError, match=r"the generator gives \(2, 3\); make it give \(batch, 1, 8, 8\)"):
        made(generator=nn.LazyLinear(3)).fit(table, pictures)
    with pytest.raises(UsageError, match=r"the generator does not take \(batch, \d+\)"):
        made(generator=nn.Linear(99, 3)).fit(table, pictures)
    with pytest.raises(UsageError, match=r"generator=3 is no torch\.nn\.Module"):
        made(generator=3).fit(table, pictures)


def test_ways_between_attributes(fitted):
    a, b = ({"kind": "lying", "place": p, "light": light} for p, light in ((1, 0.6), (6, 1.0)))
    way = fitted.interpolate(a, b, 5)
    np.testing.assert_allclose(way[[0, -1]], fitted.generate([a, b]), atol=0.01)
    assert way.shape == (5, SIDE, SIDE)
    assert np.abs(way[2] - way[0]).max() > 10


TABLE, PICTURES = bars()


@pytest.mark.parametrize(
    ("attributes", "X", "error", "says"),
    [
        (TABLE[:-1], PICTURES, DataError, "47 rows of attributes for 48 images"),
        (TABLE[:1], PICTURES[:1], DataError, "at least 2 items"),
        (TABLE[:2], [np.zeros((8, 8)), np.zeros((9, 9))], DataError, "differ in shape"),
        (TABLE, np.zeros((N, 5)), DataError, "X is vectors"),
        (TABLE.assign(light=np.nan), PICTURES, DataError, "'light' has no value"),
    ],
)
def test_data_that_cannot_be_learned(attributes, X, error, says):
    model = made()
    with pytest.raises(error, match=says) as caught:
        model.fit(attributes, X)
    assert "\n" not in str(caught.value)
    assert not hasattr(model, "generator_")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"loss": "huber"}, "loss='huber' is unknown"),
        ({"loss": "mse", "features": Means()}, "features= is for the perceptual loss"),
        ({"pixel_weight": -1}, "pixel_weight"),
        ({"harmonics": 0}, "harmonics"),
        ({"width": 0}, "width"),
        ({"cyclic": {"angle": 360}}, "cyclic names 'angle'"),
        ({"features": nn.Linear(3, 3)}, "does not take images of 1x8x8"),
        ({"features": Means(), "layers": {"nine": 1.0}}, "no layer 'nine'"),
        ({"features": "no-such-net"}, "no-such-net"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_settings_that_make_no_sense(options, says):
    with pytest.raises(UsageError, match=says):
        made(**options).fit(TABLE, PICTURES)


def test_unfitted_and_unknown():
    with pytest.raises(Exception, match="not fitted"):
        made().generate(TABLE)
    model = made(loss="mse").fit(TABLE, PICTURES)
    with pytest.raises(DataError, match="'curved' is no known value"):
        model.generate({"kind": "curved", "place": 1, "light": 1})
    with pytest.raises(DataError, match="48 rows of attributes for 47 images"):
        model.score(TABLE, PICTURES[:-1])
