import numpy as np
import pytest
import torch

from hiddenspace.style.eyes import eyes_of
from hiddenspace.style.likeness import Likeness
from hiddenspace.style.looking import Looking
from hiddenspace.style.order import read_order
from hiddenspace.style.painting import Painting
from hiddenspace.style.pictures import resized
from hiddenspace.style.wanted import wanted_of

rng = np.random.default_rng(0)
CONTENTS = [rng.integers(0, 256, (40, 40, 3), np.uint8) for _ in range(2)]
STYLE = (np.indices((36, 40)).sum(0)[..., None] // 3 % 2 * [255, 128, 40]).astype(np.uint8)


def the_eyes(order):
    return eyes_of("random", None, None, ("relu3_2", "relu4_2"), mrf_weight=1.0, data=order.pictures, seed=0)


@pytest.mark.parametrize("distance", ["wasserstein", "gram"])
def test_of_one_scale_it_is_the_loss_of_a_painting_and_of_a_batch_the_mean(distance) -> None:
    orders = [read_order(content, STYLE, size=None) for content in CONTENTS]
    eyes = the_eyes(orders[0])
    pictures = torch.rand(2, 3, 40, 40)
    each = []
    for order, picture in zip(orders, pictures, strict=True):
        looking = Looking(eyes.net, tuple(eyes.style), tuple(eyes.content), order.size)
        game = Painting(
            picture[None],
            wanted_of(order, looking, tuple(eyes.mrf), moved=eyes.moved),
            distance=distance,
            style_weights=eyes.style,
            content_weights=eyes.content,
            mrf_weights=eyes.mrf,
            tv_weight=0.0,
            range_weight=0.0,
            finished=lambda painted: painted,
            optimizer=lambda parameters: torch.optim.SGD(parameters, 1.0),
        )
        each.append({name: value.detach() for name, value in game.loss(torch.empty(0)).items()})
    likeness = Likeness(eyes, orders[0].styles[0], distance, 1)
    contents = torch.cat([order.content for order in orders])
    one = likeness(pictures[:1], likeness.contents(contents[:1]))
    assert one.keys() == each[0].keys()
    for name, value in one.items():
        torch.testing.assert_close(value, each[0][name], rtol=1e-4, atol=1e-6)
    both = likeness(pictures, likeness.contents(contents))
    for name in (name for name in both if not name.startswith("content")):
        torch.testing.assert_close(both[name], (each[0][name] + each[1][name]) / 2, rtol=1e-4, atol=1e-6)


def test_several_scales_are_looked_at_alike() -> None:
    order = read_order(CONTENTS[0], STYLE, size=None)
    eyes = the_eyes(order)
    style, picture = order.styles[0], torch.rand(1, 3, 64, 64)
    small = torch.nn.functional.avg_pool2d(picture, 2)
    whole, half = Likeness(eyes, style, "wasserstein", 1), Likeness(eyes, resized(style, (18, 20)), "wasserstein", 1)
    both = Likeness(eyes, style, "wasserstein", 2)
    found = both(picture, both.contents(picture.flip(3)))
    first, second = whole(picture, whole.contents(picture.flip(3))), half(small, half.contents(small.flip(3)))
    for name, value in found.items():
        torch.testing.assert_close(value, (first[name] + second[name]) / 2, rtol=1e-4, atol=1e-6)
