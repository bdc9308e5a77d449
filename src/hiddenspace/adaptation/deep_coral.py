"""DeepCORAL: features whose covariances agree in both domains."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.adaptation.adaptation import Adaptation
from hiddenspace.adaptation.domain_adapter import Checkpoint, DomainAdapter
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.format import Scaling
from hiddenspace.data.restyling import Restyling
from hiddenspace.losses.domains import coral_loss
from hiddenspace.training.game import Batch
from hiddenspace.training.trainer import Trainer


class Correlated(Adaptation):
    """Learns from the source while covariances are kept alike."""

    def __init__(self, encoder: nn.Module, head: nn.Module, weight: float = 1.0, **rules: Any) -> None:
        super().__init__(encoder, head, **rules)
        self.weight = weight

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The labels' cross-entropy + weight * |C_source - C_target|^2 / (4 d^2) of the features."""
        made = self.passed(batch)
        return {
            "classification": self.naming(made.source_answers, made.labels),
            "coral": self.weight * coral_loss(made.source, made.target),
            **self.consistent(made),
        }


class DeepCORAL(DomainAdapter):
    """Aligns the covariances of the features of both domains (Sun and Saenko 2016). The loss is `Correlated.loss`.

    Departure from the paper: the covariances are those of the features before the last layer, as of the other methods
    here, and not those of the answers.

    Parameters
    ----------
    weight : float
        How much the difference of the covariances counts, 0 or more.
    encoder, shared_batch, augmentation, restyling, consistency, threshold, smoothing, size, checkpoint
        As in DANN.
    scaling, epochs, batch_size, learning_rate
        As in DANN.
    validation_fraction, random_state, trainer
        As in DANN.

    Attributes
    ----------
    classes_, encoder_, head_, validation_, health_, history_, best_epoch_, recipe_
        As in DANN.
    """

    def __init__(
        self,
        *,
        encoder: nn.Module | None = None,
        weight: float = 10.0,
        shared_batch: bool = False,
        augmentation: Corruption | Literal["auto"] | None = "auto",
        restyling: Restyling | Literal["auto"] | None = "auto",
        consistency: float = 0.0,
        threshold: float = 0.9,
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
        super().__init__(
            encoder=encoder,
            shared_batch=shared_batch,
            augmentation=augmentation,
            restyling=restyling,
            consistency=consistency,
            threshold=threshold,
            smoothing=smoothing,
            size=size,
            checkpoint=checkpoint,
            scaling=scaling,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            validation_fraction=validation_fraction,
            random_state=random_state,
            trainer=trainer,
        )
        self.weight = weight

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        checks.number("weight", self.weight, least=0)

    def _new_game(self) -> Correlated:
        return Correlated(self.encoder_, self.head_, self.weight, **self._rules())
