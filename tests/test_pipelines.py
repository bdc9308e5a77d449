"""Autoencoders as a step before trees, as scikit-learn runs it: pipelines, and cross-validation without leaks."""

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.datasets import load_digits, load_wine
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

import hiddenspace as hs

QUICK = {"epochs": 5, "random_state": 0, "trainer": hs.Trainer(progress=False)}


def trees() -> object:
    return xgboost.XGBClassifier(n_estimators=30, n_jobs=1)


def rows() -> tuple[object, np.ndarray]:
    x, y = load_wine(return_X_y=True)
    return x, y


def images() -> tuple[object, np.ndarray]:
    digits = load_digits(n_class=3)
    return digits.images.astype(np.uint8), digits.target


def table() -> tuple[object, np.ndarray]:
    rng = np.random.default_rng(0)
    colours, sizes = rng.choice(["red", "green", "blue"], 200), rng.choice(["small", "large"], 200)
    frame = pd.DataFrame({"colour": colours, "size": sizes, "weight": rng.standard_normal(200)})
    return frame, ((colours == "red") & (sizes == "large")).astype(int)


SOURCES = {"rows": rows, "images": images, "a table with text": table}


@pytest.mark.parametrize("name", SOURCES)
def test_a_pipeline_learns_and_predicts(name: str) -> None:
    x, y = SOURCES[name]()
    model = make_pipeline(hs.Autoencoder(code=4, **QUICK), trees()).fit(x, y)
    assert model.predict(x).shape == y.shape
    assert model.score(x, y) > 0.9


@pytest.mark.parametrize("name", SOURCES)
def test_cross_validation_fits_the_encoder_in_each_fold_on_that_folds_training_items(name: str, monkeypatch) -> None:
    x, y = SOURCES[name]()
    folds = KFold(3, shuffle=True, random_state=0)
    seen, fit = [], hs.Autoencoder.fit
    monkeypatch.setattr(
        hs.Autoencoder, "fit", lambda self, X, y=None: (seen.append((self, np.asarray(X))), fit(self, X))[1]
    )
    outer = hs.Autoencoder(code=4, **QUICK)
    scores = cross_val_score(make_pipeline(outer, trees()), x, y, cv=folds)
    assert len(scores) == len(seen) == 3
    for (encoder, given), (kept, _) in zip(seen, folds.split(x), strict=True):
        assert encoder is not outer
        np.testing.assert_array_equal(given, np.asarray(x)[kept])
    assert not hasattr(outer, "encoder_")


def test_what_is_held_out_changes_nothing_about_the_encoder() -> None:
    """The codes of a fold's training items are the same whatever stands in the rows that were held out."""
    x, y = rows()
    kept, out = next(KFold(3, shuffle=True, random_state=0).split(x))
    other = x.copy()
    other[out] = 1e6
    codes = []
    for data in (x, other):
        models = []

        class Kept(hs.Autoencoder):
            """Remembers itself: cross_val_score clones it."""

            def fit(self, X, y=None, models=models):
                models.append(self)
                return super().fit(X, y)

        cross_val_score(make_pipeline(Kept(code=4, **QUICK), trees()), data, y, cv=[(kept, out)])
        codes.append(models[0].transform(x[kept]))
    np.testing.assert_array_equal(*codes)


def test_codes_beside_the_raw_values_and_a_search_over_their_size() -> None:
    x, y = rows()
    both = make_union(FunctionTransformer(), hs.Autoencoder(code=2, **QUICK))
    pipeline = make_pipeline(both, trees())
    assert pipeline.fit(x, y)[0].transform(x).shape == (len(x), 15)
    search = GridSearchCV(make_pipeline(hs.Autoencoder(**QUICK), trees()), {"autoencoder__code": [2, 6]}, cv=2).fit(
        x, y
    )
    assert search.best_params_["autoencoder__code"] in (2, 6)
