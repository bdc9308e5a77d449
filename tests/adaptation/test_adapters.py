"""What all methods share: answers, saving, seeds, several sources, cross-validation, criteria, warnings, bad input."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import cross_validate
from torch import nn

import hiddenspace as hs
from hiddenspace.adaptation.domain_adapter import DomainAdapter
from hiddenspace.adaptation.health import AdaptationWarning, examined
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.names import ADAPTERS, find

QUIET = hs.Trainer(progress=False)
METHODS = sorted(ADAPTERS.values())
FAST = {"epochs": 1, "batch_size": 16, "trainer": QUIET, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore::hiddenspace.adaptation.health.AdaptationWarning")


def made(name: str, **params) -> DomainAdapter:
    model: DomainAdapter = find(name)(**{**FAST, **params})
    return model


def blobs(count: int, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Three classes in four dimensions, moved by `shift`: (n, 4) float32 and (n,) words."""
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0, 0, 0], [4, 0, 4, 0], [0, 4, 4, 0]])
    numbers = np.arange(count) % 3
    x = centres[numbers] + rng.normal(size=(count, 4)) + np.array([shift, shift, 0, 3 * shift])
    return x.astype(np.float32), np.array(["ant", "bee", "cat"])[numbers]


def frame(x: np.ndarray) -> pd.DataFrame:
    """The same as a table, with a column of words."""
    table = pd.DataFrame(x, columns=["a", "b", "c", "d"])
    return table.assign(word=np.where(x[:, 0] > 1, "up", "down"))


@pytest.fixture(scope="session")
def domains() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Source items and labels, target items and labels."""
    return *blobs(90, 0), *blobs(75, 1, shift=1.0)


# the contract, by table --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METHODS)
def test_answers_features_and_criteria(name, domains, short):
    x, y, target, _ = domains
    model = made(name).fit(x, y, X_target=target)
    chances = model.predict_proba(target)
    assert chances.shape == (75, 3)
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    assert (model.classes_[chances.argmax(1)] == model.predict(target)).all()
    features = model.transform(target)
    assert features.shape == (75, model.code_size_) == (75, len(model.get_feature_names_out()))
    named = torch.from_numpy(features) @ model.head_.weight.T + model.head_.bias
    np.testing.assert_allclose(named.softmax(1).detach().numpy(), chances, atol=1e-5)
    assert model.score(x, y) == pytest.approx((model.predict(x) == y).mean())
    assert list(model.validation_) == ["source", "information", "density"]
    assert np.isfinite(model.validation_.to_numpy()).all()
    assert model.best_epoch_ == len(model.history_) == model.validation_.index[-1]
    assert {"source", "information", "density", "distance"} <= set(model.health_.figures)


@pytest.mark.parametrize("name", METHODS)
def test_saved_and_loaded_it_answers_the_same(name, domains, short, tmp_path):
    x, y, target, _ = domains
    model = made(name).fit(frame(x), y, X_target=frame(target))
    model.save_pretrained(tmp_path)
    again = hs.load(tmp_path)
    assert type(again) is type(model)
    np.testing.assert_array_equal(again.predict_proba(frame(target)), model.predict_proba(frame(target)))
    np.testing.assert_array_equal(again.transform(frame(target)), model.transform(frame(target)))
    pd.testing.assert_frame_equal(again.validation_, model.validation_)
    assert again.health_ == model.health_
    assert "classes" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("name", METHODS)
def test_a_seed_fixes_everything_and_the_labels_of_the_target_nothing(name, domains, short):
    x, y, target, words = domains
    first, again = (made(name).fit(x, y, X_target=target) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(target), again.predict_proba(target))
    labelled = hs.Dataset(target, "vectors", labels=words)
    third = clone(first).fit(x, y, X_target=labelled)
    np.testing.assert_array_equal(first.predict_proba(target), third.predict_proba(target))
    other = made(name, random_state=1).fit(x, y, X_target=target)
    assert not np.array_equal(first.predict_proba(target), other.predict_proba(target))


@pytest.mark.parametrize("name", METHODS)
def test_images_of_any_network_of_ones_own(name, short, tmp_path):
    rng = np.random.default_rng(0)
    x, target = rng.random((40, 8, 8)), rng.random((30, 8, 8))
    own = nn.Sequential(nn.Conv2d(1, 6, 3, stride=2), nn.ReLU())  # maps, which are averaged over places
    model = made(name, encoder=own).fit(x, np.arange(40) % 2, X_target=target)
    assert model.transform(target).shape == (30, 6)
    if name == "SourceOnly":
        return
    model.save_pretrained(tmp_path)
    np.testing.assert_array_equal(hs.load(tmp_path, encoder=own).predict(target), model.predict(target))
    with pytest.raises(ModelError, match="encoder was code of your own"):
        hs.load(tmp_path)


class InterruptedAt(hs.Observer):
    """Ctrl-C in the middle of an epoch, of whichever training this round belongs to."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    def __call__(self, event):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("name", "at"), [*((name, 6) for name in METHODS), ("ADDA", 14), ("SHOT", 14)])
