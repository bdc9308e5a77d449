"""Compressed codes: what comes back, what is refused, and how few bytes it takes."""

import hashlib
from math import erf, log10, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.space.codec import compress, decompress, read_codes
from hiddenspace.space.codefile import Content, from_bytes, to_bytes
from hiddenspace.space.entropy_coding import read, write
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.normal_tables import WIDEST, halvings, reach, table, width
from hiddenspace.space.quantisation_loss import judge_of
from hiddenspace.space.quantiser import FARTHEST, axes_of, regularised, spread_of
from hiddenspace.space.sensitivity import Decoder, metric
from hiddenspace.space.symbol_mixture import best_mixture, fitted, single

NAME = "0123456789abcdef"
SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 4))
CODES = arrays(np.float32, SHAPES, elements=st.floats(-(2.0**100), 2.0**100, width=32) | st.floats(-3, 3, width=32))


def linear_space(mixing: np.ndarray, items: np.ndarray) -> HiddenSpace:
    """A space whose decoder is a matrix (p, d), whose encoder the least squares, of items (n, p)."""
    size = mixing.shape[1]
    encoder, decoder = nn.Linear(len(mixing), size, bias=False), nn.Linear(size, len(mixing), bias=False)
    with torch.no_grad():
        decoder.weight.copy_(torch.tensor(mixing))
        encoder.weight.copy_(torch.tensor(np.linalg.pinv(mixing)))
    return HiddenSpace(encoder, items, decoder=decoder)


