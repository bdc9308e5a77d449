"""scikit-learn's contract and the calls of the README, for every estimator: one row of MODELS each."""

import pickle
import random
import re

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError, HiddenspaceError, ModelError, TrainingError

QUIET = hs.Trainer(progress=False)
SHORT = {"epochs": 2, "width": 16, "depth": 1, "trainer": QUIET}
MODELS = {
    "PCA": hs.PCA(),
    "Autoencoder": hs.Autoencoder(**SHORT),
    "SparseAutoencoder": hs.SparseAutoencoder(**SHORT),
    "RedundantAutoencoder": hs.RedundantAutoencoder(**SHORT),
    "DenoisingAutoencoder": hs.DenoisingAutoencoder(**SHORT),
    "VariationalAutoencoder": hs.VariationalAutoencoder(**SHORT),
    "AdversarialAutoencoder": hs.AdversarialAutoencoder(**SHORT),
    "MaskedAutoencoder": hs.MaskedAutoencoder(epochs=2, trainer=QUIET),
    "ContrastiveEncoder": hs.ContrastiveEncoder(epochs=2, trainer=QUIET),
}
SUPERVISED = {
    "Classifier": hs.Classifier(epochs=2, batch_size=16, learning_rate=0.02, trainer=QUIET, random_state=0),
    "Regressor": hs.Regressor(epochs=2, batch_size=16, learning_rate=0.02, trainer=QUIET, random_state=0),
}
"""What learns from labels: the rest of their contract is in autoencoders/test_classifier.py."""
LEARNERS = [name for name in MODELS if name != "PCA"]
CODERS = [name for name, model in MODELS.items() if hasattr(model, "inverse_transform")]


def make(name="Autoencoder", **params):
    return clone(MODELS[name]).set_params(**{"code": 3, "random_state": 0, **params})


rng = np.random.default_rng(0)
ROWS = rng.normal(size=(60, 5)).astype(np.float32)
GREY = rng.integers(0, 256, (30, 8, 6), dtype=np.uint8)
FRAME = pd.DataFrame(
    {
        "size": rng.normal(10, 3, 40),
        "rooms": rng.integers(1, 6, 40),
        "colour": rng.choice(["red", "green", "blue"], 40),
        "age": np.where(rng.random(40) < 0.2, np.nan, rng.normal(50, 9, 40)),
    },
    index=np.arange(100, 140),
)
SOURCES = {
    "n,d": ROWS,
    "n,d float64": ROWS.astype(np.float64),
    "n,d bytes": rng.integers(0, 256, (30, 7), dtype=np.uint8),
    "n,h,w": GREY,
    "n,h,w float": GREY / 255,
    "n,h,w,c": rng.integers(0, 256, (30, 8, 6, 3), dtype=np.uint8),
    "n,c,h,w": rng.integers(0, 256, (30, 3, 8, 6), dtype=np.uint8),
    "16 bit": rng.integers(0, 65536, (30, 8, 6), dtype=np.uint16),
    "table": FRAME,
    "numbers in a table": FRAME[["size", "rooms"]],
}


@parametrize_with_checks([*(make(name, code=1) for name in MODELS), *SUPERVISED.values()])
def test_scikit_learn(estimator, check):
    check(estimator)


# the calls of the README ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", CODERS)
def test_there_and_back_in_the_datas_own_shape(name, source):
    X = SOURCES[source]
    model = make(name, code=1).fit(X)
    codes = model.transform(X)
    assert codes.shape == (len(X), 1)
    assert codes.dtype == np.float32
    again = model.inverse_transform(codes)
    assert again.shape == X.shape
    assert np.isfinite(model.score(X))
    assert model.score(X) <= 1
    if isinstance(X, pd.DataFrame):
        assert list(again.columns) == list(X.columns)
        assert (again.dtypes == X.dtypes).all()
        assert list(model.reconstruct(X).index) == list(X.index)
    else:
        np.testing.assert_allclose(model.reconstruct(X), again, rtol=1e-4, atol=1e-4)
    if X.ndim > 2:  # pictures stay within their range
        limits = {"uint8": 255, "uint16": 65535, "float64": 1}
        assert 0 <= again.min() <= again.max() <= limits[str(X.dtype)]
        assert again.max() > 0.1 * limits[str(X.dtype)]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", [name for name in MODELS if name not in CODERS])