def test_a_training_that_is_resumed_ends_as_one_that_was_not(name, at, domains, short, tmp_path):
    x, y, target, _ = domains
    whole = made(name, epochs=2).fit(x, y, X_target=target)
    kept = {"progress": False, "folder": tmp_path, "checkpoint_seconds": 0}
    model = made(name, epochs=2, trainer=hs.Trainer(**kept, observers=[InterruptedAt(at)]))
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, X_target=target)
    again = made(name, epochs=2, trainer=hs.Trainer(**kept, resume=True)).fit(x, y, X_target=target)
    np.testing.assert_array_equal(whole.predict_proba(target), again.predict_proba(target))
    assert len(again.history_) == len(whole.history_)


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"SourceOnly"}))
def test_both_ways_of_normalising_and_every_checkpoint(name, domains, short):
    x, y, target, _ = domains
    params = made(name).get_params()
    own = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU())
    for shared in (False, True) if "shared_batch" in params else (None,):
        chosen = {} if shared is None else {"shared_batch": shared}
        model = made(name, encoder=own, epochs=2, checkpoint="information", **chosen).fit(x, y, X_target=target)
        best = model.validation_["information"].iloc[-2:]
        assert model.best_epoch_ == best.idxmax()
        assert model.health_.figures["information"] == pytest.approx(best.max(), rel=1e-4)


# several sources, cross-validation ------------------------------------------------------------------------------------


def test_several_sources_are_one(domains, short):
    x, y, target, _ = domains
    one = made("DANN").fit(x, y, X_target=target)
    two = made("DANN").fit([x[:50], x[50:]], [y[:50], y[50:]], X_target=target)
    np.testing.assert_array_equal(one.predict_proba(target), two.predict_proba(target))
    sets = [hs.Dataset(part, "vectors", labels=labels) for part, labels in ((x[:50], y[:50]), (x[50:], y[50:]))]
    three = made("DANN").fit(sets, X_target=target)
    np.testing.assert_array_equal(one.predict_proba(target), three.predict_proba(target))


def test_sources_that_share_only_some_classes_are_warned_about(domains, short):
    x, y, target, _ = domains
    ants = y == "ant"
    with pytest.warns(AdaptationWarning, match="source 0 has no items of bee, cat, which others have"):
        made("DANN").fit([x[ants], x[~ants]], [y[ants], y[~ants]], X_target=target)


def test_a_list_of_rows_is_one_source(domains, short):
    x, y, target, _ = domains
    model = made("DANN").fit(x.tolist(), y.tolist(), X_target=target.tolist())
    assert model.n_features_in_ == 4


