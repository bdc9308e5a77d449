"""Probes: simple models of features, whose success says what a representation makes easy."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np

PROBES = ("linear", "knn", "xgboost")
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""C of the logistic regression, of which the best in cross-validation is taken."""
RIDGES = (1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4)
NEIGHBOURS = (1, 3, 5, 10, 20)
FOLDS = 3
TREES, RATE = 200, 0.1
COLUMNS = 100
"""Columns among which a split of a tree is chosen, where there are more: better on pixels, and 5 times as fast."""
BINS = 64


def probe_score(
    probe: str,
    features: np.ndarray,
    y: np.ndarray,
    test_features: np.ndarray,
    test_y: np.ndarray,
    *,
    classes: bool,
    seed: int = 0,
) -> float:
    """How well labels of test items are told from features, by a model that learned from the labelled ones.

    Hyperparameters are chosen by cross-validation in 3 folds of the labelled items: the penalty of logistic regression
    (of numbers: ridge regression) on standardised features, and the number of nearest neighbours, by Euclidean distance
    of features as they are. XGBoost has 200 trees, a learning rate of 0.1 and its other defaults, but that each split
    looks at 100 columns where there are more, in 64 bins.

    Parameters
    ----------
    probe : {"linear", "knn", "xgboost"}
    features, test_features : (n, d) and (m, d)
    y, test_y : (n,) and (m,)
        Classes, or numbers.
    classes : bool
        Whether they are classes.
    seed : int
        Of folds and trees.

    Returns
    -------
    float
        Accuracy of classes, R2 of numbers.
    """
    with warnings.catch_warnings():  # classes of one or two items in the folds, and solvers that stop early
        warnings.simplefilter("ignore")
        if classes and len(np.unique(y)) == 1:  # so few were drawn that there is nothing to learn
            return float((test_y == y[0]).mean())
        if classes:  # XGBoost wants 0 .. c - 1 of those that are there
            seen, y = np.unique(y, return_inverse=True)
            test_y = np.where(np.isin(test_y, seen), np.searchsorted(seen, test_y), -1)
        model = _MODELS[probe](y, features.shape[1], classes, seed).fit(features, y)
        return float(model.score(test_features, test_y))


def booster() -> str:
    """What the probe 'xgboost' is here: XGBoost, or scikit-learn's where it is not installed."""
    return "XGBoost" if find_spec("xgboost") else "HistGradientBoosting"


def _linear(y: np.ndarray, columns: int, classes: bool, seed: int) -> Any:
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if not classes:
        return make_pipeline(StandardScaler(), RidgeCV(RIDGES))
    parts = _parts(y, classes, seed)
    if parts is None:
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    # where there are more features than items, weights that see nothing are rotated away: a penalty of squares has the
    # same answer in fewer dimensions
    fewer = [PCA()] if columns > len(y) else []
    return make_pipeline(StandardScaler(), *fewer, LogisticRegressionCV(Cs=PENALTIES, cv=parts, max_iter=300))


def _knn(y: np.ndarray, columns: int, classes: bool, seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    model = KNeighborsClassifier(1) if classes else KNeighborsRegressor(1)
    possible = [k for k in NEIGHBOURS if k <= len(y) // 2]
    return _searched(model, {"n_neighbors": possible or [1]}, y, classes, seed)


def _xgboost(y: np.ndarray, columns: int, classes: bool, seed: int) -> Any:
    if booster() != "XGBoost":
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        return kind(
            max_iter=TREES,
            learning_rate=RATE,
            early_stopping=False,
            max_features=min(1.0, COLUMNS / columns),
            min_samples_leaf=min(20, max(1, len(y) // 50)),  # its own 20 cannot split a few labels
            max_bins=BINS,
            random_state=seed,
        )
    from xgboost import XGBClassifier, XGBRegressor

    return (XGBClassifier if classes else XGBRegressor)(
        n_estimators=TREES,
        learning_rate=RATE,
        colsample_bynode=min(1.0, COLUMNS / columns),
        max_bin=BINS,
        random_state=seed,
    )


_MODELS = {"linear": _linear, "knn": _knn, "xgboost": _xgboost}


def _searched(model: Any, grid: dict[str, Any], y: np.ndarray, classes: bool, seed: int) -> Any:
    """With the best of the grid in cross-validation; as it is where there are too few items for that."""
    from sklearn.model_selection import GridSearchCV

    parts = _parts(y, classes, seed)
    return model if parts is None else GridSearchCV(model, grid, cv=parts, error_score=0.0)


def _parts(y: np.ndarray, classes: bool, seed: int) -> Any:
    """How the labelled items are split for cross-validation; None where there are too few of them."""
    from sklearn.model_selection import KFold, StratifiedKFold

    folds = min(FOLDS, int(np.bincount(y).max()) if classes else len(y) // 2)
    return None if folds < 2 else (StratifiedKFold if classes else KFold)(folds, shuffle=True, random_state=seed)