def test_features_of_any_kind_of_data(name, source):
    X = SOURCES[source]
    model = make(name).fit(X)
    codes = model.transform(X)
    assert codes.shape == (len(X), 3)
    assert codes.dtype == np.float32
    assert np.isfinite(codes).all()
    assert not hasattr(model, "inverse_transform")


@pytest.mark.parametrize("name", MODELS)
def test_bytes_and_unit_range_give_the_same_codes(name):
    for X in (GREY, GREY.reshape(len(GREY), -1)):
        for fitted_on in (X, X / 255, X.astype(np.float32)):
            model = make(name).fit(fitted_on)
            codes = model.transform(X)
            for other in (X.astype(np.float64), X.astype(np.float32), X / 255, (X / 255).astype(np.float32)):
                np.testing.assert_allclose(model.transform(other), codes, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_a_folder_of_pictures_and_datasets(name, tmp_path):
    for i, grey in enumerate(GREY):
        Image.fromarray(grey).save(tmp_path / f"{i:02}.png")
    model = make(name).fit(str(tmp_path))
    codes = model.transform(tmp_path)
    assert codes.shape == (len(GREY), 3)
    np.testing.assert_array_equal(model.transform(hs.load_dataset(tmp_path)), codes)
    np.testing.assert_allclose(model.transform(GREY), codes, rtol=1e-5, atol=1e-6)
    assert name not in CODERS or model.inverse_transform(codes).shape[:3] == GREY.shape
    np.testing.assert_array_equal(make(name).fit(hs.load_dataset(tmp_path)).transform(tmp_path), codes)


def test_pictures_in_files_are_brought_to_the_size_and_channels_of_the_fit(tmp_path):
    model = make().fit(GREY)
    Image.fromarray(rng.integers(0, 256, (16, 12, 3), dtype=np.uint8)).save(tmp_path / "large and in colour.png")
    assert model.read(tmp_path).items.shape == (1, 8, 6, 1)
    assert model.transform(tmp_path).shape == (1, 3)
    assert model.transform(tmp_path / "large and in colour.png").shape == (1, 3)
    assert model.transform([str(tmp_path / "large and in colour.png")]).shape == (1, 3)
    assert model.transform([Image.fromarray(GREY[0])]).shape == (1, 3)


def test_embedded_samples_by_name():
    model = make("PCA").fit("digits")
    assert model.data_ == {"name": "digits", "kind": "images", "items": 1797, "shape": [8, 8, 1]}
    assert model.transform("digits").shape == (1797, 3)


def test_other_things_that_hold_numbers():
    model = make().fit(ROWS)
    codes = model.transform(ROWS)
    pictures = make().fit(GREY)
    for same in (ROWS.tolist(), list(ROWS), torch.from_numpy(ROWS), torch.from_numpy(ROWS).requires_grad_()):
        np.testing.assert_array_equal(model.transform(same), codes)
    assert model.transform(torch.from_numpy(ROWS).bfloat16()).shape == codes.shape
    for same in (GREY.tolist(), list(GREY), torch.from_numpy(GREY)):
        np.testing.assert_array_equal(pictures.transform(same), pictures.transform(GREY))


def test_arrow_tables_are_tables():
    import pyarrow as arrow

    model = make().fit(FRAME)
    np.testing.assert_array_equal(
        model.transform(arrow.Table.from_pandas(FRAME, preserve_index=False)), model.transform(FRAME)
    )


@pytest.mark.parametrize("name", MODELS)
def test_memory_maps_are_read_in_pieces_and_stay_on_the_disk(name, tmp_path):
    np.save(tmp_path / "rows.npy", ROWS)
    on_disk = np.load(tmp_path / "rows.npy", mmap_mode="r")
    np.testing.assert_array_equal(make(name).fit(on_disk).transform(on_disk), make(name).fit(ROWS).transform(ROWS))


def test_denoise_takes_values_beyond_the_range():
    model = make("DenoisingAutoencoder", corruption=hs.GaussianNoise(0.3)).fit(GREY / 255)
    noisy = GREY / 255 + rng.normal(0, 0.3, GREY.shape)
    restored = model.denoise(noisy)
    assert restored.shape == GREY.shape
    assert restored.min() >= 0
    assert restored.max() <= 1


@pytest.mark.parametrize("name", LEARNERS)
def test_history_and_networks(name):
    model = make(name).fit(ROWS)
    assert [row["epoch"] for row in model.history_] == [1, 2]
    for row in model.history_:
        assert row.keys() >= {"epoch", "seconds", "round", "learning_rate", "items_per_second"}
        assert any(key.startswith("train/") for key in row)
        assert any(key.startswith("validation/") for key in row)
    assert model.best_epoch_ in (1, 2)
    for network in model.networks().values():
        assert isinstance(network, nn.Module)
        assert not network.training


def test_trainer_settings_as_in_the_readme():
    mine = nn.Linear(5, 2), nn.Linear(2, 5)
    model = hs.Autoencoder(
        encoder=mine[0], decoder=mine[1], epochs=1, trainer=hs.Trainer(precision="32", devices=1, compile=False)
    ).fit(ROWS)
    assert model.transform(ROWS).shape == (60, 2)


# randomness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_the_same_seed_gives_the_same_bits_and_no_generator_is_touched(name):
    def states():
        return random.getstate(), np.random.get_state(legacy=False), torch.get_rng_state()  # noqa: NPY002

    before = states()
    first, second = make(name).fit(ROWS), make(name).fit(ROWS)
    np.testing.assert_array_equal(first.transform(ROWS), second.transform(ROWS))
    np.testing.assert_array_equal(first.fit(ROWS).transform(ROWS), second.transform(ROWS))
    after = states()
    assert before[0] == after[0]
    assert str(before[1]) == str(after[1])
    assert torch.equal(before[2], after[2])


@pytest.mark.parametrize("name", LEARNERS)
def test_other_seeds_give_other_models(name):
    codes = [make(name, random_state=state).fit(ROWS).transform(ROWS) for state in (0, 1, None, None)]
    assert len({array.tobytes() for array in codes}) == 4
    assert make(name, random_state=np.random.RandomState(3)).fit(ROWS).seed_ >= 0


@pytest.mark.parametrize("name", MODELS)
def test_a_code_does_not_hang_on_the_rows_beside_it(name):
    X = rng.normal(size=(200, 7)).astype(np.float32)
    model = make(name).fit(X)
    codes = model.transform(X)
    order = rng.permutation(len(X))
    np.testing.assert_allclose(model.transform(X[order]), codes[order], rtol=1e-6, atol=1e-7)
    for size in (1, 3, 64, 65, 130):
        np.testing.assert_allclose(model.transform(X[:size]), codes[:size], rtol=1e-6, atol=1e-7)


# scikit-learn's tools ---------------------------------------------------------------------------------------------


def test_clone_copies_nested_arguments():
    mine = nn.Linear(5, 2)
    model = hs.Autoencoder(encoder=mine, corruption=hs.MaskingNoise(0.2), trainer=QUIET, code_noise=hs.Dropout(0.1))
    copy = clone(model)
    assert copy.corruption == hs.MaskingNoise(0.2)
    assert copy.trainer == QUIET
    assert copy.encoder is not mine
    assert torch.equal(copy.encoder.weight, mine.weight)


@pytest.mark.parametrize("name", MODELS)
def test_looks_in_a_notebook(name):
    model = make(name).fit(ROWS)
    assert name in repr(model)
    assert name in model._repr_html_()


@pytest.mark.parametrize("name", MODELS)
def test_pipeline_and_grid_search(name):
    labels = (ROWS[:, 0] > 0).astype(int)
    pipeline = make_pipeline(StandardScaler(), make(name), KNeighborsClassifier(3))
    grid = {f"{name.lower()}__code": np.arange(1, 3)}  # NumPy's integers are sizes too
    if name in ("Autoencoder", "DenoisingAutoencoder"):
        grid[f"{name.lower()}__corruption"] = [hs.GaussianNoise(0.1), hs.MaskingNoise(0.1)]
    search = GridSearchCV(pipeline, grid, cv=2).fit(ROWS, labels)
    assert search.predict(ROWS).shape == (60,)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_grid_search_by_its_own_score():
    search = GridSearchCV(make("PCA"), {"code": [1, 2, 4]}, cv=3).fit(ROWS)
    assert search.best_params_ == {"code": 4}


@pytest.mark.parametrize("name", MODELS)
def test_pandas_output_and_names(name, tmp_path):
    model = make(name).set_output(transform="pandas").fit(FRAME)
    codes = model.transform(FRAME)
    prefix = name.lower()
    assert list(codes.columns) == list(model.get_feature_names_out()) == [f"{prefix}{i}" for i in range(3)]
    assert list(codes.index) == list(FRAME.index)
    assert list(model.feature_names_in_) == list(FRAME.columns)
    assert model.n_features_in_ == 4
    assert name not in CODERS or list(model.inverse_transform(codes).columns) == list(FRAME.columns)
    pictures = make(name).set_output(transform="pandas").fit(GREY)
    assert list(pictures.transform(GREY).columns) == [f"{prefix}{i}" for i in range(3)]
    Image.fromarray(GREY[0]).save(tmp_path / "one.png")
    assert len(pictures.transform(str(tmp_path))) == len(pictures.transform([Image.fromarray(GREY[0])])) == 1


def test_feature_names_are_checked():
    numbers = pd.DataFrame(ROWS, columns=list("abcde"))
    model = make().fit(numbers)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.transform(ROWS)
    with pytest.raises(ValueError, match="feature names"):
        model.transform(numbers.rename(columns={"a": "other"}))
    with pytest.raises(ValueError, match="feature names"):
        model.transform(numbers[list("edcba")])
    unnamed = make().fit(ROWS)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        unnamed.transform(numbers)
    assert not hasattr(unnamed, "feature_names_in_")
    assert not hasattr(model.fit(ROWS), "feature_names_in_")


def test_a_table_from_a_file_has_names_too(tmp_path):
    FRAME.to_csv(tmp_path / "houses.csv", index=False)
    model = make().fit(tmp_path / "houses.csv")
    assert list(model.feature_names_in_) == list(FRAME.columns)
    np.testing.assert_allclose(model.transform(FRAME), model.transform(tmp_path / "houses.csv"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_pickled_in_memory(name):
    model = make(name).fit(ROWS)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.transform(ROWS), model.transform(ROWS))
    assert again.get_params().keys() == model.get_params().keys()
    assert again.history_ == model.history_
    np.testing.assert_array_equal(again.fit(ROWS).transform(ROWS), model.transform(ROWS))


@pytest.mark.parametrize("name", MODELS)
def test_what_needs_a_fit_says_so(name):
    decoding = ("inverse_transform", "reconstruct", "score", "reconstruction_errors") if name in CODERS else ()
    for call in ("transform", *decoding):
        with pytest.raises(NotFittedError):
            getattr(make(name), call)(ROWS)
    with pytest.raises(NotFittedError):
        make(name).save_pretrained("nowhere")


# figures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CODERS)
def test_scores_and_errors_are_those_of_the_reconstruction(name):
    X = ROWS / 8 + 0.5
    X[:, 0] = np.linspace(0, 1, len(X))  # a unit range, so that model space is data space
    X = np.clip(X, 0, 1)
    model = make(name).fit(X)
    residual = X - model.reconstruct(X)
    expected = 1 - (residual**2).sum() / ((X - X.mean(0)) ** 2).sum()
    assert model.score(X) == pytest.approx(expected, abs=1e-5)
    np.testing.assert_allclose(model.reconstruction_errors(X), (residual**2).mean(1), rtol=1e-4, atol=1e-7)
    items, again = model.rebuilt(X)
    np.testing.assert_allclose(items, X, atol=1e-7)
    np.testing.assert_allclose(items - again, residual, atol=1e-6)


def test_score_of_constant_data():
    constant = np.full((20, 4), 0.3)
    assert make("PCA", code=1).fit(constant).score(constant) == 1.0
    model = make().fit(ROWS)
    assert model.score(np.zeros_like(ROWS)) == 0.0  # nothing to explain, and something got wrong


# bad input --------------------------------------------------------------------------------------------------------

with_nan, with_inf = ROWS.copy(), ROWS.copy()
with_nan[3, 2], with_inf[5, 1] = np.nan, np.inf
NOT_FITTED_ON = {
    "NaN": (with_nan, "NaN"),
    "inf": (with_inf, "inf"),
    "inf in pictures": (np.where(GREY > 250, np.inf, GREY), "inf"),
    "inf in a table": (pd.DataFrame({"a": [1.0, np.inf, 2.0]}), "inf"),
    "one row": (ROWS[:1], "n_samples = 1"),
    "one picture": (GREY[:1], "n_samples = 1"),
    "no rows": (ROWS[:0], r"0 sample\(s\)"),
    "no columns": (ROWS[:, :0], r"0 feature\(s\)"),
    "an empty list": ([], "empty|2D"),
    "an empty table": (FRAME[:0], "0 sample"),
    "one axis": (ROWS[0], "2D array"),
    "five axes": (np.zeros((4, 2, 2, 2, 2)), "axes"),
    "complex": (ROWS + 1j, "Complex"),
    "words": (np.array([["a", "b"], ["c", "d"]]), "numbers|numeric|convert"),
    "ragged": ([[1.0, 2.0], [3.0]], "inhomogeneous|differ"),
    "a path that is not there": ("no such/folder", "does not exist"),
    "None": (None, "A NoneType is no source of data; give"),
    "a number": (3.5, "A float is no source of data; give"),
}


@pytest.mark.parametrize("source", NOT_FITTED_ON)
@pytest.mark.parametrize("name", ["PCA", "Autoencoder"])
def test_no_fit_on(name, source):
    X, message = NOT_FITTED_ON[source]
    with pytest.raises(ValueError, match=message):
        make(name, code=1).fit(X)


def test_an_empty_folder(tmp_path):
    with pytest.raises(DataError, match="empty"):
        make().fit(tmp_path)


@pytest.mark.parametrize("name", CODERS)
def test_constant_columns_are_no_trouble(name):
    X = ROWS.copy()
    X[:, 1], X[:, 3] = 0, 7
    model = make(name, scaling="columns", code=2).fit(X)
    again = model.inverse_transform(model.transform(X))
    assert np.isfinite(again).all()
    assert np.isfinite(make(name, code=1).fit(np.ones((20, 4))).transform(np.ones((20, 4)))).all()


NOT_TRANSFORMED = {
    "other width": (ROWS, ROWS[:, :4], "X has 4 features, but .* is expecting 5 features"),
    "rows with NaN": (ROWS, with_nan, "NaN"),
    "pictures for rows": (ROWS, GREY, "rows of 5 numbers but was given images"),
    "rows for pictures": (GREY, GREY.reshape(30, -1)[:, :5], "images of 8x6 with 1 channel but was given vectors"),
    "smaller pictures": (GREY, GREY[:, :6, :6], "8x6 with 1 channel but was given 6x6"),
    "colour for grey": (GREY, np.stack([GREY] * 3, -1), "with 3 channels"),
    "a table for pictures": (GREY, FRAME, "but was given table"),
    "pictures for a table": (FRAME, GREY, "table but was given images"),
    "a column short": (FRAME, FRAME.drop(columns="age"), "feature names"),
    "no rows": (ROWS, ROWS[:0], r"0 sample\(s\)"),
}


@pytest.mark.parametrize("case", NOT_TRANSFORMED)
@pytest.mark.parametrize("name", ["PCA", "Autoencoder"])
def test_no_transform_of(name, case):
    fitted_on, given, message = NOT_TRANSFORMED[case]
    model = make(name).fit(fitted_on)
    for call in (model.transform, model.reconstruct, model.score):
        with pytest.raises(ValueError, match=message):
            call(given)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((4, 2)), "X has 2 columns, but this model decodes codes of 3"),
        (np.full((4, 3), np.nan), "NaN"),
        (np.full((4, 3), np.inf), "inf"),
        (np.zeros(3), "2D"),
        (np.zeros((0, 3)), "0 sample"),
        ([["a", "b", "c"]], "convert"),
    ],
)
@pytest.mark.parametrize("name", CODERS)
def test_no_decoding_of(name, codes, message):
    with pytest.raises(ValueError, match=message):
        make(name).fit(ROWS).inverse_transform(codes)