def test_cross_validation_splits_the_source_and_leaves_the_target_whole(domains, short, monkeypatch):
    x, y, target, _ = domains
    seen = []
    learn = DomainAdapter._learn
    monkeypatch.setattr(DomainAdapter, "_learn", lambda s, a, b: (seen.append((len(a), len(b))), learn(s, a, b))[1])
    scores = cross_validate(made("DANN"), x, y, cv=3, params={"X_target": target}, error_score="raise")
    assert seen == [(60, 75)] * 3
    assert scores["test_score"].mean() > 0.3  # of source items
    seen.clear()
    as_many = np.concatenate([target, target])[: len(x)]  # scikit-learn would take them for rows of X
    cross_validate(made("DANN"), x, y, cv=3, params={"X_target": [as_many]}, error_score="raise")
    assert seen == [(60, 90)] * 3


# shapes ------------------------------------------------------------------------------------------------------------


def test_images_are_restyled_by_default_where_looks_vary_unlike(short):
    x, y = hs.data.font_digits(40, seed=0, side=12)
    coloured = hs.data.coloured(x, seed=0)
    restyled = made("DANN", size=12).fit(x, y, X_target=coloured)
    plain = made("DANN", size=12).fit(x, y, X_target=hs.data.rotated(x, seed=0))
    assert [restyled.data_["restyled"], plain.data_["restyled"]] == [True, False]
    assert [isinstance(model._new_game().restyling, hs.Restyling) for model in (restyled, plain)] == [True, False]
    assert made("DANN", size=12, restyling=None).fit(x, y, X_target=coloured).data_["restyled"] is False


def test_images_of_unlike_shape_are_brought_to_one_only_when_asked(short):
    rng = np.random.default_rng(0)
    grey, coloured = rng.integers(0, 256, (40, 10, 10), np.uint8), rng.random((30, 12, 14, 3))
    y = np.arange(40) % 2
    with pytest.raises(DataError, match=r"10x10x1 and 12x14x3 .* give size=10"):
        made("DANN").fit(grey, y, X_target=coloured)
    model = made("DANN", size=12).fit(grey, y, X_target=coloured)
    assert model.format_.shape == (3, 12, 12)
    assert len(model.predict(coloured)) == 30
    assert model.predict_proba(grey).shape == (40, 2)
    bright = np.full((2, 20, 20), 255, np.uint8)
    np.testing.assert_allclose(model.in_model_space(bright), 1)


# how it went -------------------------------------------------------------------------------------------------------


def rows(source, information, right=0.7):
    return [
        {"epoch": i + 1, "monitor/source": s, "monitor/information": t, "train/right": right}
        for i, (s, t) in enumerate(zip(source, information, strict=True))
    ]


CLASSES, EVEN = np.array(["a", "b", "c"]), np.array([0.4, 0.3, 0.3])
FEATURES = (np.random.default_rng(0).normal(size=(50, 2)), np.random.default_rng(1).normal(size=(50, 2)))
SPREAD = np.arange(60) % 3


@pytest.mark.parametrize(
    ("history", "answers", "trouble"),
    [
        (rows([0.9, 0.95], [0.5, 1.0]), SPREAD, None),
        (rows([0.9, 0.95], [0.5, 1.0], right=0.5), SPREAD, "blind discriminator"),
        (rows([0.9, 0.95], [0.5, 1.0], right=0.99), SPREAD, "domains kept apart"),
        (rows([0.9, 0.95], [0.5, 1.0]), np.repeat([0, 1, 2], [50, 5, 5]), "collapsed predictions"),
        (rows([0.9, 0.95], [0.5, 1.0]), np.arange(60) % 2, "classes hardly found"),
        (rows([0.99, 0.9], [0.5, 1.0]), SPREAD, "negative transfer"),
        (rows([0.9, 0.95], [1.0, 0.5]), SPREAD, "negative transfer"),
    ],
)
def test_what_goes_wrong_has_a_name(history, answers, trouble):
    criteria = {"information": history[-1]["monitor/information"], "density": 1.0}
    health = examined(history, 2, criteria, FEATURES, (EVEN, answers), CLASSES)
    assert [t.name for t in health.troubles] == ([] if trouble is None else [trouble])
    assert all(t.mend for t in health.troubles)