@pytest.fixture(scope="module")
def space() -> HiddenSpace:
    """8 numbers of very different variance and weight, turned into 20 columns, with noise."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(3000, 8)) * 2.0 ** np.arange(3, -5, -1)
    mixing = np.linalg.qr(rng.normal(size=(20, 8)))[0]
    return linear_space(mixing, (latent @ mixing.T + 0.1 * rng.normal(size=(3000, 20))).astype(np.float32))


@pytest.fixture(scope="module")
def file(space: HiddenSpace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("codec") / "x.hs"
    compress(space, space._dataset, path)
    return path


def error(space: HiddenSpace, codes: np.ndarray) -> float:
    items = space._dataset.items
    return float(((space.decode(codes) - items) ** 2 / items.var(0)).mean())


# the whole ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.05, 0.3, 3.0])
def test_a_loss_is_kept_and_used_up(space: HiddenSpace, tmp_path: Path, loss: float) -> None:
    made = compress(space, space._dataset, tmp_path / "x.hs", loss)
    codes = decompress(tmp_path / "x.hs", space.coding.fingerprint)
    assert codes.dtype == np.float32
    assert codes.shape == space.codes.shape
    assert made.bytes == (tmp_path / "x.hs").stat().st_size
    assert made.bytes_per_item == made.bytes / 3000
    lost = 10 * log10(error(space, codes) / error(space, space.codes))
    assert 0.9 * loss < made.lost <= 0.95 * loss
    assert lost == pytest.approx(made.lost, rel=0.1)


def test_the_bytes_are_those_of_rate_distortion_theory(space: HiddenSpace, tmp_path: Path) -> None:
    """Uniform steps and entropy coding take 0.254 bits a number more than the Gaussian bound (Gish and Pierce 1968)."""
    made = compress(space, space._dataset, tmp_path / "x.hs", loss=0.3)
    spread = spread_of(space.codes)
    axes = axes_of(space.codes, regularised(metric(Decoder(space.coding), space.codes, spread)), spread)
    base = 20 * judge_of(space, Decoder(space.coding), space._dataset, space.codes).error
    kept = (made.bits > 0).sum()
    assert 4 <= kept < 8
    level = (base * (10 ** (made.lost / 10) - 1) - axes.variances[kept:].sum()) / kept
    bound = 0.5 * np.log2(axes.variances[:kept] / level) + 0.254
    assert made.bits[:kept].sum() == pytest.approx(bound.sum(), rel=0.03)
    assert made.bits[:kept] == pytest.approx(bound, abs=0.25)
    assert made.bytes * 8 / 3000 < bound.sum() * 1.03 + 8 * 600 / 3000


def test_numbers_under_the_water_level_take_nothing(space: HiddenSpace, tmp_path: Path) -> None:
    coarse, fine = (compress(space, space._dataset, tmp_path / "x.hs", loss) for loss in (6.0, 0.1))
    assert (coarse.bits > 0).sum() < (fine.bits > 0).sum() <= 8
    assert (np.diff((coarse.bits > 0).astype(int)) <= 0).all()  # the first are those of the largest variance


def test_clusters_take_fewer_bytes_than_one_normal_distribution_would(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    latent = (rng.normal(size=(6, 4)) * 20)[rng.integers(6, size=4000)] + rng.normal(size=(4000, 4))
    symbols = np.rint(latent * 4).astype(np.int64)
    one, many = single(latent * 4), best_mixture(symbols, latent * 4)
    sizes = [4 * len(write(symbols, mixture)[0]) / 4000 for mixture in (one, many)]
    # 4 numbers of entropy log2(4 sqrt(2 pi e)) each, and the name of one of 6 clusters
    ideal = (4 * np.log2(4 * sqrt(2 * np.pi * np.e)) + np.log2(6)) / 8
    assert ideal < sizes[1] < 1.05 * ideal
    assert sizes[0] > 1.5 * sizes[1]


def test_links_are_as_good_as_the_covariance(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    lower = np.tril(rng.normal(size=(5, 5)) * 6) + 8 * np.eye(5)
    exact = rng.normal(size=(5000, 5)) @ lower.T
    bits = 32 * len(write(np.rint(exact).astype(np.int64), fitted(exact, 1, linked=True))[0]) / 5000
    covariance = lower @ lower.T + np.eye(5) / 12
    ideal = 0.5 * np.log2(np.linalg.det(2 * np.pi * np.e * covariance))
    assert bits == pytest.approx(ideal, rel=0.01)


@pytest.mark.parametrize("sample", ["digits", "wine", "vectors", "named"])
def test_all_kinds_of_data_come_back(sample: str, tmp_path: Path) -> None:
    data = hs.load_dataset("digits" if sample in ("vectors", "named") else sample)
    if sample == "vectors":
        data = hs.load_dataset(data.items.reshape(len(data), -1).astype(float))
    if sample == "named":
        data = type(data)(data.items, "images", ids=tuple(f"päge-{i}.png" for i in range(len(data))), layout="hw")
    model = hs.PCA(6).fit(data)
    space = HiddenSpace(model, data)
    made = space.compress(data, tmp_path / "x.hs")
    back, plain = space.decompress(tmp_path / "x.hs"), model.reconstruct(data)
    assert type(back) is type(plain)
    assert back.shape == plain.shape
    assert 0 < made.lost <= 0.3
    assert read_codes(tmp_path / "x.hs", space.coding.fingerprint)[1] == data.ids
    if sample != "wine":
        items = np.asarray(data.items, float).reshape(plain.shape)
        grown = ((back - items) ** 2).mean() / ((plain - items) ** 2).mean()
        assert 10 * log10(grown) == pytest.approx(made.lost, abs=0.05)


def test_an_opened_space_needs_only_its_codes(space: HiddenSpace, tmp_path: Path) -> None:
    opened = HiddenSpace.__new__(HiddenSpace)
    opened.coding, opened._items, opened._dataset, opened._store = space.coding, space._items, None, None
    made = compress(opened, space._dataset.take(np.arange(50)), tmp_path / "x.hs")
    assert 0.2 < made.lost <= 0.3
    assert decompress(tmp_path / "x.hs", space.coding.fingerprint).shape == (50, 8)


@pytest.mark.parametrize("loss", [0, -1, float("nan"), float("inf"), "0.3", None])
def test_a_senseless_loss_is_refused(space: HiddenSpace, tmp_path: Path, loss: object) -> None:
    with pytest.raises(UsageError, match="above 0"):
        compress(space, space._dataset, tmp_path / "x.hs", loss)  # type: ignore[arg-type]


def test_without_a_decoder_there_is_nothing_to_judge_by(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="decoder"):
        HiddenSpace(np.eye(3)).compress(np.eye(3), tmp_path / "x.hs")


def test_a_perfect_decoder_keeps_a_millionth(tmp_path: Path) -> None:
    items = np.random.default_rng(3).normal(size=(500, 3)).astype(np.float32)
    space = linear_space(np.eye(3), items)
    compress(space, items, tmp_path / "x.hs")
    np.testing.assert_allclose(space.decompress(tmp_path / "x.hs"), items, atol=0.01)


# the file -----------------------------------------------------------------------------------------------------------


def test_another_model_is_told(file: Path) -> None:
    with pytest.raises(ModelError, match="another model"):
        decompress(file, "f" * 16)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        decompress(tmp_path / "none.hs", NAME)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_an_altered_file_is_refused(file: Path, data: st.DataObject) -> None:
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DataError):
        from_bytes(bytes(content), NAME)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_cut_or_longer_file_is_refused(file: Path, data: st.DataObject) -> None:
    content = file.read_bytes()
    with pytest.raises(DataError):
        from_bytes(content[: data.draw(st.integers(0, len(content) - 1))], NAME)
    with pytest.raises(DataError):
        from_bytes(content + data.draw(st.binary(min_size=1, max_size=9)), NAME)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_random_bytes_are_refused(content: bytes, ours: bool, summed: bool) -> None:
    if summed:  # with the right checksum
        content = b"hspc\x01" + hashlib.sha256(content).digest()[:16] + content
    elif ours:
        content = b"hspc" + content
    with pytest.raises((DataError, ModelError)):
        from_bytes(content, NAME)


def test_a_later_version_is_told(file: Path, space: HiddenSpace) -> None:
    content = bytearray(file.read_bytes())
    content[4] = 2
    with pytest.raises(DataError, match="upgrade"):
        from_bytes(bytes(content), space.coding.fingerprint)


def test_the_format_stays_readable() -> None:
    """Bytes written by version 1: to read them differently would be another format."""
    axes = axes_of(np.array([[0.0, 1], [2, 4], [3, 3], [5, 9]], np.float32), np.eye(2), np.ones(2))
    quantiser = axes.quantiser(0.5)
    symbols = np.array([[3, -2], [0, 1], [7, 0], [-5, 40_000]])
    made, _ = to_bytes(Content(NAME, quantiser.lattice, single(symbols[:3]), symbols, ("a", "b", "c", "d")))
    assert hashlib.sha256(made).hexdigest()[:16] == "4108dbf042a314fe"
    read_back = from_bytes(made, NAME)
    np.testing.assert_array_equal(read_back.symbols, symbols)
    assert read_back.ids == ("a", "b", "c", "d")


@pytest.mark.parametrize(("items", "most"), [(1, 330), (10, 470)])
def test_few_items_need_a_small_header(items: int, most: int, tmp_path: Path) -> None:
    """32 numbers of about 4 bits are 16 bytes; what the decoder must know takes about 250."""
    rng = np.random.default_rng(0)
    mixing = np.linalg.qr(rng.normal(size=(64, 32)))[0]
    space = linear_space(mixing, (rng.normal(size=(400, 32)) @ mixing.T + 0.1 * rng.normal(size=(400, 64))))
    made = compress(space, space._dataset.take(np.arange(items)), tmp_path / "x.hs")
    assert made.bytes < most


# whole numbers ------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(CODES, CODES, st.floats(0.01, 10))
def test_codes_come_back_within_half_a_step(examples: np.ndarray, codes: np.ndarray, step: float) -> None:
    """In the turned space, whatever the codes are: outliers, constants, one item, one number."""
    codes = np.resize(codes, (len(codes), examples.shape[1]))
    spread = spread_of(examples)
    quantiser = axes_of(examples, np.eye(len(spread)), spread).quantiser(step)
    symbols = quantiser.quantise(codes)
    inside = np.abs(symbols) < FARTHEST
    away = np.abs(quantiser.position(codes) - symbols)[inside]
    assert (away <= 0.5 + 1e-9).all()
    content = Content(NAME, quantiser.lattice, best_mixture(symbols, symbols), symbols)
    back = from_bytes(to_bytes(content)[0], NAME)
    np.testing.assert_array_equal(back.symbols, symbols)
    restored = back.lattice.restore(back.symbols)
    assert np.isfinite(restored).all()
    np.testing.assert_array_equal(restored, quantiser.lattice.restore(symbols))


@pytest.mark.parametrize("turned", [True, False])
def test_what_is_restored_is_the_nearest_point_of_the_lattice(turned: bool) -> None:
    rng = np.random.default_rng(0)
    codes = (rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5)) + 7).astype(np.float32)
    seen = np.diag([1.0, 4, 9, 2, 3])
    spread = spread_of(codes)
    axes = axes_of(codes, seen, spread)
    quantiser = (axes if turned else axes.unturned(seen, spread)).quantiser(0.01)
    restored = quantiser.lattice.restore(quantiser.quantise(codes))
    moved = (restored - codes) / spread
    cost = np.einsum("ni,ij,nj->n", moved, seen, moved)  # |y - y'|^2, each number uniform within half a step
    assert cost.mean() == pytest.approx(5 * 0.01**2 / 12, rel=0.1)
    assert cost.max() <= 5 * 0.005**2 * 1.05


SYMBOLS = arrays(
    np.int64,
    st.tuples(st.integers(1, 30), st.integers(0, 4)),
    elements=st.integers(-20, 20) | st.integers(-FARTHEST, FARTHEST) | st.integers(-1_000_000, 1_000_000),
)


@settings(max_examples=40, deadline=None)
@given(SYMBOLS, SYMBOLS, st.booleans())
def test_no_symbol_is_lost(examples: np.ndarray, symbols: np.ndarray, linked: bool) -> None:
    """Also of numbers that the probabilities were not made for."""
    symbols = np.resize(symbols, (len(symbols), examples.shape[1]))
    many = len(np.unique(examples, axis=0)) > 3 and examples.shape[1]
    mixture = fitted(examples, 2, linked=linked) if many else single(examples)
    words, bits = write(symbols, mixture)
    back, used_up = read(words, mixture, len(symbols))
    np.testing.assert_array_equal(back, symbols)
    assert used_up
    names = 24 * len(symbols) * (len(mixture.weights) > 1)
    assert 32 * len(words) <= bits.sum() + names + 64


@pytest.mark.parametrize(("index", "part"), [(0, 0), (40, 3), (64, 0), (80, 5), (111, 7), (112, 1), (WIDEST, 4)])
def test_tables_are_normal_distributions(index: int, part: int) -> None:
    made, farthest = table(index, part), reach(index)
    deviation = width(index) / 2.0 ** halvings(index)
    assert deviation <= 64
    places = np.arange(-farthest, farthest + 2) - 0.5 - part / 8
    below = np.array([0.5 * (1 + erf(x / deviation / sqrt(2))) for x in places])
    probabilities = 2.0**-made.bits
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    expected = np.append(np.diff(below), 0) * (1 - 2**-10) + 2**-10 / (2 * farthest + 2)
    np.testing.assert_allclose(probabilities, expected, atol=1e-4, rtol=0.05)
    assert (probabilities >= 2**-24).all()


def test_the_metric_of_a_matrix() -> None:
    mixing = np.random.default_rng(0).normal(size=(20, 4))
    space = linear_space(mixing, np.random.default_rng(1).normal(size=(200, 4)) @ mixing.T)
    spread = np.array([1.0, 2, 3, 4])
    seen = mixing / space._dataset.items.std(0)[:, None] if space.kind == "table" else mixing
    expected = (seen * spread).T @ (seen * spread)
    np.testing.assert_allclose(metric(Decoder(space.coding), space.codes, spread), expected, rtol=1e-3)


def test_numbers_of_millions_are_fitted_too() -> None:
    """Variances are differences of squares, of which float64 keeps too few digits then."""
    far = -8_720_297
    examples = np.array([[0, far], [far, 0], [far, -2_642_911], *[[far, far]] * 4])
    for components in (1, 4, 7):
        for linked in (False, True):
            assert fitted(examples, components, linked=linked).weights.shape == (components,)
