"""Maps as figures and as pages: colours, places, sheets of thumbnails, and a page that trusts nobody."""

import base64
import hashlib
import html
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgb
from PIL import Image

from hiddenspace.pictures import atlas_page as page_module
from hiddenspace.pictures.atlas import atlas, item_colours, placed, title
from hiddenspace.pictures.atlas_page import atlas_page
from hiddenspace.pictures.colouring import HUES, Classes, Numbers, understood
from hiddenspace.pictures.sprites import sprites
from hiddenspace.pictures.theme import DARK, LIGHT
from hiddenspace.space.maps import Map

BROWSER = next((found for name in ("chromium", "google-chrome", "chrome") if (found := shutil.which(name))), None)
EVIL = "</script><script>document.title='gone'</script>"


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def one_colour(shade: tuple[int, int, int], height: int = 8, width: int = 8) -> bytes:
    return png(np.full((height, width, 3), shade, np.uint8))


def map_of(count: int, metadata: dict, thumbnails=None, coordinates=None) -> Map:
    places = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32) if coordinates is None else coordinates
    frame = pd.DataFrame(metadata, index=range(count))
    return Map(places, np.arange(count), frame, thumbnails, "tsne", 0.95, 0.9)


# colours


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([3, 1, 2, 1], ("1", "2", "3")),
        ([10.0, 9.0, np.nan], ("9", "10")),
        (["b", "a", None, "b"], ("a", "b")),
        ([True, False, True], ("False", "True")),
        (pd.array([2, None, 1], "Int64"), ("1", "2")),
        (np.array([5, None, 3], object), ("3", "5")),
        (pd.Categorical(["x", "y", "x"]), ("x", "y")),
        ([None, None], ()),
        ([1 + 2j, 2j], ("(1+2j)", "2j")),
    ],
)
def test_classes(values, levels):
    known = understood(pd.Series(values, name="a"))
    assert isinstance(known, Classes)
    assert known.levels == levels
    missing = pd.isna(pd.Series(values)).to_numpy()
    np.testing.assert_array_equal(known.codes == -1, missing)
    assert [known.levels[code] for code in known.codes if code >= 0] == [
        str(int(v)) if isinstance(v, float) else str(v) for v, gone in zip(values, missing, strict=True) if not gone
    ]


@pytest.mark.parametrize(
    ("values", "low", "middle"),
    [
        (np.arange(101), "1", "50"),
        ([0.5, 1.5, np.nan, np.inf], "0.51", "1"),
        (pd.date_range("2020-01-01", periods=101), "2020-01-02", "2020-02-20"),
        (pd.date_range("2020-01-01", periods=101, tz="Asia/Tokyo", unit="s"), "2020-01-01", "2020-02-19"),
        (pd.to_timedelta(np.arange(101), unit="s"), "1", "50"),
    ],
)
def test_numbers(values, low, middle):
    known = understood(pd.Series(values, name="a"))
    assert isinstance(known, Numbers)
    assert known.text(known.low) == low
    assert known.text((known.low + known.high) / 2) == middle
    finite = known.places[~np.isnan(known.values)]
    assert finite.min() == 0
    assert finite.max() == 1


def test_many_whole_numbers_are_classes_only_as_label():
    assert isinstance(understood(pd.Series(np.arange(50), name="age")), Numbers)
    assert isinstance(understood(pd.Series(np.arange(50), name="label")), Classes)


def test_the_ten_most_frequent_have_hues_and_the_rest_and_the_missing_are_grey():
    names = [f"class {i:04d}" for i in range(3000)]
    values = [name for i, name in enumerate(names[:12]) for _ in range(20 - i)] + names[12:] + [None]
    known = understood(pd.Series(values))
    colours = item_colours(known, len(values), LIGHT)
    grey = to_rgb(LIGHT.muted)
    for value, colour in zip(values, colours, strict=True):
        is_named = value in names[:10]
        assert tuple(colour) == (to_rgb(HUES[names.index(value)]) if is_named else grey)


