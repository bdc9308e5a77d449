"""What a report says of labels that were carried over to another domain."""

from dataclasses import replace

import numpy as np
import pytest

from hiddenspace.report.adapted_sections import adapted_sections
from hiddenspace.report.summary import Adapted, AdaptedRow

ALL = ["adapted", "called", "domains", "shares", "confusion", "criteria"]
HOSTILE = "<script>alert(1)</script> \"'&amp;"


@pytest.fixture
def rows():
    return [
        AdaptedRow("Source only", 0.985, 0.91, 2.31, 1.94, 0.374, 8.2),
        AdaptedRow("DANN", 0.981, 1.84, float("nan"), 0.62, 0.912),
    ]


@pytest.fixture
def adapted(rows, rng):
    """Everything that can be known of two domains."""
    places, labels = rng.normal(size=(12, 2)), np.arange(12) % 2
    return Adapted(
        models=rows,
        classes=["cat", "dog"],
        places={"Source only": places, "DANN": places},
        is_target=np.arange(12) >= 6,
        labels={"Source only": labels, "DANN": labels},
        shares={"source labels": np.array([0.5, 0.5]), "DANN": np.array([0.9, 0.1])},
        confusion=np.array([[3, 1], [0, 2]]),
        validation={"source accuracy": [0.5, 0.9]},
        chosen={"source accuracy": 2},
        troubles=["One class takes all, see `--balance`."],
        target_items=rng.random((3, 8, 8)),
        target_words=["cat (98 %)", "dog (51 %)", "cat (77 %)"],
    )


def alts(page):
    return [attrs["alt"] for tag, attrs in page.tags if tag == "img"]


def test_all_that_is_known_of_both_domains_is_shown(bare, adapted, read):
    page = read(replace(bare, adapted=adapted, best_epoch=2))
    assert page.sections == ALL
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == [f"#{anchor}" for anchor in ALL]
    assert alts(page) == [
        "a target item, called cat (98 %)",
        "a target item, called dog (51 %)",
        "a target item, called cat (77 %)",
        "features of both domains by Source only, coloured by class",
        "features of both domains by DANN, coloured by class",
        "features of both domains by Source only, coloured by domain",
        "features of both domains by DANN, coloured by domain",
        "shares of the classes: source labels, DANN",
        "true against predicted classes of target items",
        "over epochs: source accuracy",
    ]
    assert len([tag for tag, _ in page.tags if tag == "source"]) == 7  # charts for dark paper too
    text = page.text.replace("\u202f", " ")
    assert "Take care One class takes all, see --balance" in text
    assert "Source only 98.5 % 0.910 2.31 1.94 8.2 s 37.4 %" in text
    assert "DANN 98.1 % 1.84 – 0.620 – 91.2 %" in text
    assert "target accuracy labels for evaluation only" in text
    assert "neither Source only nor DANN saw them" in text
    assert "the dashed line is the epoch whose weights were kept" in text
    assert text.index("Take care") < text.index("source accuracy")
    assert [attrs["class"] for tag, attrs in page.tags if "bar " in attrs.get("class", "")] == [
        "bar baseline", "bar series0",
    ]  # fmt: skip


def test_what_is_missing_is_left_out_and_said_to_be_unknown(bare, rows, read):
    rows = [replace(row, target_accuracy=None) for row in rows]
    page = read(replace(bare, adapted=Adapted(rows, ["cat", "dog"])))
    assert page.sections == ["adapted"]
    assert page.images() == []
    assert "target accuracy" not in page.text.lower()
    assert "no labels of target items were given for evaluation" in page.text
    assert "Take care" not in page.text


def test_a_third_model_is_said_to_have_learned_from_target_labels(bare, rows, read):
    third = AdaptedRow("Ceiling", None, None, None, None, 0.98)
    page = read(replace(bare, adapted=Adapted([*rows, third], ["cat", "dog"])))
    assert "Ceiling did learn from target labels" in page.text
    assert "Ceiling – – – – – 98.0" in page.text


def test_rows_of_a_table_stand_under_what_they_are_called(bare, rows, read):
    items = {"age": [31, 74, 18], "town": ["Wien", "Graz", "Linz"]}
    made = Adapted(rows, ["cat", "dog"], target_items=items, target_words=["cat (98 %)", "dog (51 %)"])
    page = read(replace(bare, kind="table", adapted=made))
    assert page.sections == ["adapted", "called"]
    assert "column cat (98 %) dog (51 %) age 31 74 town Wien Graz" in page.text
    assert "Linz" not in page.text


def test_hostile_names_stay_text(bare, rows, read):
    items = {HOSTILE: [HOSTILE]}
    rows = [replace(row, name=HOSTILE) for row in rows]
    made = Adapted(
        rows, [HOSTILE, "b"], shares={HOSTILE: [0.5, 0.5]}, confusion=np.eye(2), validation={HOSTILE: [1.0]},
        troubles=[HOSTILE], target_items=items, target_words=[HOSTILE],
    )  # fmt: skip
    page = read(replace(bare, adapted=made))
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count(HOSTILE) >= 8
    assert f"over epochs: {HOSTILE}" in alts(page)


@pytest.mark.parametrize(
    "parts",
    [
        {"target_items": np.zeros((2, 8, 8))},
        {"target_items": {"age": [31]}},
        {"target_words": ["cat"]},
        {"target_items": np.zeros((2, 5)), "target_words": ["cat", "dog"]},
        {"target_items": {}, "target_words": ["cat"]},
        {"places": {"DANN": np.zeros((4, 2))}},
        {"validation": {"never": [float("nan")], "empty": []}},
    ],
)
def test_half_of_what_a_section_needs_makes_none(bare, rows, parts):
    shown = adapted_sections(replace(bare, adapted=Adapted(rows, ["cat", "dog"], **parts)))
    assert not any(
        (shown.called, shown.table, shown.maps, shown.domains, shown.shares, shown.confusion, shown.criteria)
    )


def test_a_map_without_classes_shows_the_domains(bare, rows):
    made = Adapted(rows, ["cat"], places={"DANN": np.eye(2)}, is_target=np.array([True, False]))
    shown = adapted_sections(replace(bare, adapted=made))
    assert (len(shown.maps), [name for name, _ in shown.domains]) == (0, ["DANN"])
