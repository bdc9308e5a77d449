"""Pictures that units answer to: what is known in closed form, and that the ascent ascends."""

import numpy as np
import pytest
import torch
from torch import nn

from hiddenspace.errors import ModelError, UsageError
from hiddenspace.nets.conv import ConvEncoder
from hiddenspace.space.coding import coding_of
from hiddenspace.space.filters import first_filters
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.maximising import units_of

PICTURES = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)


def linear() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 5))


def test_a_linear_unit_wants_white_where_its_weights_are_positive() -> None:
    encoder = linear()
    made = HiddenSpace(encoder, PICTURES).maximise([3, 1], variation=0, jitter=0)
    weights = encoder[1].weight.detach().reshape(5, 8, 8)[[3, 1]].numpy()
    clear = np.abs(weights) > 0.03
    assert made.shape == (2, 8, 8)
    np.testing.assert_array_equal(made[clear], np.where(weights[clear] > 0, 255, 0))


def test_variation_smooths() -> None:
    space = HiddenSpace(linear(), PICTURES)
    rough, smooth = (np.abs(np.diff(space.maximise([0], variation=v), axis=2)).mean() for v in (0, 1))
    assert smooth < 0.5 * rough


@pytest.mark.parametrize("layer", ["stages.0", "block", None])
def test_the_activation_is_above_that_of_any_item(layer: str | None) -> None:
    torch.manual_seed(0)
    encoder = ConvEncoder((1, 8, 8), 4).eval()
    seen: list[torch.Tensor] = []
    (encoder if layer is None else dict(encoder.named_modules())[layer]).register_forward_hook(
        lambda _module, _inputs, output: seen.append(output)
    )
    made = HiddenSpace(encoder, PICTURES).maximise([0, 2], layer, variation=0, jitter=0)
    with torch.no_grad():
        for batch in (made, PICTURES):
            encoder(torch.tensor(batch[:, None] / 255.0, dtype=torch.float32))
    best, items = (s if s.ndim == 2 else s[:, :, s.shape[2] // 2, s.shape[3] // 2] for s in seen[-2:])
    for row, unit in enumerate((0, 2)):
        assert best[row, unit] > items[:, unit].max()


def test_the_same_seed_gives_the_same_pictures_and_the_encoder_is_left_alone() -> None:
    encoder = linear()
    before = encoder[1].weight.detach().clone()
    space = HiddenSpace(encoder, PICTURES)
    first, again, other = (space.maximise([0], steps=5, random_state=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(space.maximise(0, steps=5, random_state=0), first)  # type: ignore[arg-type]
    assert not np.array_equal(first, other)
    assert torch.equal(encoder[1].weight, before)
    assert encoder[1].weight.grad is None
    assert not encoder._forward_hooks


@pytest.mark.parametrize(
    ("units", "options", "words"),
    [
        ([5], {}, "from 0 to 4"),
        ([-1], {}, "from 0 to 4"),
        ([0], {"layer": "7"}, "no layer '7'"),
        ([0], {"steps": 0}, "at least one step"),
        ([0], {"jitter": -1}, "at least one step"),
    ],
)
def test_senseless_arguments(units: list[int], options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        HiddenSpace(linear(), PICTURES).maximise(units, **options)  # type: ignore[arg-type]


def test_spaces_without_pictures_or_encoder() -> None:
    rows = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    with pytest.raises(UsageError, match="of images"):
        HiddenSpace(nn.Linear(3, 2), rows).maximise([0])
    with pytest.raises(ModelError, match="no encoder"):
        HiddenSpace(rows).maximise([0])


def test_how_many_units_there_are() -> None:
    coding = coding_of(ConvEncoder((1, 8, 8), 4).eval())
    coding.read(PICTURES)
    assert units_of(coding) == 4
    assert units_of(coding, "block") > 4


def test_first_filters_are_the_weights_the_strongest_first() -> None:
    encoder = linear()
    weights = encoder[1].weight.detach().numpy()
    order = np.argsort(-np.linalg.norm(weights, axis=1))
    np.testing.assert_array_equal(first_filters(encoder, (1, 8, 8)), weights[order].reshape(5, 8, 8))
    colour = nn.Conv2d(3, 6, 5)
    kernels = first_filters(nn.Sequential(colour, nn.Conv2d(6, 3, 3)), (3, 8, 8))
    assert kernels.shape == (6, 5, 5, 3)
    strongest = colour.weight.detach().flatten(1).norm(dim=1).argmax()
    np.testing.assert_array_equal(kernels[0], colour.weight.detach()[strongest].permute(1, 2, 0))
    with pytest.raises(UsageError, match="no filters that are pictures"):
        first_filters(nn.Linear(16, 3), (1, 8, 8))
