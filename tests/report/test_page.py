import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hiddenspace.errors import HiddenspaceError
from hiddenspace.pictures import tile
from hiddenspace.report import ModelRow, RunSummary, Worst, write_report

ALL = ["result", "beside", "worst", "learning", "size", "code", "data", "next", "settings"]


def test_a_full_report_has_every_section_and_says_what_it_was_given(everything, read):
    page = read(RunSummary(**everything))
    assert page.sections == ALL
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert links == [f"#{anchor}" for anchor in ALL]
    for words in (
        "The autoencoder won.",
        "1 min 15 s",
        "70.0 %",
        "a.jpg",
        "truncated",
        "x.png",
        "range 0 to 1",
        "2.13.0",
    ):
        assert words in page.text.replace("\u202f", " ")
    assert "PCA needs 7" in page.text


@pytest.mark.parametrize("kind", ["images", "vectors", "table"])
def test_a_space_has_its_sections(bare, space_of, read, rng, kind):
    items = {
        "images": lambda n: rng.random((n, 8, 8), np.float32),
        "vectors": lambda n: rng.normal(size=(n, 5)),
        "table": lambda n: {"age": list(range(n)), "town": ["Wien"] * n},
    }[kind]
    page = read(replace(bare, kind=kind, space=space_of(items)))
    assert page.sections == ["map", "neighbours", "morphs", "samples", "labels"]
    shown = [attrs["alt"] for tag, attrs in page.tags if tag == "img"]
    assert "map of the codes" in shown
    if kind == "table":
        assert page.text.count("near 6") == 4
    else:
        assert "item 7: near 0, near 1, near 2, near 3, near 4, near 5, near 6" in shown
        assert {"a to 0", "a to 1", "a to 2", "samples"} <= set(shown)
    for words in ("87.0 %", "PCA wins.", "61.2 %", "71.0 %"):
        assert words in page.text.replace("\u202f", " ")


def test_an_item_and_its_neighbours_are_shown_in_one_size(bare, space_of, read, rng):
    page = read(replace(bare, space=space_of(lambda n: rng.random((n, 300, 300), np.float32))))
    heights = {picture.height for picture, attrs in page.images() if attrs["alt"].startswith("item 7")}
    assert len(heights) == 1


def test_nothing_comes_from_elsewhere(everything, read):
    page = read(RunSummary(**everything))
    for tag, attrs in page.tags:
        assert tag not in {"script", "iframe", "object", "form"}
        assert not any(name.startswith("on") for name in attrs)
        for name in {"src", "srcset", "href"} & set(attrs):
            assert attrs[name].startswith("data:" if tag != "a" else "#")
    policy = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_every_picture_has_words_and_its_true_proportions(everything, read):
    for image, attrs in read(RunSummary(**everything)).images():
        assert attrs["alt"].strip()
        assert image.width / image.height == pytest.approx(int(attrs["width"]) / int(attrs["height"]), rel=0.02)


def test_the_originals_are_shown_pixel_for_pixel(everything, read):
    image, attrs = read(RunSummary(**everything)).images()[0]
    assert attrs["alt"] == "original: items 1 to 8"
    expected = tile(everything["originals"][:8], columns=8, scale=12, gap=4)
    assert np.array_equal(np.asarray(image), np.asarray(expected))


FIELDS = {
    "result": ["models", "verdict"],
    "beside": ["originals"],
    "worst": ["worst"],
    "learning": ["history"],
    "size": ["pca_curve"],
    "code": ["filters"],
    "data": ["data", "notes", "broken"],
    "next": ["next_steps"],
    "settings": ["settings"],
}


@pytest.mark.parametrize("missing", [ALL[::2], ALL[1::2]])
def test_sections_without_data_are_left_out(everything, read, missing):
    for section in missing:
        for field in FIELDS[section]:
            del everything[field]
    page = read(RunSummary(**everything))
    there = [section for section in ALL if section not in missing]
    assert page.sections == there
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == [f"#{section}" for section in there]


def test_the_least_run_is_a_page(bare, read):
    assert read(bare).sections == []


HOSTILE = "<script>alert(1)</script> \"'&amp; <img src=x onerror=alert(1)>"


