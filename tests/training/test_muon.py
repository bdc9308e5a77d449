"""Muon against the singular value decomposition, PyTorch's own one, and AdamW."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from hiddenspace.training.muon import Muon, orthogonalised

RATES = {"learning_rate": 1e-3, "kernel_rate": 0.05, "weight_decay": 0.1}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8, 4))


def trained(model: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> nn.Module:
    for step in steps:
        x = torch.randn(6, 3, 3, 3, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("shape", [(4, 4), (3, 40), (40, 3), (1, 9), (16, 144)])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_singular_values_come_near_one_and_vectors_stay(shape: tuple[int, int], scale: float) -> None:
    matrix = scale * torch.randn(shape, generator=torch.Generator().manual_seed(1))
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    found = left.T @ orthogonalised(matrix) @ right.T
    seen = torch.diagonal(found)[values > 0.01 * matrix.norm()]
    assert len(seen) > 0
    assert seen.min() > 0.68
    assert seen.max() < 1.14
    np.testing.assert_allclose(found - torch.diag(torch.diagonal(found)), 0, atol=1e-3)


def test_a_zero_gradient_moves_nothing_but_by_decay() -> None:
    assert not orthogonalised(torch.zeros(3, 5)).any()


@pytest.mark.parametrize("shape", [(6, 4), (4, 6)])
def test_kernels_of_one_pixel_move_as_matrices_do_in_pytorchs_own(shape: tuple[int, int]) -> None:
    start = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    kernel, matrix = nn.Parameter(start[..., None, None].clone()), nn.Parameter(start.clone())
    own = Muon([kernel], **RATES)
    peer = torch.optim.Muon([matrix], lr=0.05, weight_decay=0.1, momentum=0.95)
    for step in range(4):
        gradient = torch.randn(shape, generator=torch.Generator().manual_seed(step))
        kernel.grad, matrix.grad = gradient[..., None, None].clone(), gradient.clone()
        own.step()
        peer.step()
    np.testing.assert_allclose(kernel.detach()[..., 0, 0], matrix.detach(), atol=0.01)  # that one has bfloat16
    assert (kernel.detach()[..., 0, 0] - start).abs().max() > 0.05


def test_what_is_no_kernel_moves_as_in_adamw() -> None:
    """Of a network whose kernel gets no gradient."""
    ours, theirs = network(), network()
    for model in (ours, theirs):
        model[0].weight.requires_grad_(False)
    own = Muon(ours.parameters(), **RATES)
    vectors = [p for p in theirs.parameters() if p.ndim < 2]
    peer = torch.optim.AdamW(
        [{"params": [theirs[4].weight], "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}], lr=1e-3
    )
    trained(ours, own, range(5))
    trained(theirs, peer, range(5))
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


def test_training_goes_on_from_a_saved_state() -> None:
    whole = network()
    trained(whole, Muon(whole.parameters(), **RATES), range(6))
    halved = network()
    first = Muon(halved.parameters(), **RATES)
    trained(halved, first, range(3))
    second = Muon(halved.parameters(), **RATES)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    trained(halved, second, range(3, 6))
    for a, b in zip(whole.parameters(), halved.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_a_network_without_kernels_is_trained_too() -> None:
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    optimizer = Muon(model.parameters(), **RATES)
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    assert not torch.equal(before, model.weight)
