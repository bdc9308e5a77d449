"""Maps of a space: what is laid out where, how far it can be trusted, and what is written."""

import io
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.errors import HiddenspaceError, MissingExtraError, UsageError
from hiddenspace.metrics.trustworthiness import map_trustworthiness
from hiddenspace.pictures.atlas import title
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.maps import Map
from hiddenspace.space.projections import pca_map, project

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("umap", "pacmap")]  # they compile themselves


def clusters(each: int = 20, width: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Three groups that are far from each other, and the group of each."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(3), each)
    centres = 20 * np.eye(3, width)
    return (centres[group] + rng.normal(size=(3 * each, width))).astype(np.float32), group


def small_map(**changes) -> Map:
    """Four items with pictures, known by a column whose values are of two types."""
    files = []
    for shade in (0, 80, 160, 240):
        buffer = io.BytesIO()
        Image.new("L", (6, 4), shade).save(buffer, "PNG")
        files.append(buffer.getvalue())
    metadata = pd.DataFrame({"label": ["a", "b", "a", None], "x": [1.5, 2.5, 3.5, 4.5], "mixed": [1, "one", None, 2]})
    points = np.array([[0, 0], [1, 0], [0, 1], [1, 2]], np.float32)
    values = {
        "coordinates": points,
        "ids": np.array(list("wxyz"), object),
        "metadata": metadata,
        "thumbnails": files,
        "method": "tsne",
        "trustworthiness": 0.9,
        "pca_trustworthiness": 0.8,
    }
    return Map(**(values | changes))


@pytest.mark.parametrize("method", ["pca", "tsne", *SLOW])
def test_groups_stay_together_and_a_seed_gives_one_map(method):
    codes, group = clusters()
    space = HiddenSpace(codes, metadata=group)
    made = space.map(method, random_state=3)
    assert made.coordinates.shape == (60, 2)
    assert made.coordinates.dtype == np.float32
    assert made.method == method
    apart = np.linalg.norm(made.coordinates[:, None] - made.coordinates[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (group[apart.argmin(axis=1)] == group).all()
    np.testing.assert_array_equal(made.coordinates, space.map(method, random_state=3).coordinates)


@pytest.mark.parametrize("method", ["tsne", *SLOW])
@pytest.mark.parametrize(("count", "width"), [(5, 4), (6, 1), (7, 200)])
def test_few_items(method, count, width):
    codes = np.random.default_rng(0).normal(size=(count, width)).astype(np.float32)
    made = HiddenSpace(codes).map(method)
    assert made.method == method
    assert np.isfinite(made.coordinates).all()
    assert len(np.unique(made.coordinates, axis=0)) == count
    assert 0 <= made.trustworthiness <= 1


@pytest.mark.parametrize("method", ["auto", "pca", "tsne", "umap", "pacmap"])
@pytest.mark.parametrize("codes", [np.eye(4)[:1], np.eye(4)[:2], np.eye(4), np.ones((40, 3)), np.eye(3).repeat(9, 0)])
def test_with_fewer_than_five_different_codes_pca_draws_the_map(method, codes):
    made = HiddenSpace(codes.astype(np.float32)).map(method)
    assert made.method == "pca"
    np.testing.assert_array_equal(made.coordinates, pca_map(codes.astype(np.float32)))
    assert np.isfinite(made.coordinates).all()
    if len(np.unique(codes, axis=0)) == 1:
        assert not made.coordinates.any()
    assert np.isnan(made.trustworthiness) == (len(codes) < 3 or len(np.unique(codes, axis=0)) == 1)


@pytest.mark.parametrize("method", ["pca", "tsne"])
@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_scale_of_the_codes_does_not_matter(method, scale):
    codes, group = clusters(each=5)
    made = project((scale * codes).astype(np.float32), method, 0)[0].astype(float)
    apart = np.linalg.norm(made[:, None] - made[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (group[apart.argmin(axis=1)] == group).all()


def test_pca_is_the_first_two_left_singular_vectors_times_their_values():
    codes, _ = clusters()
    centred = codes.astype(float) - codes.mean(0, dtype=float)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    made = HiddenSpace(codes).map("pca").coordinates
    np.testing.assert_allclose(np.abs(made), np.abs(u[:, :2] * s[:2]), atol=1e-3)


@pytest.mark.parametrize(("width", "method"), [(1, "pca"), (2, "code"), (3, "tsne")])
def test_auto(width, method):
    codes, _ = clusters(each=5, width=max(width, 3))
    made = HiddenSpace(codes[:, :width]).map()
    assert made.method == method
    if width == 2:
        np.testing.assert_array_equal(made.coordinates, codes[:, :2])


def test_a_code_that_is_its_own_map_is_judged_by_the_items():
    x = clusters(width=5)[0]
    pca = hs.PCA(2).fit(x)
    made = HiddenSpace(pca, x).map()
    assert (made.method, made.against) == ("code", "items")
    expected = map_trustworthiness(x, pca.transform(x))[0]
    assert made.trustworthiness == pytest.approx(expected) == pytest.approx(made.pca_trustworthiness)
    assert expected < 1
    alone = HiddenSpace(pca.transform(x)).map()
    assert np.isnan(alone.trustworthiness)
    assert "not judged without the items" in title(alone)
    assert f"{expected:.3f} against the items" in title(made)


def test_a_limit_draws_items_with_all_that_belongs_to_them():
    digits = hs.load_dataset("digits")
    codes = np.asarray(digits.items).reshape(len(digits), -1)[:, 20:23].astype(np.float32)
    space = HiddenSpace(codes, digits, metadata={"row": np.arange(len(digits))})
    made = space.map("pca", limit=50)
    assert len(made) == len(set(made.ids)) == 50
    assert (np.diff(made.ids) > 0).all()
    np.testing.assert_array_equal(made.metadata["row"], made.ids)
    assert made.thumbnails == space.thumbnails(made.ids)
    assert list(space.map("pca", limit=50, random_state=1).ids) != list(made.ids)


def test_arguments_that_make_no_sense():
    space = HiddenSpace(np.eye(3, dtype=np.float32))
    with pytest.raises(UsageError, match="no map called 'lda'; choose auto, code, pca, tsne, umap, pacmap"):
        space.map("lda")
    with pytest.raises(UsageError, match="a code of 3 numbers is no map"):
        space.map("code")
    with pytest.raises(UsageError, match="limit=0"):
        space.map(limit=0)


@pytest.mark.parametrize(("method", "package"), [("umap", "umap"), ("pacmap", "pacmap")])
def test_a_missing_package_names_its_extra(method, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hiddenspace\[maps\]'"):
        HiddenSpace(clusters()[0]).map(method)


def test_trustworthiness_is_that_of_venna_and_kaski():
    rng = np.random.default_rng(1)
    codes, flat = rng.normal(size=(30, 5)), rng.normal(size=(30, 2))
    n, k = 30, 10
    ranks = [np.argsort(np.argsort(np.linalg.norm(codes - code, axis=1))) for code in codes]
    strangers = 0
    for i in range(n):
        near = np.argsort(np.linalg.norm(flat - flat[i], axis=1))[1 : k + 1]
        strangers += sum(max(0, ranks[i][j] - k) for j in near)
    expected = 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * strangers
    assert map_trustworthiness(codes, flat, codes) == pytest.approx((expected, 1.0))


def test_trustworthiness_of_many_items_is_that_of_some():
    codes = np.random.default_rng(0).normal(size=(400, 3))
    some = map_trustworthiness(codes, codes[:, :2], limit=100)
    assert some != map_trustworthiness(codes, codes[:, :2])
    assert some == map_trustworthiness(codes, codes[:, :2], limit=100)
    assert some == pytest.approx(map_trustworthiness(codes, codes[:, :2]), abs=0.1)


def test_tables(tmp_path):
    made = small_map()
    table = pd.read_csv(made.save(tmp_path / "new" / "map.csv"))
    assert list(table) == ["id", "x", "y", "label", "x_", "mixed"]
    np.testing.assert_array_equal(table[["x", "y"]], made.coordinates)
    np.testing.assert_array_equal(table["x_"], made.metadata["x"])
    stored = pd.read_parquet(made.save(tmp_path / "map.parquet"))
    assert list(stored) == [*table, "image"]
    assert [Image.open(io.BytesIO(entry["bytes"])).getpixel((0, 0)) for entry in stored["image"]] == [0, 80, 160, 240]
    assert list(stored["mixed"].fillna("missing")) == ["1", "one", "missing", "2"]
    bare = pd.read_parquet(small_map(thumbnails=None).save(tmp_path / "bare.parquet"))
    assert "image" not in bare


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
@pytest.mark.parametrize("changes", [{}, {"thumbnails": None}, {"metadata": pd.DataFrame(index=range(4))}])
def test_pictures_and_pages(tmp_path, ending, changes):
    path = small_map(**changes).save(tmp_path / f"map.{ending.upper()}")
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "html": b"<!DOCTYPE html>"}
    assert path.read_bytes().startswith(starts[ending])


def test_what_cannot_be_saved(tmp_path):
    made = small_map()
    with pytest.raises(
        UsageError, match="nothing called 'colour' is known about the items; there are: label, x, mixed"
    ):
        made.save(tmp_path / "map.png", "colour")
    with pytest.raises(UsageError, match="no metadata at all"):
        small_map(metadata=pd.DataFrame(index=range(4))).save(tmp_path / "map.png", "label")
    with pytest.raises(UsageError, match=r"cannot be written as map\.pdf"):
        made.save(tmp_path / "map.pdf")
    (tmp_path / "file").write_text("")
    with pytest.raises(HiddenspaceError, match="cannot write"):
        made.save(tmp_path / "file" / "map.csv")
    assert made.colour() == "label"
    assert small_map(metadata=made.metadata[["x"]]).colour() is None


def test_features_of_a_pretrained_network_are_one_call(tmp_path):
    images = np.asarray(hs.load_dataset("digits").items)[:40]
    features = images.reshape(40, -1).astype(np.float32)
    HiddenSpace(features, images).map().save(tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size > 10_000
