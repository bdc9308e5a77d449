"""Random features see what pictures are made of."""

import numpy as np
import torch

from hiddenspace.data.samples import load_sample
from hiddenspace.metrics.frechet import frechet_distance
from hiddenspace.nets.features import RandomFeatures


def test_the_seed_is_all_that_they_hang_on():
    x = torch.rand(3, 1, 28, 28)
    first = RandomFeatures(1, seed=1)(x)
    torch.manual_seed(5)
    assert first.shape == (3, 256)
    assert torch.equal(first, RandomFeatures(1, seed=1)(x))
    assert not torch.equal(first, RandomFeatures(1, seed=2)(x))


def test_distance_grows_with_the_damage():
    pictures = torch.from_numpy(load_sample("shapes").items[:400]).permute(0, 3, 1, 2) / 255
    net = RandomFeatures(3)
    whole, rest = net(pictures[:200]).numpy(), pictures[200:]
    noise = torch.from_numpy(np.random.default_rng(0).normal(size=rest.shape)).float()
    distances = [frechet_distance(net(rest + sigma * noise).numpy(), whole) for sigma in (0, 0.1, 0.3)]
    assert distances[0] < distances[1] / 2 < distances[2] / 4
