"""Whether an adaptation helped, in words; and the baseline that it is held against."""

import numpy as np
import pytest

import hiddenspace as hs
from hiddenspace.report.summary import AdaptedRow
from hiddenspace.runs.adapted import SEEN, Told, verdict
from hiddenspace.runs.adapted_summary import _worded
from hiddenspace.runs.adapters import adapter_title, make_baseline, seconds_of
from hiddenspace.runs.domains import Domains, Evaluation, numbers_of
from hiddenspace.runs.settings import RunSettings

TRAINER = hs.Trainer()
ITEMS = hs.load_dataset(np.zeros((200, 2)))


def judged(before: int, after: int, both: int = 0) -> str:
    """The verdict where so many of 200 items are named rightly; `both` by both."""
    truth = np.zeros(200, int)
    evaluation = Evaluation(ITEMS, truth, "200 items")
    was, now = np.ones(200, int), np.ones(200, int)
    was[:before] = 0
    now[before - both : before - both + after] = 0
    told = {"Source only": Told(np.empty(0), was), "DANN": Told(np.empty(0), now)}
    rows = [AdaptedRow(name, 0.9, 1.0, 4.0, 1.0, float((one.judged == truth).mean())) for name, one in told.items()]
    return verdict(rows, told, Domains(ITEMS, ITEMS, evaluation, ()), [], SEEN[0])


def by_signs(after: tuple[float, float | None], source: float = 0.9, troubles=()) -> str:
    """The verdict where information and density were 1 and 4."""
    rows = [AdaptedRow("Source only", 0.9, 1.0, 4.0, 1.0), AdaptedRow("DANN", source, *after, 1.0)]
    return verdict(rows, {}, Domains(ITEMS, ITEMS, None, ()), list(troubles), SEEN[0])


def test_labels_say_whether_it_helped():
    said = judged(before=60, after=120, both=60)
    assert said == "DANN helped: 60.0% of 200 items are named rightly, and 30.0% without adaptation."
    assert judged(60, 60, 60).startswith("DANN: no gain, 30.0% of 200 items")
    assert judged(60, 58, 58).startswith("DANN: no gain, 29.0%")
    assert judged(60, 40, 40).startswith("DANN: no gain but harm, 20.0%")


def test_a_gain_of_few_items_may_be_chance():
    # 5 items against 1: the two tails of a fair coin are 2 * 7 / 64
    said = judged(before=60, after=64, both=59)
    assert said.startswith("DANN: no gain that could not be chance, 32.0%")
    assert said.endswith("(p = 0.22).")
    assert judged(before=60, after=66, both=60).startswith("DANN helped")  # 2 / 64


@pytest.mark.parametrize(
    ("signs", "source", "beginning"),
    [
        ((1.1, 4.2), 0.9, "DANN is likely to have helped"),
        ((1.1, 4.2), 0.8, "The signs disagree on whether DANN helped"),  # it forgot the source
        ((1.1, 3.9), 0.9, "The signs disagree on whether DANN helped"),
        ((1.01, 4.2), 0.9, "The signs disagree on whether DANN helped"),  # too little to say anything
        ((1.01, 4.01), 0.9, "DANN is unlikely to have helped"),
        ((0.8, 3.0), 0.99, "DANN is unlikely to have helped"),
        ((1.1, None), 0.9, "DANN is likely to have helped"),  # of two target items there is no density
    ],
)
def test_without_labels_the_answers_give_signs(signs, source, beginning):
    said = by_signs(signs, source)
    assert said.startswith(beginning)
    assert ("density" in said) == (signs[1] is not None)


def test_sure_answers_say_nothing_where_they_have_collapsed():
    said = by_signs((1.1, 4.2), troubles=["idle", "collapsed predictions"])
    assert said.startswith("Whether DANN helped cannot be said")
    assert "there is collapsed predictions;" in said
    assert by_signs((1.1, 4.2), troubles=["classes hardly found"]).startswith("DANN is likely")


def test_labels_are_one_however_they_are_written():
    np.testing.assert_array_equal(numbers_of(np.array(["7", "7.0", "8", "x"]), np.array([7, 8])), [0, 0, 1, -1])
    np.testing.assert_array_equal(numbers_of(np.array([7, 8]), np.array(["07", "8"])), [-1, 1])
    np.testing.assert_array_equal(numbers_of(np.array([1.5, 2.0]), np.array([1.5, 2.0])), [0, 1])


def baseline(model: str, **params) -> dict:
    usual = {"checkpoint": "last", "epochs": None}
    made = make_baseline(RunSettings("a", model, seed=3, params=usual | params, target="b"), TRAINER)
    return made.get_params(deep=False)


def test_the_baseline_has_what_was_asked_for_and_is_one_for_all_methods():
    assert baseline("shot") == baseline("cdan")
    made = baseline("cdan", epochs=5, learning_rate=1e-3, size=16, smoothing=0.2, augmentation="None")
    wanted = {"epochs": 5, "learning_rate": 1e-3, "size": 16, "smoothing": 0.2, "augmentation": None}
    assert {name: made[name] for name in wanted} == wanted
    assert made["random_state"] == 3
    assert baseline("shot", epochs=5, source_epochs=2)["epochs"] == 2


def test_the_baseline_is_not_chosen_by_the_target():
    assert baseline("dann", checkpoint="source")["checkpoint"] == "source"
    assert baseline("dann", checkpoint="density")["checkpoint"] == "last"


def test_methods_have_titles():
    titles = [adapter_title(made()) for made in (hs.DeepCORAL, hs.AdversarialAdapter, hs.CDAN, hs.SourceOnly)]
    assert titles == ["Deep CORAL", "Adversarial adapter", "CDAN", "Source only"]
    assert adapter_title(hs.SourceOnly(statistics="target")) == "Target statistics"


def test_seconds_are_those_of_all_trainings():
    model = hs.SHOT()
    model.history_ = [{"seconds": s} for s in (1.0, 2.5, 0.5, 3.0)]
    assert seconds_of(model) == 5.5


def test_no_answer_is_called_sure():
    assert _worded("cat", 0.99999) == "cat (99\N{NARROW NO-BREAK SPACE}%)"
    assert _worded(7, 0.509) == "7 (50\N{NARROW NO-BREAK SPACE}%)"
