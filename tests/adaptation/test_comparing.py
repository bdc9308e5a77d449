"""compare_adaptation: its rows, what is a result and what is not, and what it says."""

import numpy as np
import pytest

import hiddenspace as hs
from hiddenspace.adaptation.comparing import _Fitted, verdict
from hiddenspace.errors import DataError, UsageError

FAST = {"epochs": 2, "batch_size": 16, "trainer": hs.Trainer(progress=False)}


def moons(count, seed, turn=0.0):
    from sklearn.datasets import make_moons

    x, y = make_moons(count, noise=0.06, random_state=seed)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return ((x - [0.5, 0.25]) @ turned.T).astype(np.float32), np.array(["up", "down"])[y]


SOURCE, TARGET, TEST = moons(120, 0), moons(100, 1, 0.6), moons(80, 2, 0.6)


def test_rows_and_columns_with_labels_for_evaluation(short):
    table = hs.compare_adaptation(
        *SOURCE, TARGET[0], methods=["source", "dann", "shot"], seeds=2, evaluate=TEST, **FAST
    )
    assert list(table["method"]) == ["source", "dann", "shot", "target-trained"]
    scores = ["accuracy", "by source", "by information", "by density", "best epoch by target labels"]
    assert set(scores) <= set(table)
    methods = table.iloc[:3]
    assert (methods["lowest"] <= methods["accuracy"]).all()
    assert (methods["accuracy"] <= methods["highest"]).all()
    peeked = methods["best epoch by target labels"]
    assert all((peeked >= methods[name] - 1e-9).all() for name in scores[:4])
    assert table.attrs["seeds"] == 2
    assert [line.partition(" ")[0].rstrip(":") for line in table.attrs["verdict"]] == ["dann", "shot"]


def test_the_score_is_that_of_the_last_epoch_of_the_very_method(short):
    table = hs.compare_adaptation(*SOURCE, TARGET[0], methods=["dann"], seeds=1, evaluate=TEST, **FAST)
    alone = hs.DANN(random_state=0, **FAST).fit(*SOURCE, X_target=TARGET[0])
    assert table.set_index("method").loc["dann", "accuracy"] == alone.score(*TEST)
    assert list(table["method"]) == ["source", "dann", "target-trained"]


def test_the_ceiling_is_trained_on_what_it_is_given(short):
    params = {"methods": ["source"], "seeds": 1, "evaluate": TEST, "epochs": 100, "trainer": FAST["trainer"]}
    table = hs.compare_adaptation(*SOURCE, TARGET[0], target_training=TARGET, **params)
    alone = hs.SourceOnly(random_state=0, epochs=100, trainer=FAST["trainer"]).fit(*TARGET)
    assert table.set_index("method").loc["target-trained", "accuracy"] == alone.score(*TEST)


def test_without_labels_there_are_no_scores(short):
    own = {"mine": hs.CDAN(weight=0.5, **FAST)}
    table = hs.compare_adaptation(*SOURCE, TARGET[0], methods=own, seeds=1, **FAST)
    assert list(table["method"]) == ["source", "mine"]
    assert set(table) == {"method", "source", "information", "density", "seconds"}
    assert table.attrs["verdict"][0].startswith("mine")


def fits(scores=(), **criteria):
    if not scores:
        return [_Fitted(criteria, 1.0, {})]
    return [_Fitted(criteria, 1.0, {"accuracy": score}) for score in scores]


LOW, HIGH = {"source": 0.9, "information": 1.0, "density": 3.0}, {"source": 0.9, "information": 2.0, "density": 4.0}


@pytest.mark.parametrize(
    ("plain", "mine", "said"),
    [
        (fits([0.5, 0.6]), fits([0.7, 0.8]), "mine helped: 75.0% against 55.0%"),
        (fits([0.5, 0.8]), fits([0.7, 0.9]), "though not with every seed"),
        (fits([0.5, 0.6]), fits([0.5, 0.4]), "mine: no gain, 45.0% against 55.0%"),
        (fits(**LOW), fits(**HIGH), "mine is likely to have helped"),
        (fits(**HIGH), fits(**LOW), "mine is unlikely to have helped"),
        (fits(**LOW), fits(**{**LOW, "density": 5.0}), "the signs disagree"),
        (fits(**LOW), fits(**{**HIGH, "source": 0.5}), "the signs disagree"),
    ],
)
def test_what_it_says(plain, mine, said):
    (sentence,) = verdict({"source": plain, "mine": mine}, "accuracy")
    assert said in sentence


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"methods": ["gan"]}, UsageError, "no method 'gan'; use source, adversarial"),
        ({"seeds": 0}, UsageError, "seeds=0"),
        ({"scoring": "f1"}, UsageError, "scoring='f1'"),
        ({"evaluate": TEST[0]}, UsageError, "evaluate is no pair"),
        ({"evaluate": (TEST[0], TEST[1][:-1])}, DataError, "80 items but labels of shape"),
    ],
)
def test_arguments_that_make_no_sense(params, error, message, short):
    with pytest.raises(error, match=message):
        hs.compare_adaptation(*SOURCE, TARGET[0], **{"methods": ["source"], **FAST, **params})


@pytest.mark.slow
def test_it_helps_on_turned_moons():
    table = hs.compare_adaptation(
        *moons(600, 0), moons(600, 1, 0.4)[0], methods=["shot", "adda"], seeds=1, evaluate=moons(400, 2, 0.4), epochs=4,
        trainer=FAST["trainer"],
    )  # fmt: skip
    scores = table.set_index("method")["accuracy"]
    assert scores["shot"] > scores["source"] + 0.02
    assert scores["adda"] > scores["source"] + 0.02
    assert scores["target-trained"] > 0.97
