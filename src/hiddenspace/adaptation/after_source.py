"""What methods share that first learn from the source alone, and then change the net for the target."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from hiddenspace.adaptation.domain_adapter import DomainAdapter
from hiddenspace.adaptation.source_only import SourceOnly
from hiddenspace.data.dataset import Dataset
from hiddenspace.models.recipe import Recipe
from hiddenspace.training.trainer import Trainer

SHARED = ("encoder", "augmentation", "validation_fraction", "learning_rate", "batch_size", "scaling")


class AfterSource(DomainAdapter):
    """Abstract: an adapter that starts from a net that has learned the source.

    The rows of `history_` are those of both trainings, one after the other. Where the trainer keeps a folder, that of
    the first is `source` in it.
    """

    source_epochs: int | None
    slower: ClassVar[float]

    def _learn(self, source: Dataset, target: Dataset | None) -> None:
        assert target is not None
        first = self._source_model()
        first.format_, first.classes_, first.outputs_ = self.format_, self.classes_, self.outputs_
        first.seed_, first.adapted_ = self.seed_, False
        first._build_networks()
        first._learn(source, target)
        self.encoder_.load_state_dict(first.encoder_.state_dict())
        self.head_.load_state_dict(first.head_.state_dict())
        self._start_target(target)
        super()._learn(source, target)
        before = len(first.history_)
        self.history_ = first.history_ + [{**row, "epoch": row["epoch"] + before} for row in self.history_]
        self.best_epoch_ += before

    def _source_model(self) -> SourceOnly:
        """The first training, as it is asked for."""
        trainer = self.trainer or Trainer()
        if trainer.folder is not None:
            trainer = replace(trainer, folder=Path(trainer.folder) / "source")
        shared = {name: copy.copy(getattr(self, name)) for name in SHARED}
        return SourceOnly(
            **shared,
            smoothing=self.smoothing,
            epochs=self.source_epochs or self.epochs,
            random_state=self.seed_,
            trainer=trainer,
        )

    def _start_target(self, target: Dataset) -> None:
        """What is still to be made, once the source has been learned."""

    def _recipe(self, items: int) -> Recipe:
        """The second training is slower, so that it starts from what was learned and does not forget it."""
        recipe = super()._recipe(items)
        return replace(recipe, learning_rate=self.slower * recipe.learning_rate)
