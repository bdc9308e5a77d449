"""The means of each epoch, kept on the device until the epoch is over."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor

from hiddenspace.training import ranks
from hiddenspace.training.game import Terms


class History:
    """Adds terms up and closes an epoch with one row of means.

    `rows` holds all of them; `stopped` is the reason, as a sentence, for which an observer ended the training.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.stopped: str | None = None
        self.seconds = 0.0
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._items = 0
        self._since = time.perf_counter()
        self._epoch_start = 0.0

    def add(self, terms: Terms, items: int) -> None:
        """Takes in the terms of a round (detached) and how many items it saw over all ranks."""
        for name, term in terms.items():
            value = precise(term)
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0) + 1
        self._items += items

    def tick(self) -> float:
        """Seconds of training so far, over interruptions too."""
        now = time.perf_counter()
        self.seconds, self._since = self.seconds + now - self._since, now
        return self.seconds

    def close_epoch(
        self, round_: int, learning_rate: float, validation: dict[str, float], minimised: Collection[str]
    ) -> dict[str, float]:
        """The row of the epoch that just ended; the same on every rank, but for the seconds.

        Its `loss`, by which the best epoch is chosen, is the sum of the held-out terms, or without any that of the
        training terms which are `minimised`: what is only reported shall not decide.
        """
        means = ranks.mean_by_name({name: (float(v), self._counts[name]) for name, v in self._sums.items()})
        judged = validation.values() if validation else (means[name] for name in minimised if name in means)
        seconds = self.tick()
        row: dict[str, float] = {
            "epoch": len(self.rows) + 1,
            "round": round_,
            "seconds": seconds,
            "items_per_second": self._items / max(seconds - self._epoch_start, 1e-9),
            "learning_rate": learning_rate,
            "loss": sum(judged),
            **{f"train/{name}": value for name, value in means.items()},
            **{f"validation/{name}": value for name, value in validation.items()},
        }
        self.rows.append(row)
        self._sums, self._counts, self._items, self._epoch_start = {}, {}, 0, seconds
        return row

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: the rows, why it stopped, and the sums of an epoch that has begun."""
        return {
            "rows": self.rows,
            "stopped": self.stopped,
            "seconds": self.tick(),
            "sums": self._sums,
            "counts": self._counts,
            "items": self._items,
            "epoch_start": self._epoch_start,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes back what `state` gave."""
        self.rows, self.stopped = state["rows"], state["stopped"]
        self.seconds, self._counts = state["seconds"], state["counts"]
        self._items, self._epoch_start, self._sums = state["items"], state["epoch_start"], state["sums"]
        self._since = time.perf_counter()


def precise(value: Tensor) -> Tensor:
    """A scalar as float64, where the device has it."""
    value = value.detach().reshape(())
    return value.to(torch.float32 if value.device.type == "mps" else torch.float64)
