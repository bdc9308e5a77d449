import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hiddenspace.losses.textures import texture_of
from hiddenspace.nets.feature_nets import feature_net
from hiddenspace.style.looking import Looking, replicating, spans

SIZE = (208, 336)


@pytest.fixture(scope="module")
def net():
    return feature_net("random", ["relu1_2", "relu2_2", "relu3_2"])


@pytest.fixture(scope="module")
def picture():
    return torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(0))


@given(st.integers(1, 5_000), st.integers(200, 1_500))
def test_tiles_cover_each_pixel_once(length: int, tile: int) -> None:
    pieces = list(spans(length, tile))
    assert [pixel for span in pieces for pixel in range(span.start, span.stop)] == list(range(length))
    assert all(span.stop - span.start <= -(-tile // 16) * 16 for span in pieces)
    assert all(0 <= span.first <= span.start and span.stop <= span.last <= length for span in pieces)


@given(st.integers(1, 3_000), st.integers(200, 1_000), st.sampled_from([1, 2, 4, 8, 16]))
def test_tiles_cover_each_place_of_a_layer_once(length: int, tile: int, stride: int) -> None:
    places = []
    for span in spans(length, tile):
        made = -(-(span.last - span.first) // stride)  # with pooling that rounds up
        within = span.within(made)
        places += range(span.first // stride, span.first // stride + made)[within]
    assert places == list(range(-(-length // stride)))


def test_what_is_seen_in_tiles_and_its_gradients_are_those_of_the_whole(net, picture) -> None:
    found = []
    other = picture.flip(3)
    left = torch.zeros(SIZE)
    left[:, :160] = 1
    for tile in (1_000, 192):
        looking = Looking(net, ["relu1_2", "relu3_2"], ["relu2_2"], SIZE, [left, 1 - left], tile=tile)
        style = looking.elsewhere(SIZE)
        torch.manual_seed(0)
        patches = {"relu3_2": (torch.rand(9, 64), torch.rand(7, 64)), "relu2_2": (torch.rand(5, 32),) * 2}
        x = picture.clone().requires_grad_(True)
        seen = looking.seen(x, looking.contents(other), patches, looking.matches(x, patches))
        grams = sum(region.gram.square().sum() for each in seen.textures.values() for region in each)
        (grams + seen.content["relu2_2"] + seen.patches["relu2_2"] + seen.patches["relu3_2"]).backward()
        found_patches = style.patches(other, ["relu3_2"], 0.5)["relu3_2"]
        assert found_patches.shape == (2048, 64)
        found.append([seen.textures["relu3_2"][1].gram, seen.content["relu2_2"], *seen.patches.values(), x.grad])
    assert len(looking.tiles) == 4
    for whole, tiled in zip(*found, strict=True):
        torch.testing.assert_close(tiled, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("tile", [1_000, 192])
def test_moved_content_has_the_texture_wanted_where_it_is_wanted(net, picture, tile) -> None:
    left = torch.zeros(SIZE)
    left[:, :160] = 1
    looking = Looking(net, [], ["relu3_2"], SIZE, [left], tile=tile)
    contents = looking.contents(picture)
    wanted = looking.at_layers(["relu3_2"]).textures(picture.flip(1) ** 2)
    own = looking.at_layers(["relu3_2"]).textures(picture)["relu3_2"][0]
    moved = looking.moved(contents, wanted)
    kept = [(m["relu3_2"], c["relu3_2"]) for m, c in zip(moved, contents, strict=True)]
    if tile > max(SIZE):
        (f, before) = kept[0]
        assert torch.equal(f[..., 40:], before[..., 40:])  # nothing is wanted on the right
        there = texture_of(f[..., :40])
        apart = (there.mean - wanted["relu3_2"][0].mean).norm()
        assert apart < 1e-3 * (own.mean - wanted["relu3_2"][0].mean).norm()
    whole = Looking(net, [], ["relu3_2"], SIZE, [left])
    at_once = whole.moved(whole.contents(picture), wanted)[0]["relu3_2"]
    assert sum(f.square().sum() for f, _ in kept) == pytest.approx(float(at_once.square().sum()), rel=1e-3)


def test_each_place_is_compared_with_the_patch_most_like_it(net, picture) -> None:
    looking = Looking(net, [], [], SIZE)
    own = looking.patches(picture, ["relu3_2"], 2.0)
    patches = {"relu3_2": (own["relu3_2"],)}
    seen = looking.seen(picture, [{}], patches, looking.matches(picture, patches))
    assert float(seen.patches["relu3_2"]) < 1e-5  # all of its own places are there
    far = {"relu3_2": (own["relu3_2"][:1] * 0 + 3,)}
    places = net.activations(picture)["relu3_2"]
    seen = looking.seen(picture, [{}], far, looking.matches(picture, far))
    expected = (places - 3).square().sum(1).mean() / (9 * 64)
    torch.testing.assert_close(seen.patches["relu3_2"], expected)


def test_a_region_sees_what_is_in_it(net, picture) -> None:
    left = torch.zeros(SIZE)
    left[:, :160] = 1
    looking = Looking(net, ["relu1_2"], [], SIZE, [left, 1 - left])
    cropped = Looking(net, ["relu1_2"], [], (SIZE[0], 160)).textures(picture[..., :160])["relu1_2"][0]
    in_left, in_right = looking.textures(picture)["relu1_2"]
    torch.testing.assert_close(in_left.gram, cropped.gram, rtol=0.02, atol=0.02)  # but for what the border sees
    assert float(in_left.places + in_right.places) == SIZE[0] * SIZE[1]


def test_a_replicating_net_sees_the_border_go_on(net) -> None:
    flat = torch.full((1, 3, 32, 32), 0.7)
    own = replicating(feature_net("random", ["relu1_2", "relu2_2", "relu3_2"]))
    made = own.activations(flat)["relu1_2"]
    assert float(made[..., 1:-1, 1:-1].std((2, 3)).max()) < 1e-5
    first = own.network.conv1_1(flat)
    assert float(first.std((2, 3)).max()) < 1e-5
    assert float(net.network.conv1_1(flat).std((2, 3)).max()) > 1e-3