def test_numbers_lie_on_the_ramp_and_missing_ones_are_grey():
    colours = item_colours(understood(pd.Series([0.1, 0.5, np.nan, 0.9])), 4, DARK)
    assert to_hex(colours[0]) == "#440154"
    assert to_hex(colours[3]) == "#fde725"
    assert tuple(colours[2]) == to_rgb(DARK.muted)


# the figure


@given(
    st.lists(st.tuples(st.floats(0, 9.99), st.floats(0, 9.99)), min_size=1, max_size=60), st.sampled_from([0.5, 1, 3])
)
def test_each_cell_shows_the_item_nearest_to_its_middle(points, side):
    points = np.array(points)
    shown, cells = placed(points, np.zeros(2), side)
    assert len({tuple(cell) for cell in cells}) == len(cells)
    own = np.floor(points / side)
    assert {tuple(cell) for cell in own} == {tuple(cell) for cell in cells}
    for item, cell in zip(shown, cells, strict=True):
        rivals = points[(own == cell).all(axis=1)]
        middle = (cell + 0.5) * side
        assert np.linalg.norm(points[item] - middle) <= np.linalg.norm(rivals - middle, axis=1).min() + 1e-9


def words_of(figure) -> str:
    from matplotlib.text import Text

    return " | ".join(text.get_text() for text in figure.findobj(Text))


def test_title_and_legend_say_what_is_seen():
    values = [f"class {i}" for i in range(12)] * 2 + [None]
    words = words_of(atlas(map_of(25, {"kind": values}), colour="kind"))
    assert "t-SNE · 25 items · trustworthiness 0.950 (PCA's map 0.900)" in words
    assert "2 others (4 items)" in words
    assert "missing (1)" in words
    assert "kind (grey: 1 missing)" in words_of(atlas(map_of(3, {"kind": [0.5, np.nan, 1.5]}), colour="kind"))


def test_title_of_what_cannot_be_judged():
    lonely = Map(np.zeros((1, 2), np.float32), np.arange(1), pd.DataFrame(index=[0]), None, "pca", np.nan, np.nan)
    assert title(lonely) == "PCA · 1 item · too few different items to judge it"
    atlas(lonely)


def test_the_fewer_the_items_the_larger_their_thumbnails():
    def columns(count: int) -> int:
        figure = atlas(map_of(count, {}, [one_colour((9, 9, 9))] * count))
        (sheet,) = figure.axes[0].images
        return sheet.get_array().shape[1] // 48

    found = [columns(count) for count in (4, 100, 400, 900)]
    assert found[0] == 10
    assert found[1] == 22
    assert found[2] == found[3]  # as many as there is room for
    assert found[1] < found[2] < 40


def test_a_thumbnail_stands_at_its_place_in_a_frame_of_its_colour():
    coordinates = np.array([[0, 0], [10, 10]], np.float32)
    shades = [(250, 0, 0), (0, 0, 250)]
    made = map_of(2, {"label": [1, 2]}, [one_colour(shade) for shade in shades], coordinates)
    figure = atlas(made, colour="label")
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100, facecolor="white")
    pixels = np.asarray(Image.open(buffer).convert("RGB")).astype(int)
    axes = figure.axes[0]
    for shade, point, hue in zip(shades, coordinates, HUES, strict=False):
        x, y = axes.transData.transform(point) * 100 / figure.dpi
        row, column = pixels.shape[0] - round(y), round(x)
        around = pixels[row - 30 : row + 30, column - 30 : column + 30]
        of_picture = np.abs(around - np.array(shade)).max(axis=2) < 12
        of_frame = np.abs(around - 255 * np.array(to_rgb(hue))).max(axis=2) < 40
        assert of_picture.sum() > 150
        assert of_frame.sum() > 20


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("name", ["label", "size", "when", "$x^2$ \n empty", None])
def test_all_kinds_of_columns_are_drawn(theme, name):
    metadata = {
        "label": ["$a$", "", None],
        "size": [1.0, 1.0, 1.0],
        "when": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
        "$x^2$ \n empty": [np.nan] * 3,
    }
    atlas(map_of(3, metadata), colour=name, theme=theme).savefig(io.BytesIO(), dpi=40)


