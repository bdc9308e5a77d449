"""Comparing representations: known answers, no leaks, and clear words about bad labels."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import hiddenspace as hs
from hiddenspace.autoencoders.pca import PCA
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space import probing
from hiddenspace.space.labelling import read_target, stratified_draw
from hiddenspace.space.probing import probe_score
from hiddenspace.space.verdicts import verdict

RNG = np.random.default_rng(0)
QUICK = {"models": ["pca"], "label_counts": [30], "seeds": 2}


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiddenspace.space.probing.TREES", 30)


def blobs(n: int = 300, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    return (6 * np.eye(classes, 6)[y] + rng.standard_normal((n, 6))).astype(np.float32), y


# the table ----------------------------------------------------------------------------------------------------------


def test_all_default_representations_are_judged_by_all_probes() -> None:
    x, y = blobs(120)
    table = hs.compare(x, labels=y, label_counts=[20, 40], seeds=1, epochs=1)
    single = [
        "raw",
        "random encoder",
        "PCA",
        "autoencoder",
        "sparse",
        "redundant",
        "denoising",
        "masked",
        "contrastive",
    ]
    beside = {f"raw + {name}" for name in single[1:]}
    assert set(table["representation"]) == {*single, *beside}
    assert list(table.columns) == [
        "representation",
        "features",
        "probe",
        "labels",
        "accuracy",
        "lowest",
        "highest",
        "seconds",
    ]
    counted = table.groupby("representation").size()
    assert all(counted[name] == 6 for name in single)
    assert all(counted[name] == 2 for name in beside), "codes beside raw values are for XGBoost alone"
    features = table.groupby("representation")["features"].first()
    assert features["raw + PCA"] == features["raw"] + features["PCA"]
    assert (table["lowest"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["highest"]).all()


def test_separate_classes_are_told_apart_and_the_same_seed_gives_the_same() -> None:
    x, y = blobs()
    table = hs.compare(x, labels=y, **QUICK)
    assert (table["accuracy"] > 0.9).all()
    pd.testing.assert_frame_equal(
        table.drop(columns="seconds"), hs.compare(x, labels=y, **QUICK).drop(columns="seconds"), check_flags=False
    )


def test_labels_that_say_nothing_are_told_by_chance() -> None:
    x, _ = blobs(1000)
    table = hs.compare(
        x, labels=np.random.default_rng(1).permutation(np.arange(1000) % 2), **QUICK | {"label_counts": [200]}
    )
    assert table["accuracy"].between(0.35, 0.65).all()


@pytest.mark.parametrize("column", ["text", "truth", "few numbers", "numbers"])
def test_what_a_column_of_labels_is(column: str) -> None:
    x, y = blobs()
    labels = {
        "text": np.array(["ape", "bee", "cat"])[y],
        "truth": y == 1,
        "few numbers": 10 * y,
        "numbers": x[:, 0] + 0.01,
    }
    frame = pd.DataFrame(x, columns=list("abcdef")).assign(target=labels[column])
    table = hs.compare(frame, labels="target", **QUICK)
    assert table.attrs["metric"] == ("R2" if column == "numbers" else "accuracy")
    assert table[table["representation"] == "raw"]["features"].eq(6).all(), "the label is no feature"
    assert (table[table["representation"] == "raw"][table.attrs["metric"]] > 0.75).all()
    assert any("R2" in note for note in table.attrs["notes"]) == (column == "numbers")


def test_a_sources_own_test_part_is_what_is_tested(tmp_path) -> None:
    x, y = blobs(200)
    test, test_y = blobs(50, seed=1)
    data = hs.Dataset(x, "vectors", y, "blobs", test=hs.Dataset(test, "vectors", (test_y + 1) % 3, "blobs"))
    table = hs.compare(data, **QUICK)
    assert (table["accuracy"] < 0.1).all(), "the test part has other labels, so that nothing fits"


def test_larger_counts_become_all_labels_and_missing_ones_are_left_out() -> None:
    x, y = blobs(200)
    labels = y.astype(object)
    labels[:40] = None
    table = hs.compare(x, labels=labels, **QUICK | {"label_counts": [30, 5000]})
    assert sorted(table["labels"].unique()) == [30, 128], "four fifths of 160"
    assert any("128 labels" in note for note in table.attrs["notes"])
    assert any("40 of 200 labels are missing" in note for note in table.attrs["notes"])


@pytest.mark.parametrize(
    ("labels", "task", "classes"),
    [
        (np.arange(240) % 60, "auto", 0),
        (np.arange(240) % 60, "classes", 60),
        ((np.arange(240) % 60).astype(str), "auto", 60),  # zip codes
        ((np.arange(240) % 60).astype(float).astype(str), "auto", 0),  # as a column of numbers with gaps is kept
        ((np.arange(240) % 6).astype(str), "numbers", 0),
        (np.array(["1.0", "nan", "2.0"] * 80), "auto", 2),
    ],
)
def test_text_is_classes_and_the_choice_can_be_overruled(labels, task, classes) -> None:
    assert read_target(labels, task).classes == classes


def test_labels_of_a_test_part_are_written_as_those_of_the_training_part() -> None:
    x, _ = blobs(240)
    labels = np.concatenate([np.arange(180), np.arange(60)]) % 60
    for kind in (int, str):
        given = labels.astype(kind)
        data = hs.Dataset(x[:180], "vectors", given[:180], "b", test=hs.Dataset(x[180:], "vectors", given[180:], "b"))
        table = hs.compare(data, label_counts=120, seeds=1, models="pca", probes="knn")
        assert table.attrs["metric"] == ("R2" if kind is int else "accuracy")
        assert any("task='classes'" in note for note in table.attrs["notes"]) == (kind is int)


def test_single_values_stand_for_lists() -> None:
    x, y = blobs(120)
    table = hs.compare(x, labels=y, label_counts=20, seeds=1, models=hs.PCA(2), probes="knn")
    assert list(table["representation"]) == ["raw", "PCA"]
    assert set(table["labels"]) == {20}
    assert set(table["probe"]) == {"knn"}


def test_own_estimators_are_cloned_and_named() -> None:
    x, y = blobs()
    mine = hs.PCA(2)
    table = hs.compare(x, labels=y, **QUICK | {"models": {"mine": mine}})
    assert set(table["representation"]) == {"raw", "mine", "raw + mine"}
    assert not hasattr(mine, "encoder_")


# no leaks -----------------------------------------------------------------------------------------------------------


def test_encoders_see_neither_labels_nor_test_items(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, fit = [], PCA.fit
    monkeypatch.setattr(PCA, "fit", lambda self, X, y=None: (seen.append((X, y)), fit(self, X, y))[1])
    x, y = blobs(200)
    x[:, 0] = np.arange(200)  # which item it is
    tested = []
    score = probing.probe_score

    def spy(probe, few, values, test, answers, **options):
        tested.append((few[:, 0], test[:, 0]))
        return score(probe, few, values, test, answers, **options)

    monkeypatch.setattr("hiddenspace.space.comparing.probe_score", spy)
    monkeypatch.setattr(
        "hiddenspace.space.representations._raw", lambda training: lambda dataset: np.asarray(dataset.items)
    )
    hs.compare(x, labels=y, **QUICK | {"seeds": 1, "probes": ["knn"], "items": 150})
    (training, given) = seen[0]
    assert given is None
    assert training.labels is None
    assert len(training) == 150
    labelled, held_out = (set(part) for part in tested[0])
    assert len(held_out) == 40
    assert not held_out & set(training.items[:, 0])
    assert not held_out & labelled


# labels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "error", "words"),
    [
        (np.zeros(300, int), DataError, "two classes"),
        (np.full(300, 2.5), DataError, "the same number"),
        (np.array([f"person {i}" for i in range(300)]), DataError, "300 classes for 300 items, like an id"),
        (np.arange(300) + 7, DataError, "from 7 to 306 like an id"),
        (np.full(300, None), DataError, "not one label"),
        (None, UsageError, "no labels"),
        (np.arange(300) % 40, UsageError, "30 labels are too few for 40 classes"),
        ((np.arange(3300) % 1100).astype(str), DataError, "1,100 classes for 3,300 items, like an id"),
    ],
)
def test_labels_that_cannot_be_judged_by(labels, error, words) -> None:
    x, _ = blobs()
    x = np.resize(x, (300 if labels is None else len(labels), x.shape[1]))
    with pytest.raises(error, match=words):
        hs.compare(x, labels=labels, **QUICK)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"labels": "nothing"}, "no column 'nothing'"),
        ({"models": ["pcaa"]}, "no model 'pcaa'"),
        ({"models": {"mine": 3}}, "mine is a int"),
        ({"models": [PCA(2)]}, "dict of name -> estimator"),
        ({"task": "regression"}, "task='regression' is unknown"),
        ({"probes": ["svm"]}, "no probe 'svm'"),
        ({"label_counts": []}, "label_counts is empty"),
        ({"label_counts": [0]}, "label_counts=0"),
        ({"seeds": 0}, "seeds=0"),
        ({"test_fraction": 1.0}, "test_fraction"),
        ({"random_state": None}, "random_state=None"),
    ],
)
def test_arguments_that_make_no_sense(arguments, words) -> None:
    x, y = blobs()
    frame = pd.DataFrame(x).rename(columns=str).assign(y=y)
    with pytest.raises(UsageError, match=words):
        hs.compare(frame, **{"labels": "y", **QUICK, **arguments})


@pytest.mark.parametrize("count", [3, 10, 57, 100])
def test_draws_are_in_proportion_and_larger_ones_hold_smaller_ones(count: int) -> None:
    labels = np.repeat(["a", "b", "c"], [80, 19, 1])
    target, positions = read_target(labels), np.arange(100)
    drawn = stratified_draw(target, positions, count, seed=4)
    assert len(set(drawn)) == count
    sizes = np.bincount(target.values[drawn], minlength=3)
    assert sizes[2] == 1, "each class is there"
    assert abs(sizes[0] - 0.8 * count) <= 1.5
    larger = stratified_draw(target, positions, 100, seed=4)
    assert set(drawn) <= set(larger)


# probes -------------------------------------------------------------------------------------------------------------


def test_regressions_explain_what_is_linear_and_no_more() -> None:
    x = RNG.standard_normal((400, 5))
    y = x @ np.arange(1.0, 6) + np.sqrt(55 / 9) * RNG.standard_normal(400)  # nine tenths of the variance
    score = probe_score("linear", x[:200], y[:200], x[200:], y[200:], classes=False)
    assert score == pytest.approx(0.9, abs=0.03)
    assert probe_score("knn", x[:200], y[:200], x[200:], y[200:], classes=False) < score


@pytest.mark.parametrize("probe", probing.PROBES)
def test_a_class_that_was_never_drawn_is_a_miss(probe: str) -> None:
    x, y = blobs(300)
    few = y < 2
    score = probe_score(probe, x[few], y[few], x, y, classes=True)
    assert score == pytest.approx(few.mean(), abs=0.05)


def test_without_xgboost_scikit_learns_trees_take_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiddenspace.space.probing.booster", lambda: "HistGradientBoosting")
    monkeypatch.setattr("hiddenspace.space.comparing.booster", lambda: "HistGradientBoosting")
    x, y = blobs()
    table = hs.compare(x, labels=y, **QUICK | {"probes": ["xgboost"], "seeds": 1, "label_counts": [60]})
    assert (table["accuracy"] > 0.6).all()
    assert any("hiddenspace[boost]" in note for note in table.attrs["notes"])


# the verdict --------------------------------------------------------------------------------------------------------


def scores(**by_name: list[float]) -> pd.DataFrame:
    rows = [
        {"representation": name.replace("_", " "), "probe": "linear", "labels": 100, "seed": seed, "score": score}
        for name, values in by_name.items()
        for seed, score in enumerate(values)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("by_name", "words"),
    [
        (
            {"raw": [0.8, 0.82], "PCA": [0.7, 0.7], "sparse": [0.6, 0.7]},
            r"raw \(linear\) wins, with 81.0 %; no learned",
        ),
        (
            {"raw": [0.6, 0.6], "PCA": [0.8, 0.8], "sparse": [0.7, 0.6]},
            r"PCA \(linear\) wins.*15.0 points \(10.0 to 20.0",
        ),
        (
            {"raw": [0.6, 0.6], "PCA": [0.7, 0.7], "sparse": [0.8, 0.9]},
            r"sparse \(linear\) wins.*best, PCA.* has 70.0 %",
        ),
        ({"raw": [0.6, 0.8], "sparse": [0.7, 0.75]}, "no clear winner.*hangs on the seed"),
        ({"raw": [0.6, 0.8], "random_encoder": [0.9, 0.9]}, "random encoder .linear. is best, with 90.0 %"),
    ],
)
def test_the_verdict_says_who_wins_and_whether_it_is_sure(by_name, words) -> None:
    said = verdict(scores(**by_name), "accuracy")
    assert pd.Series(said[0]).str.contains(f"^With 100 labels.*{words}", regex=True).all(), said


def test_the_verdict_on_one_seed_says_that_it_is_one() -> None:
    assert any("one seed" in sentence for sentence in verdict(scores(raw=[0.5], sparse=[0.6]), "accuracy"))


def test_the_verdict_says_what_xgboost_gains() -> None:
    rows = scores(raw=[0.5, 0.5], sparse=[0.1, 0.1])
    rows = pd.concat([rows, scores(**{"raw + sparse": [0.53, 0.55]})]).assign(probe="xgboost")
    assert any(
        "XGBoost gains 4.0 points (3.0 to 5.0 over 2 seeds)" in sentence for sentence in verdict(rows, "accuracy")
    )


def test_warnings_of_small_folds_stay_inside() -> None:
    x, y = blobs(12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 <= probe_score("linear", x[:4], y[:4], x[4:], y[4:], classes=True) <= 1


def test_images_are_compared_as_pixels() -> None:
    data = hs.load_dataset("digits").take(np.arange(300))
    table = hs.compare(replace(data), label_counts=[50], seeds=1, models=["random", "pca"], probes=["knn"])
    assert table.set_index("representation")["features"]["raw"] == 64
    assert (table["accuracy"] > 0.5).all()
