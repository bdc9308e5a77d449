"""A normalising flow over whitened codes: couplings that turn their density into N(0, 1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from hiddenspace.data.batches import ArrayBatches
from hiddenspace.errors import DataError
from hiddenspace.models.recipe import adamw
from hiddenspace.nets.coupling import SplineCoupling
from hiddenspace.space.density import HELD_OUT
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.observers import BestWeights, EarlyStopping
from hiddenspace.training.play import play
from hiddenspace.training.progress import ProgressBar
from hiddenspace.training.randomness import seeded
from hiddenspace.training.schedules import OneCycle
from hiddenspace.training.trainer import Trainer

LAYERS, WIDTH = 4, 128
LEAST_CODES = 50
BATCH, STEPS, EPOCHS, RATE = 256, 2_000, 100, 2e-3
PATIENCE = 5
AT_A_TIME = 2_048


class Flow(nn.Module):
    """Couplings one after the other; what comes out shall be N(0, 1).

    Parameters
    ----------
    size : int
        Numbers in a code.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(SplineCoupling(size, WIDTH) for _ in range(LAYERS))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(b, d) -> (b, d), and the logarithm (b,) of the determinant of the Jacobian."""
        volume = x.new_zeros(len(x))
        for coupling in self.couplings:
            x, more = coupling(x)
            volume = volume + more
        return x, volume

    def inverse(self, z: Tensor) -> Tensor:
        """(b, d) -> (b, d)."""
        for coupling in reversed(self.couplings):
            assert isinstance(coupling, SplineCoupling)
            z = coupling.inverse(z)
        return z

    def log_prob(self, x: Tensor) -> Tensor:
        """(b, d) -> (b,) in nats."""
        z, volume = self(x)
        logs: Tensor = volume - 0.5 * (z**2 + math.log(2 * math.pi)).sum(1)
        return logs


class Likelihood(Game):
    """Make the codes probable."""

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.flow = flow

    def players(self) -> Mapping[str, Player]:
        return {"flow": Player((self.flow,), self.loss)}

    def loss(self, x: Batch) -> dict[str, Tensor]:
        """The negative log-likelihood for each number of a code, in nats (Dinh et al. 2017)."""
        assert isinstance(x, Tensor)
        return {"negative log-likelihood": -self.flow.log_prob(x).mean() / x.shape[1]}


class FlowDensity:
    """A trained flow as a density.

    Parameters
    ----------
    flow : Flow
    size : int
        Numbers in a code.
    """

    def __init__(self, flow: Flow, size: int) -> None:
        self.flow, self.size = flow.cpu().eval(), size

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self._batchwise(self.flow.inverse, rng.standard_normal((n, self.size)))

    def log_density(self, white: np.ndarray) -> np.ndarray:
        return self._batchwise(self.flow.log_prob, white)

    def _batchwise(self, function: Callable[[Tensor], Tensor], rows: np.ndarray) -> np.ndarray:
        parts = torch.split(torch.from_numpy(rows.astype(np.float32)), AT_A_TIME)
        with torch.inference_mode():
            outcome: np.ndarray = torch.cat([function(part) for part in parts]).double().numpy()
        return outcome


def fit_flow(white: np.ndarray, rng: np.random.Generator) -> FlowDensity:
    """Trained by maximum likelihood; a tenth of the codes decides which epoch is kept.

    Raises
    ------
    DataError
        If there are fewer codes than can be learned from.
    """
    if len(white) < LEAST_CODES:
        raise DataError(f"a flow learns from at least {LEAST_CODES} codes, not {len(white)}; use method='gaussian'.")
    shuffled = white[rng.permutation(len(white))].astype(np.float32)
    seed, held = int(rng.integers(2**31)), int(HELD_OUT * len(white))
    batches = ArrayBatches(shuffled[held:], torch.Tensor.float, batch_size=BATCH, seed=seed, drop_last=True)
    judged = ArrayBatches(shuffled[:held], torch.Tensor.float, batch_size=AT_A_TIME, seed=None, drop_last=False)
    epochs = min(EPOCHS, math.ceil(STEPS / len(batches)))
    trainer = Trainer(precision="32", schedule=OneCycle(), clip=1.0, compile=False, optimizer=_optimizer)
    with seeded(seed):
        flow, best = Flow(white.shape[1]), BestWeights()
        watchers = [best, EarlyStopping(PATIENCE), ProgressBar("flow", trainer.progress)]
        play(
            Likelihood(flow),
            batches,
            rounds=epochs * len(batches),
            trainer=trainer,
            observers=watchers,
            validation=judged,
        )
    best.put_back()
    return FlowDensity(flow, white.shape[1])


_optimizer = partial(adamw, learning_rate=RATE, weight_decay=1e-4)