BAD_PARAMS = {
    "code": [0, -1, "a", 2.5, True],
    "depth": [0, "deep"],
    "width": [0, 1.5],
    "epochs": [0, 1.5],
    "batch_size": [0, "all"],
    "patience": [0],
    "learning_rate": [0, -1e-3, "fast", float("nan"), float("inf")],
    "validation_fraction": [-0.1, 1, 1.5, "a"],
    "sparsity": [-1, "much"],
    "beta": [-1, None],
    "mask": [0, 1, "most"],
    "temperature": [0, -1, "hot"],
    "augmentation": [0.3, "flips"],
    "monitor": ["yes", None],
    "code_noise": [0.3, "gaussian"],
    "corruption": [0.3, "masking"],
    "encoder": ["resnet", 3],
    "decoder": [nn.Linear],
    "scaling": ["huge", None],
}


@pytest.mark.parametrize("name", MODELS)
def test_arguments_that_make_no_sense(name):
    for parameter, values in BAD_PARAMS.items():
        for value in values if parameter in make(name).get_params() else ():
            with pytest.raises(HiddenspaceError) as caught:
                make(name, **{parameter: value}).fit(ROWS)
            text = str(caught.value)
            assert f"{parameter}={value!r}" in text
            assert "use " in text or "give " in text
            assert re.fullmatch(r"[^\n]*[^\s]\.", text)