def test_troubles_are_warned_about(domains, short):
    x, y, _, _ = domains
    with pytest.warns(AdaptationWarning, match="classes hardly found: the target is hardly ever called"):
        made("DANN", epochs=20).fit(x, y, X_target=x[y == "ant"])


# bad input ---------------------------------------------------------------------------------------------------------

X, Y = blobs(30, 0)
U, V = blobs(24, 1)
HOLE = np.where(np.arange(4) == 1, np.nan, U)


@pytest.mark.parametrize(
    ("x", "y", "target", "error", "message"),
    [
        (X, Y, None, UsageError, "no target domain to adapt to"),
        (X, Y, (U, V), UsageError, "X_target is a pair"),
        (X, Y, U[:0], (DataError, ValueError), "0 (items|sample)"),
        (X, Y, U[:1], DataError, "has 1 items; give at least 2"),
        (X, Y, U[:, :3], ValueError, "3 features"),
        (X, Y, HOLE, DataError, "NaN"),
        (HOLE, V, U, DataError, "NaN"),
        (X, Y[:-1], U, DataError, "30 items but 29 labels"),
        (X, np.full(30, "ant"), U, DataError, "one label"),
        (X, None, U, DataError, "y is None"),
        ([X, U], [Y, V[:-1]], U, DataError, "24 items but 23 labels"),
        (frame(X), Y, frame(U).assign(label=V), (DataError, ValueError), "label"),
        (np.zeros((30, 8, 8)), Y, U, (DataError, ModelError), "images"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_with_the_mend(x, y, target, error, message, short):
    model = made("DANN")
    with pytest.raises(error, match=message):
        model.fit(x, y, X_target=target)
    assert not model.__sklearn_is_fitted__()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"checkpoint": "best"}, "'last', 'source', 'information', 'density'"),
        ({"weight": -1}, "weight=-1"),
        ({"size": 0}, "size=0"),
        ({"size": 8}, "size=8 is for images"),
        ({"smoothing": 1.0}, "smoothing=1.0"),
        ({"augmentation": "strong"}, "augmentation='strong'"),
        ({"discriminator": nn.Linear(64, 2)}, "logits"),
        ({"encoder": nn.Linear(3, 2)}, "encoder does not take"),
    ],
)
def test_hyperparameters_that_make_no_sense(params, message, short):
    with pytest.raises(UsageError, match=message):
        made("DANN", **params).fit(X, Y, X_target=U)


def test_target_labels_have_no_argument():
    with pytest.raises(TypeError):
        made("DANN").fit(X, Y, X_target=U, y_target=V)


def test_source_only_needs_a_target_only_for_its_statistics(short):
    plain = made("SourceOnly").fit(X, Y)
    assert list(plain.validation_) == ["source"]
    with pytest.raises(UsageError, match="give X_target= to fit"):
        made("SourceOnly", statistics="target", encoder=nn.BatchNorm1d(4)).fit(X, Y)
    with pytest.raises(UsageError, match="this encoder does not have"):
        made("SourceOnly", statistics="target").fit(X, Y, X_target=U)


def test_statistics_of_the_target_are_what_it_answers_by(short):
    encoder = nn.BatchNorm1d(4, affine=False)
    far = 5 * U + 100
    model = made("SourceOnly", statistics="target", encoder=encoder, scaling="whole").fit(X, Y, X_target=far)
    features = model.transform(far)
    np.testing.assert_allclose(features.mean(0), 0, atol=1e-3)
    plain = made("SourceOnly", encoder=encoder, scaling="whole").fit(X, Y, X_target=far)
    assert np.abs(plain.transform(far).mean(0)).min() > 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = model._of_source(hs.Dataset(X, "vectors", labels=Y))[0]
    np.testing.assert_allclose(source.mean(0), 0, atol=1e-4)  # the source by itself, as it was learned