# the page


def test_a_sheet_holds_every_thumbnail_in_its_cell():
    shades = np.random.default_rng(0).integers(0, 255, (30, 3))
    made = sprites([one_colour(tuple(shade), 10 + i % 3, 12) for i, shade in enumerate(shades)])
    assert made.side == 12
    assert list(made.shown) == list(range(30))
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(made.uri.partition(",")[2]))).convert("RGB")).astype(int)
    for i, (width, height) in enumerate(made.sizes):
        assert (width, height) == (12, 10 + i % 3)
        top, left = i // made.columns * 12, i % made.columns * 12
        middle = sheet[top + 2 : top + height - 2, left + 2 : left + width - 2]
        assert np.abs(middle.mean(axis=(0, 1)) - shades[i]).max() < 20


def test_a_sheet_keeps_to_its_budget():
    rng = np.random.default_rng(0)
    noise = [png(rng.integers(0, 255, (48, 48), np.uint8)) for _ in range(60)]
    whole = sprites(noise)
    assert (whole.side, len(whole.shown)) == (48, 60)
    shrunk = sprites(noise, budget=20_000)
    assert shrunk.side < 48
    assert len(shrunk.shown) == 60
    some = sprites(noise, budget=3_000)
    assert 1 < len(some.shown) < 60
    for made, budget in ((shrunk, 20_000), (some, 3_000)):
        assert len(base64.b64decode(made.uri.partition(",")[2])) <= budget


def parts(page: str) -> dict[str, str]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>\s*<script>(.*?)</script>', page, re.S)
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    return {"data": found[1], "script": found[2], "style": style[1]}


