"""SourceOnly: the classifier that is not adapted, or only in its normalisation."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from torch import Tensor, nn

from hiddenspace.adaptation.adaptation import Adaptation
from hiddenspace.adaptation.domain_adapter import Checkpoint, DomainAdapter
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Scaling
from hiddenspace.errors import UsageError
from hiddenspace.nets.statistics import gather_statistics, normalisations
from hiddenspace.training.game import Batch
from hiddenspace.training.trainer import Trainer

FOR_STATISTICS = 5_000
"""Target items that normalisations are adapted to."""


class Unadapted(Adaptation):
    """Learns from the source alone."""

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The cross-entropy of the source's labels."""
        assert isinstance(batch, dict)
        answers = self.head(self.encoder(self.augmented(batch["x"]))).float()
        return {"classification": self.naming(answers, batch["labels"])}


class SourceOnly(DomainAdapter):
    """A classifier of the source domain, as the baseline of all that adapt. The loss is `Unadapted.loss`.

    Parameters
    ----------
    statistics : 'source' or 'target'
        Whose means and variances batch normalisation goes by when it answers. Those of the target are gathered after
        the training, which is a method of adaptation in itself (AdaBN, Li et al. 2016).
    encoder, augmentation, smoothing, size, checkpoint, scaling, epochs, batch_size, learning_rate, validation_fraction
        As in DANN.
    random_state, trainer
        As in DANN.

    Attributes
    ----------
    classes_, encoder_, head_, validation_, health_, history_, best_epoch_, recipe_
        As in DANN. Without a target, which `fit` does not need here, `validation_` has `source` alone.
    """

    needs_target = False
    restyling, consistency, threshold = None, 0.0, 0.0  # what it never does
    shared_batch = True  # the source is normalised by itself and remembered, as that of any classifier is

    def __init__(
        self,
        *,
        statistics: Literal["source", "target"] = "source",
        encoder: nn.Module | None = None,
        augmentation: Corruption | Literal["auto"] | None = "auto",
        smoothing: float = 0.0,
        size: int | None = None,
        checkpoint: Checkpoint = "last",
        scaling: Scaling = "auto",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.1,
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.statistics = statistics
        self.encoder = encoder
        self.augmentation = augmentation
        self.smoothing = smoothing
        self.size = size
        self.checkpoint = checkpoint
        self.scaling = scaling
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.trainer = trainer

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        if self.statistics not in ("source", "target"):
            raise UsageError(f"statistics={self.statistics!r} is unknown; use 'source' or 'target'.")

    def _new_game(self) -> Unadapted:
        return Unadapted(self.encoder_, self.head_, **self._rules())

    def _domain_batches(self, training: Dataset, target: Dataset | None) -> Any:
        return super()._domain_batches(training, None)

    def _learn(self, source: Dataset, target: Dataset | None) -> None:
        self.adapted_ = False
        super()._learn(source, target)
        if self.statistics == "target":
            if target is None:
                raise UsageError("statistics='target' are gathered from a target domain; give X_target= to fit.")
            if not normalisations(self.encoder_):
                raise UsageError(
                    "statistics='target' are those of batch normalisation, which this encoder does not have; use "
                    "another method."
                )
            some = target.take(np.linspace(0, len(target) - 1, min(len(target), FOR_STATISTICS)).astype(np.intp))
            gather_statistics(self.encoder_, self._batches(some))
            self.adapted_ = True

    def _remembers_target(self) -> bool:
        return self.adapted_

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.adapted_ = self.statistics == "target"
