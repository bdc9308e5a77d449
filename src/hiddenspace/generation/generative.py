"""What generators that learn against a discriminator share: fit, sampling, inversion, saving."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hiddenspace import checks
from hiddenspace.data.dataset import Dataset, split_positions
from hiddenspace.data.named_batches import NamedBatches
from hiddenspace.errors import DivergedError, UsageError
from hiddenspace.generation.adapting import Adapting
from hiddenspace.generation.differentiable import Differentiable
from hiddenspace.generation.health import GenerationWarning, examined
from hiddenspace.generation.inversion import Inversion
from hiddenspace.generation.judging import LEAST_HELD_OUT, Judge, check_features, judging_features, looked_at
from hiddenspace.generation.opposing import Opposing
from hiddenspace.generation.sampling import Sampling
from hiddenspace.generation.snapshots import SHOWN, Snapshots
from hiddenspace.losses.adversarial import LOSSES, LossName, adversarial_loss
from hiddenspace.models.batchwise import collected
from hiddenspace.models.health import Health
from hiddenspace.models.own_networks import check_decoder, check_logits, copied_network
from hiddenspace.models.recipe import Recipe
from hiddenspace.models.trained import Trained
from hiddenspace.nets.adversaries import Family
from hiddenspace.nets.defaults import default_encoder
from hiddenspace.nets.devices import device_of
from hiddenspace.nets.modes import in_evaluation
from hiddenspace.training.events import Observer
from hiddenspace.training.game import Batches, Game
from hiddenspace.training.play import play
from hiddenspace.training.schedules import OneCycle
from hiddenspace.training.threads import one_if_small
from hiddenspace.training.trainer import OptimizerFactory, Trainer

ROUNDS = {"images": 8_000, "vectors": 5_000, "table": 5_000}
BATCHES = {"images": 32, "vectors": 256, "table": 256}
RATE, DCGAN_RATE, ROW_RATE = 2e-3, 5e-4, 3e-3
UP_TO = 28
"""Pixels on a side up to which images have that rate; for larger ones it falls in proportion."""
ROW_PENALTY = 0.1
"""At most, for rows: a heavy one-centred penalty keeps slopes from changing their sign, and blurs clusters."""
EPOCH = 250
"""Rounds in an epoch at least: each is followed by a judgement."""
EMA = 0.999
ADAPTED, STRENGTH = 512, 0.4
"""Images by which the strength of the augmentation is set, and its strength where there are none."""
FEW = 20_000
"""Fewer images than these are augmented before they are judged."""
BETAS = (0.0, 0.99)
"""Of Adam: momentum carries a player past an opponent that moves (Karras et al. 2018; Huang et al. 2024)."""
SEARCHED = 200_000
"""Items, at most, among which copies are looked for."""
RATE_BACK = 2e-3
"""The learning rate of the encoder that learns the way back."""


class Generative(Trained, Sampling):
    """Abstract: a generator, a discriminator, and an encoder that learns the way back to the noise.

    A subclass makes the networks (`_default_networks`), says which game they play (`_new_game`), and what stands beside
    the noise (`_conditions`).
    """

    network_names: ClassVar[tuple[str, ...]] = ("generator", "discriminator", "encoder")
    best_by: ClassVar[str] = "monitor/frechet"

    latent: int
    loss: LossName
    discriminator_steps: int
    generator_steps: int
    penalty: float | None
    spectral_norm: bool | None
    augmentation: Differentiable | Literal["auto"] | None
    family: Family
    depth: int | None
    width: int | None
    blocks: int
    generator: nn.Module | None
    discriminator: nn.Module | None
    features: Any
    inversion_steps: int
    generator_: nn.Module
    discriminator_: nn.Module
    health_: Health
    snapshots_: np.ndarray
    snapshot_epochs_: list[int]

    @property
    def judged_by_(self) -> str:
        """What the features of the Frechet distance are."""
        return self.health_.judged_by

    @abstractmethod
    def _default_networks(self) -> tuple[nn.Module, nn.Module]:
        """Generator and discriminator, where a person brings none."""

    def _conditions(self) -> Tensor:
        """Conditions that the data have, (m, width); none by default."""
        return torch.zeros(0)

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        for name in ("latent", "discriminator_steps", "generator_steps"):
            checks.whole(name, getattr(self, name))
        if self.blocks != 0:
            checks.whole("blocks", self.blocks)
        adversarial_loss(self.loss)
        if self.family not in get_args(Family):
            raise UsageError(f"family={self.family!r} is unknown; use {' or '.join(map(repr, get_args(Family)))}.")
        if self.penalty is not None:
            checks.number("penalty", self.penalty, least=0)
        if self.spectral_norm and self.discriminator is not None:
            raise UsageError(
                "spectral_norm=True is for the default discriminator; normalise your own, or leave it out."
            )
        if self.inversion_steps != 0:
            checks.whole("inversion_steps", self.inversion_steps)
        if self.augmentation is not None and self.augmentation != "auto":
            checks.function("augmentation", self.augmentation)
        check_features(self.features)

    # networks ---------------------------------------------------------------------------------------------------

    def _build_networks(self) -> None:
        """The person's own networks, default ones where there are none."""
        own = {name: copied_network(name, getattr(self, name)) for name in ("generator", "discriminator")}
        generator, discriminator = self._default_networks()
        self.generator_, self.discriminator_ = own["generator"] or generator, own["discriminator"] or discriminator
        self.code_size_ = self.latent + self._width_of_conditions()
        if own["generator"] is not None:
            check_decoder(self.generator_, self.code_size_, self.format_.shape, name="generator")
        if own["discriminator"] is not None:
            check_logits(self.discriminator_, self.format_.shape, self._width_of_conditions())
        self.encoder_ = default_encoder(self.format_.shape, self.code_size_)

    def _width_of_conditions(self) -> int:
        """Numbers that stand beside the noise."""
        return 0

    def _penalty(self) -> float:
        usual = LOSSES[self.loss].weight
        if self._normalises_batches():
            if self.penalty or LOSSES[self.loss].penalty == "one-centred":
                raise UsageError(
                    "batch normalisation in the discriminator makes the slopes of one item hang on the others; use "
                    "penalty=0 and another loss than 'wasserstein', or family='residual'."
                )
            return 0.0
        if self.penalty is not None:
            return float(self.penalty)
        return usual if self.format_.kind == "images" else min(usual, ROW_PENALTY)

    def _normalises_batches(self) -> bool:
        if self.discriminator is None:
            return self.family == "dcgan" and self.format_.kind == "images"
        return any(isinstance(module, _BatchNorm) for module in self.discriminator.modules())

    def _is_spectral(self) -> bool:
        """Where there is no penalty, the normalisation keeps the slopes down."""
        return self._penalty() == 0 if self.spectral_norm is None else bool(self.spectral_norm)

    def _rules(self) -> dict[str, Any]:
        """What every game of two needs beside the networks."""
        augmentation = Differentiable() if self.augmentation == "auto" else self.augmentation
        return {
            "loss": adversarial_loss(self.loss),
            "latent": self.latent,
            "steps": (self.discriminator_steps, self.generator_steps),
            "penalty": self._penalty(),
            "augmentation": augmentation if self._augments() else None,
        }

    def _augments(self) -> bool:
        few = self.data_["items"] < FEW
        return self.format_.kind == "images" and (few if self.augmentation == "auto" else self.augmentation is not None)

    # fit --------------------------------------------------------------------------------------------------------

    def _default_recipe(self, items: int) -> Recipe:
        kind = self.format_.kind
        once = max(1, items // int(self.batch_size or BATCHES[kind]))
        an_epoch = math.ceil(once * math.ceil(EPOCH * self._draws() / once) / self._draws())
        epochs = max(1, round(ROUNDS[kind] / an_epoch))
        return Recipe(BATCHES[kind], epochs, self._default_rate(), 0.0, None, self._default_patience(epochs))

    def _default_rate(self) -> float:
        if self.format_.kind != "images":
            return ROW_RATE
        if self.family == "dcgan":
            return DCGAN_RATE
        return RATE * min(1.0, UP_TO / max(self.format_.shape[1:]))

    def _default_patience(self, epochs: int) -> int:
        return max(5, math.ceil(epochs / 2))

    def _draws(self) -> int:
        """Batches that a round draws."""
        return self.discriminator_steps + self.generator_steps

    def _rounds(self, batches: Batches) -> int:
        return self.recipe_.epochs * math.ceil(len(batches) / self._draws())

    def _optimizer(self, recipe: Recipe) -> OptimizerFactory:
        return partial(torch.optim.Adam, lr=recipe.learning_rate, betas=BETAS, fused=True)

    def _trainer(self, recipe: Recipe) -> Trainer:
        given = self.trainer or Trainer()
        trainer = super()._trainer(recipe)
        if given.optimizer is None and given.schedule is None:
            trainer = replace(trainer, schedule=OneCycle(warmup=0.0))
        trainer = self._in_float32(trainer)
        return replace(trainer, ema=EMA) if trainer.ema is None else trainer

    def _in_float32(self, trainer: Trainer) -> Trainer:
        """For rows, unless told otherwise: eight bits blur those that lie closer together than a hundredth."""
        wanted = trainer.precision == "auto" and self.format_.kind != "images"
        return replace(trainer, precision="32") if wanted else trainer

    def _train(self, game: Game, dataset: Dataset) -> None:
        assert isinstance(game, Opposing)
        self._train_beside(game, dataset, {})

    def _train_beside(self, game: Opposing, dataset: Dataset, beside: Mapping[str, np.ndarray]) -> None:
        """Trains on items and on what a batch holds beside them, (n, ...) by name."""
        kept, held_out = self._positions(len(dataset))
        training = dataset.take(kept)
        recipe = self.recipe_ = self._recipe(len(training))
        known = {name: values[kept] for name, values in beside.items()}
        parts = self._side_by_side(training, known, recipe.batch_size, self.seed_)
        batches = NamedBatches(parts, EPOCH * self._draws())
        judge, snapshots = self._judge(training, dataset.take(held_out)), Snapshots(self._drawn)
        self._diverged: str | None = None
        watchers: list[Observer] = [judge, *[snapshots] * (self.format_.kind == "images")]
        watchers = [*self._adapting(game, dataset, beside, kept, held_out, batches), *watchers]
        with self._threads():
            self._play(game, batches, None, watchers)
        self.snapshots_, self.snapshot_epochs_ = snapshots.images(), list(snapshots.at)
        self.health_ = examined(
            self.history_,
            self.best_epoch_,
            judge.copied(self._parts(training)),
            len(training),
            self._diverged,
            penalised=not self._normalises_batches(),
            judged_by=judge.by.description,
        )
        for trouble in self.health_.troubles:
            warnings.warn(str(trouble), GenerationWarning, stacklevel=4)
        self._look_back(dataset, held_out)
        if self.inversion_steps:
            self._learn_the_way_back(batches)

    def _look_back(self, dataset: Dataset, held_out: np.ndarray) -> None:
        """What a subclass wants to know of the trained discriminator; the positions are those held out."""

    def _threads(self) -> AbstractContextManager[None]:
        """One for small networks of rows, unless they are somebody's own."""
        own = self.generator is not None or self.discriminator is not None
        if own or self.format_.kind == "images":
            return nullcontext()
        return one_if_small(self.generator_, self.discriminator_)

    def _adapting(
        self,
        game: Opposing,
        dataset: Dataset,
        beside: Mapping[str, np.ndarray],
        kept: np.ndarray,
        held_out: np.ndarray,
        batches: NamedBatches,
    ) -> list[Observer]:
        """Who sets the strength of the augmentation; a fixed one where it was chosen, or too few are held out."""
        if game.augmentation is None:
            return []
        if self.augmentation != "auto" or len(held_out) < LEAST_HELD_OUT:
            game.strength.fill_(1.0 if self.augmentation != "auto" else STRENGTH)
            return []

        def logits_of(positions: np.ndarray) -> Callable[[], Tensor]:
            given = self._some(dataset, beside, positions, ADAPTED)
            return lambda: self._logits(*given)

        def of_generated() -> Tensor:
            codes = torch.cat(list(self._codes(ADAPTED, seed=0)))
            return self._logits(torch.cat(list(self._drawn(ADAPTED))), codes[:, self.latent :])

        batch, rounds = min(self.recipe_.batch_size, len(kept)), math.ceil(len(batches) / self._draws())
        images = self.discriminator_steps * batch * rounds
        return [Adapting(game, logits_of(kept), logits_of(held_out), of_generated, images)]

    def _some(
        self, dataset: Dataset, beside: Mapping[str, np.ndarray], positions: np.ndarray, count: int
    ) -> tuple[Tensor, Tensor]:
        """Items in model space and their conditions (b, width), chosen by the seed."""
        some = np.random.default_rng(self.seed_).permutation(positions)[:count]
        items = torch.from_numpy(collected(self._batches(dataset.take(some))))
        return items, torch.from_numpy(beside["condition"][some]) if beside else torch.zeros(len(some), 0)

    def _after_divergence(self, error: DivergedError, best_epoch: int) -> None:
        if best_epoch == 0:
            raise error
        self._diverged = str(error)

    def _positions(self, items: int) -> tuple[np.ndarray, np.ndarray]:
        """Those learned from, and those that copies are told by."""
        if items * self.validation_fraction < 1:
            return np.arange(items), np.arange(0)
        return split_positions(items, self.validation_fraction, self.seed_)

    def _judge(self, training: Dataset, held_out: Dataset) -> Judge:
        rng, most = np.random.default_rng(self.seed_), looked_at(self.format_.shape)
        real, unseen = (
            collected(self._batches(items.take(rng.permutation(len(items))[:most]))) if len(items) else None
            for items in (training, held_out)
        )
        assert real is not None
        return Judge(self._drawn, judging_features(self.features, real), real, unseen)

    def _parts(self, dataset: Dataset) -> Iterator[np.ndarray]:
        """All items in model space, or as many as copies are looked for among, a few at a time."""
        rng, at_a_time = np.random.default_rng(self.seed_), looked_at(self.format_.shape)
        positions = rng.permutation(len(dataset))[:SEARCHED]
        for start in range(0, len(positions), at_a_time):
            yield collected(self._batches(dataset.take(positions[start : start + at_a_time])))

    def _drawn(self, count: int) -> Iterator[Tensor]:
        """Items of always the same noise, in model space, on the device of the generator."""
        for codes in self._codes(count, seed=0):
            with in_evaluation(self.generator_), torch.inference_mode():
                made = self._decode(codes.to(device_of(self.generator_)))
            yield made

    def _learn_the_way_back(self, batches: NamedBatches) -> None:
        """Trains the encoder against the finished generator, on the same devices; no files are written of it."""
        game = Inversion(self.encoder_, self.generator_, self.latent, self._conditions())
        trainer = replace(
            self._in_float32(self.trainer or Trainer()),
            optimizer=partial(torch.optim.Adam, lr=RATE_BACK, fused=True),
            schedule=OneCycle(),
            clip=1.0,
            ema=None,
            folder=None,
            resume=False,
            loggers=(),
            observers=(),
        )
        with self._threads():
            play(game, batches, rounds=int(self.inversion_steps), trainer=trainer)

    # what is learned --------------------------------------------------------------------------------------------

    def _fitted_config(self) -> dict[str, Any]:
        return {**super()._fitted_config(), "health": self.health_.config()}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.snapshots_, self.snapshot_epochs_ = np.zeros((0, SHOWN, 0, 0, 0), np.uint8), []
        beside = {"judged_by": config.pop("judged_by")} if "judged_by" in config else {}  # as models had it at first
        self.health_ = Health.from_config({**beside, **config.pop("health")})