def test_the_page_allows_its_own_script_and_style_and_nothing_else():
    page = atlas_page(map_of(3, {"label": [EVIL, "b", None], EVIL: [1, 2, 3]}), "label")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; img-src data:;")
    for name in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(parts(page)[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert page.count("<script") == page.count("</script>") == 2
    assert not re.search(r"https?://|\bon\w+=|\bstyle=", page)
    data = json.loads(parts(page)["data"])
    assert data["columns"][0]["levels"] == [EVIL, "b"]
    assert data["columns"][1]["name"] == EVIL


def test_the_page_knows_what_the_map_knows():
    metadata = {"label": [1, 2, None], "size": [0.5, np.inf, 2.5], "when": pd.to_datetime(["2020-01-01"] * 3)}
    coordinates = np.array([[0, 0], [4, 2], [2, 1]], np.float32)
    data = json.loads(parts(atlas_page(map_of(3, metadata, None, coordinates), "size"))["data"])
    assert data["points"] == [[0, 0.75], [1, 0.25], [0.5, 0.5]]
    assert data["ids"] == [0, 1, 2]
    assert data["colour"] == "size"
    assert [column["name"] for column in data["columns"]] == ["label", "size", "when"]
    assert data["columns"][0]["values"] == [0, 1, -1]
    assert data["columns"][1]["values"] == [0.5, None, 2.5]
    assert data["columns"][2]["values"] == [1577836800] * 3


def test_columns_that_are_too_much_are_left_out_and_it_is_said(monkeypatch):
    monkeypatch.setattr(page_module, "METADATA_BUDGET", 2_000)
    page = atlas_page(map_of(50, {f"column {i}": np.arange(50) for i in range(40)}), "column 30")
    data = json.loads(parts(page)["data"])
    kept = [column["name"] for column in data["columns"]]
    assert "column 30" in kept
    assert f"{40 - len(kept)} columns are left out" in page


@pytest.mark.slow
def test_ten_thousand_pictures_of_noise_stay_under_15_megabytes():
    rng = np.random.default_rng(0)
    noise = [png(rng.integers(0, 255, (64, 64, 3), np.uint8)) for _ in range(500)]
    columns = {f"column {i}": rng.normal(size=10_000) for i in range(60)}
    page = atlas_page(map_of(10_000, columns, [noise[i % 500] for i in range(10_000)]))
    assert len(page.encode()) < 15_000_000


def seen(address: str, folder: Path) -> str:
    """The page as a browser has it after three seconds."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder / 'profile'}"]
    command = [BROWSER, *flags, "--virtual-time-budget=3000", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
@pytest.mark.parametrize("thumbnails", [[one_colour((9, 9, 9))] * 200, None])
def test_the_page_in_a_browser(tmp_path, thumbnails):
    rng = np.random.default_rng(0)
    coordinates = rng.uniform(size=(200, 2)).astype(np.float32)
    coordinates[:2] = [[0, 0], [1, 1]]
    made = map_of(200, {"label": [EVIL, "b"] * 100}, thumbnails, coordinates)
    path = tmp_path / "map.html"
    path.write_text(atlas_page(made, "label"), encoding="utf-8")
    address = f"file://{path}#lasso=0.1,0.1,0.1,0.6,0.6,0.6,0.6,0.1&search=%3C/script&zoom=2&show=3"
    page = seen(address, tmp_path)
    x, y = coordinates[:, 0], 1 - coordinates[:, 1]
    inside = (x > 0.1) & (x < 0.6) & (y > 0.1) & (y < 0.6) & (np.arange(200) % 2 == 0)
    assert 'data-ready="yes"' in page
    assert f"{inside.sum()} items selected." in page
    assert "Select found (100)" in page
    assert page.count('class="class"') == 2
    assert "<b>id 3</b>" in page
    assert "<title>t-SNE" in page


# what a person does with the mouse: the button is pressed, and its file is shown instead of saved; all of it at once,
# as the clock of a browser without a screen does not wait for files
CATCH = """<script>
window.Blob = class {
  constructor(parts) {
    const found = document.createElement("pre");
    found.id = "saved";
    found.textContent = parts.join("");
    document.body.append(found);
  }
};
URL.createObjectURL = () => "#";
</script>"""
PRESS = '<script>document.getElementById("save").click();</script>'


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_what_the_loop_holds_is_saved_as_csv(tmp_path):
    rng = np.random.default_rng(0)
    coordinates = rng.uniform(size=(60, 2)).astype(np.float32)
    coordinates[:2] = [[0, 0], [1, 1]]
    columns = {"label": ['say "a, b"', "two\nlines", EVIL] * 20, "size": rng.normal(size=60).astype(np.float32)}
    made = map_of(60, columns, None, coordinates)
    page = re.sub(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", atlas_page(made, "label"))
    (tmp_path / "map.html").write_text(page.replace("<body>", f"<body>{CATCH}") + PRESS)
    dom = seen(f"file://{tmp_path / 'map.html'}#lasso=0.1,0.1,0.1,0.6,0.6,0.6,0.6,0.1", tmp_path)
    text = html.unescape(re.search(r'<pre id="saved">(.*?)</pre>', dom, re.DOTALL)[1])
    saved = pd.read_csv(io.StringIO(text))
    x, y = coordinates[:, 0], 1 - coordinates[:, 1]
    inside = np.flatnonzero((x > 0.1) & (x < 0.6) & (y > 0.1) & (y < 0.6))
    assert sorted(saved["id"]) == inside.tolist()
    expected = made.metadata.iloc[saved["id"]].reset_index(drop=True)
    assert saved["label"].tolist() == expected["label"].tolist()
    np.testing.assert_allclose(saved["size"], expected["size"], rtol=1e-3)
