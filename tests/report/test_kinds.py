import numpy as np
import pytest

from hiddenspace.report import RunSummary, Worst
from hiddenspace.report.cells import as_numbers, card_rows, spread_of
from hiddenspace.report.charts import terms
from hiddenspace.report.thumbnails import enlargement, thumbnails
from hiddenspace.report.wording import count, duration, measured, number, percent, share, with_code


def test_a_table_shows_its_columns_and_what_went_wrong(table, read):
    page = read(RunSummary(**table))
    assert page.sections == ["beside", "worst", "columns", "code"]
    assert "$pay^{" in page.text
    assert "東京" in page.text
    assert [attrs["alt"] for tag, attrs in page.tags if tag == "img"] == [
        "each column's error, by model",
        "age: rebuilt against original values",
        "$pay^{: rebuilt against original values",
        "what the first numbers of the code of PCA do",
    ]


def test_cells_are_marked_by_spread_or_by_equality():
    table = {"x": [0.0, 10.0], "town": ["Wien", "Bonn"], "empty": [None, 1.0]}
    rebuilt = {"x": [6.0, 12.0], "town": ["Bonn", "Bonn"], "empty": [0.5, 1.0]}
    spread = spread_of(table)
    assert spread == {"x": 5.0, "empty": 0.0}
    marks = [[cell.off for cell in cells] for _, cells in card_rows([table, rebuilt], 0, spread)[0]]
    assert marks == [[False, True], [False, True], [False, True]]
    marks = [[cell.off for cell in cells] for _, cells in card_rows([table, rebuilt], 1, spread)[0]]
    assert marks == [[False, False], [False, False], [False, False]]


def test_a_column_that_holds_one_value_is_not_plotted_but_judged_with_the_worst_rows(read):
    table, rebuilt = {"gain": [0.0] * 5}, {"gain": [1.0] * 5}
    worst = Worst({"gain": [9000.0]}, {"PCA": {"gain": [8990.0]}}, ["row 7"], [1.0])
    page = read(RunSummary("x", "x", "table", originals=table, reconstructions={"PCA": rebuilt}, worst=worst))
    assert page.images() == []
    assert not any(attrs.get("class") == "off" for _, attrs in page.tags)


def test_wide_tables_and_long_values_are_cut_but_counted():
    table = {f"c{i}": ["x" * 500] for i in range(40)}
    rows, more = card_rows([table], 0, {})
    assert (len(rows), more) == (16, 24)
    assert len(rows[0][1][0].text) == 40


@pytest.mark.parametrize("values", [["a", "b"], [None, None], [[1], [2, 3]], [object()]])
def test_what_is_no_number_is_no_numeric_column(values):
    assert as_numbers(values) is None


def test_vectors_are_drawn_as_lines(read, rng):
    vectors = rng.normal(size=(9, 30))
    made = {"PCA": vectors * 0.9}
    page = read(
        RunSummary(
            "pulses", "pulses.npy", "vectors", originals=vectors, reconstructions=made, filters={"PCA": vectors},
            worst=Worst(vectors[:2], made, ["4", "7"], [0.2, 0.1]),
        )
    )  # fmt: skip
    assert page.sections == ["beside", "worst", "code"]
    assert len(page.images()) == 4 + 2 + 1


def test_terms_put_the_reconstruction_first_and_skip_what_never_was():
    rows = [{"epoch": 1, "seconds": 2.0, "train/kl": 1.0, "train/reconstruction": 2.0, "validation/nan": float("nan")}]
    assert terms(rows) == ["reconstruction", "kl"]


def test_thumbnails_shrink_large_images_and_leave_small_ones_alone(rng):
    small = rng.integers(0, 256, (3, 28, 28), dtype=np.uint8)
    assert thumbnails(small, 3) is small
    assert thumbnails(np.zeros((16, 400, 200, 3)), 3).shape == (16, 131, 66, 3)


@pytest.mark.parametrize(("side", "factor"), [(8, 12), (28, 3), (32, 3), (64, 2), (95, 2), (96, 1), (160, 1)])
def test_enlargement_comes_near_the_target(side, factor):
    assert enlargement(np.zeros((1, side, side // 2 + 1)), 96) == factor


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (number(3), "3"),
        (number(1234567), "1\u202f234\u202f567"),
        (number(np.float32(0.5)), "0.5"),
        (number(np.int64(7)), "7"),
        (number(1e-5), "1e-05"),
        (number(123456.7), "123457"),
        (number(True), "True"),
        (number(None), "–"),
        (number(float("nan")), "–"),
        (number([1, 2]), "[1, 2]"),
        (measured(0.071), "0.0710"),
        (measured(123.4), "123"),
        (measured(1e-9), "1e-09"),
        (percent(0.8767), "87.7\u202f%"),
        (percent(None), "–"),
        (count(9_999), "9999"),
        (count(18_760), "18.8\u202fk"),
        (count(999_400), "999\u202fk"),
        (count(3_166_496), "3.17\u202fM"),
        (count(None), "–"),
        (share(-0.5), "0.0"),
        (share(float("nan")), "0.0"),
        (duration(0.031), "0.031\u202fs"),
        (duration(59.7), "1\u202fmin 00\u202fs"),
        (duration(7300), "2\u202fh 01\u202fmin"),
        (duration(None), "–"),
        (with_code("run `a < b` & see"), "run <code>a &lt; b</code> &amp; see"),
        (with_code("`x --out <y>`"), "<code>x <span>--out</span> &lt;y&gt;</code>"),
    ],
)
def test_numbers_read_as_people_write_them(shown, expected):
    assert shown == expected