REFUSED = {
    "a path that is not there": "no such folder",
    "one row of other width": np.zeros((1, 3)),
    "one picture": GREY[:1],
    "a table with infinity": pd.DataFrame({"a": [1.0, np.inf, 2.0]}),
}


@pytest.mark.parametrize("source", REFUSED)
@pytest.mark.parametrize("name", ["PCA", "Autoencoder"])
def test_a_refused_fit_leaves_the_old_model_usable(name, source):
    model = make(name).fit(ROWS)
    codes, before = model.transform(ROWS), vars(model).copy()
    with pytest.raises(HiddenspaceError):
        model.fit(REFUSED[source])
    assert vars(model) == before
    np.testing.assert_array_equal(model.transform(ROWS), codes)


class Failing:
    """A corruption that fails at its third batch, in one way or another."""

    def __init__(self, how):
        self.how, self.calls = how, 0

    def __call__(self, x):
        self.calls += 1
        if self.calls < 3:
            return x
        if self.how == "Ctrl-C":
            raise KeyboardInterrupt
        return x * float("nan")


@pytest.mark.parametrize("how", ["nan", "Ctrl-C"])
@pytest.mark.parametrize("warm_start", [False, True])
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(how, warm_start):
    fresh = make(corruption=Failing(how), batch_size=8, warm_start=warm_start)
    with pytest.raises((TrainingError, KeyboardInterrupt)):
        fresh.fit(ROWS)
    with pytest.raises(NotFittedError):
        fresh.transform(ROWS)
    assert not [name for name in vars(fresh) if name.endswith("_")]
    model = make(batch_size=8, warm_start=warm_start).fit(ROWS)
    codes = model.transform(ROWS)
    with pytest.raises((TrainingError, KeyboardInterrupt)):
        model.set_params(corruption=Failing(how)).fit(ROWS)
    np.testing.assert_array_equal(model.transform(ROWS), codes)
    assert not model.encoder_.training
    model.set_params(corruption=None).fit(ROWS)
    assert np.isfinite(model.transform(ROWS)).all()


def test_warm_start_takes_the_same_kind_of_data_only():
    model = make(warm_start=True).fit(ROWS)
    with pytest.raises(ValueError, match="4 features"):
        model.fit(ROWS[:, :4])
    with pytest.raises(ModelError, match="given images"):
        model.fit(GREY)
    with pytest.raises(HiddenspaceError, match="warm_start goes on with codes of 3, but code=2"):
        model.set_params(code=2).fit(ROWS)
