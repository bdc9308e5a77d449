"""Muon: the kernels of convolutions move in all directions alike, the rare ones too."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Jordan's, of the polynomial a s + b s^3 + c s^5, which lifts small singular values fast and then wavers about 1."""
ROUNDS = 5
LEAST_NORM = 1e-7
"""Of a gradient that is zero."""


class Muon(torch.optim.AdamW):
    """Orthogonalised momentum for kernels, AdamW for all other parameters (Jordan et al. 2024, "Muon").

    A kernel (out, in, h, w) is a matrix (out, in h w). Of its Nesterov momentum G = U S V^T about U V^T is taken, by
    Newton-Schulz iteration, and the step is rate * sqrt(max(1, out / (in h w))) long in each direction.

    Matrices of linear layers stay with AdamW here: in contrastive learning on Fashion-MNIST that was as good at a
    smaller cost. PyTorch's own Muon takes matrices only, and iterates in bfloat16, which few CPUs multiply fast.

    Parameters
    ----------
    parameters : iterable of Parameter
    learning_rate, weight_decay : float
        Of AdamW; biases and other vectors do not decay.
    kernel_rate : float
        The learning rate of kernels.
    momentum : float
        Of kernels, in [0, 1).
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        *,
        learning_rate: float,
        kernel_rate: float,
        weight_decay: float,
        momentum: float = 0.95,
    ) -> None:
        every = list(parameters)
        groups: list[dict[str, Any]] = [
            {"params": [p for p in every if p.ndim == 4], "lr": kernel_rate, "momentum": momentum},
            {"params": [p for p in every if p.ndim >= 2 and p.ndim != 4], "momentum": None},
            {"params": [p for p in every if p.ndim < 2], "weight_decay": 0.0, "momentum": None},
        ]
        given = [group for group in groups if group["params"]]
        super().__init__(given, lr=learning_rate, weight_decay=weight_decay, fused=True)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of all parameters that have a gradient."""
        every = self.param_groups
        self.param_groups = [group for group in every if group["momentum"] is None]
        try:
            loss = super().step(closure)
        finally:
            self.param_groups = every
        for group in every:
            if group["momentum"] is not None:
                for kernel in group["params"]:
                    if kernel.grad is not None:
                        self._turn(kernel, kernel.grad, group)
        return loss

    def _turn(self, kernel: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[kernel]
        if not state:
            state["step"] = torch.zeros(())  # which AdamW looks for when a state is loaded
            state["momentum"] = torch.zeros_like(kernel)
        state["step"] += 1
        momentum = state["momentum"].mul_(group["momentum"]).add_(gradient)
        matrix = gradient.add(momentum, alpha=group["momentum"]).flatten(1)
        rate = group["lr"] * math.sqrt(max(1.0, matrix.shape[0] / matrix.shape[1]))
        kernel.mul_(1 - group["lr"] * group["weight_decay"])
        kernel.add_(orthogonalised(matrix).view_as(kernel), alpha=-rate)


def orthogonalised(matrix: Tensor) -> Tensor:
    """About U V^T of a matrix U S V^T, (m, n).

    Singular values above a hundredth of the Frobenius norm come between 0.68 and 1.14, smaller ones below that.
    """
    a, b, c = COEFFICIENTS
    turned = matrix.shape[0] > matrix.shape[1]
    wide = matrix.T if turned else matrix
    wide = wide / (wide.norm() + LEAST_NORM)
    for _ in range(ROUNDS):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    result: Tensor = wide.T if turned else wide
    return result