def test_hostile_names_stay_text(everything, table, read):
    images = everything["originals"][:1]
    page = read(
        RunSummary(
            title=HOSTILE,
            source=HOSTILE,
            kind="images",
            data=[HOSTILE],
            notes=[f"`{HOSTILE}`"],
            broken=[(HOSTILE, HOSTILE)],
            models=[ModelRow(HOSTILE, 2, 0.5, 0.1)],
            verdict=[HOSTILE],
            next_steps=[HOSTILE],
            originals=images,
            reconstructions={HOSTILE: images},
            worst=Worst(images, {HOSTILE: images}, [HOSTILE], [0.1], model=HOSTILE),
            history=[{"epoch": 1, f"train/{HOSTILE}": 1.0}],
            filters={HOSTILE: images},
            settings={HOSTILE: {HOSTILE: HOSTILE}},
        )
    )
    assert not {"script", "form"} & {tag for tag, _ in page.tags}
    assert all(attrs["src"].startswith("data:") for tag, attrs in page.tags if tag == "img")
    assert page.text.count("alert(1)</script>") >= 14
    hostile = {**table, "originals": {HOSTILE: [1.0]}, "reconstructions": {"PCA": {HOSTILE: [2.0]}}, "worst": None}
    assert HOSTILE in read(RunSummary(**{**hostile, "column_errors": {"PCA": {HOSTILE: 1.0}}})).text


@pytest.mark.parametrize("hidden", ["\x1b[31m", "\udce9", "\u202egpj", "\n"])
def test_what_a_name_hides_is_shown(bare, read, hidden):
    page = read(replace(bare, broken=[(f"a{hidden}b", "no image")]))
    assert f"a{hidden}b".encode("unicode_escape").decode() in page.text


def test_a_long_list_of_broken_files_is_cut_but_counted(bare, read):
    page = read(replace(bare, broken=[(f"{i}.png", "empty") for i in range(60)]))
    assert "60 files" in page.text
    assert "and 10 more" in page.text
    assert "55.png" not in page.text


def test_the_page_stays_small_for_large_photographs(rng, space_of, as_png, tmp_path):
    images = np.tile(rng.integers(0, 256, (16, 64, 64, 3), dtype=np.uint8), (1, 6, 6, 1))
    models = {f"model {i}": images for i in range(4)}
    filters = {"PCA": rng.normal(size=(24, 300, 300, 3))}
    worst = Worst(images, models, [str(i) for i in range(16)], [1.0] * 16)
    noise = rng.integers(0, 256, (1000, 64, 64, 3), dtype=np.uint8)
    space = space_of(lambda n: rng.random((n, 400, 400, 3), np.float32), [as_png(image) for image in noise], len(noise))
    run = RunSummary("many", "photos", "images", originals=images, reconstructions=models, worst=worst, filters=filters)
    assert write_report(replace(run, space=space), tmp_path / "report.html").stat().st_size < 15_000_000


def test_images_of_odd_shapes_can_be_shown(bare, read, rng):
    for shape in [(1, 1, 1), (2, 1, 1, 3), (3, 300, 2), (3, 50, 70, 2), (1, 8, 8, 7)]:
        images = rng.random(shape)
        page = read(replace(bare, originals=images, reconstructions={"PCA": images}))
        assert page.sections == ["beside"]
        assert all(isinstance(image, Image.Image) for image, _ in page.images())


def test_what_is_not_known_is_a_dash(bare, read):
    page = read(replace(bare, models=[ModelRow("PCA", 4, None, None), ModelRow("x", 4, float("nan"), float("inf"))]))
    assert page.text.count("–") >= 8


def test_more_models_than_one(everything, read):
    models = [ModelRow("PCA", 4, 0.9, 0.1), ModelRow("shallow", 4, 0.3, 0.2), ModelRow("deep", 12, 1.0, 0.0)]
    page = read(RunSummary(**{**everything, "models": models}))
    assert "PCA explains as much as the shallow already with 3 instead of 4" in page.text
    bars = [attrs["class"] for tag, attrs in page.tags if attrs.get("class", "").startswith("bar ")]
    assert bars == ["bar baseline", "bar series0", "bar series1"]
    assert "does not reach" in read(RunSummary(**{**everything, "pca_curve": np.array([0.2])})).text


def test_a_report_is_replaced_whole(everything, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    assert write_report(RunSummary(**everything), str(path)) == path
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_where_nothing_can_be_written_one_sentence_says_so(bare, tmp_path):
    with pytest.raises(HiddenspaceError, match=re.escape("give another folder")):
        write_report(bare, tmp_path / "missing" / "report.html")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(HiddenspaceError, match="cannot be written"):
        write_report(bare, tmp_path / "folder.html")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.html"]
