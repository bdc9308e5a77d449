"""ConditionalGAN: a generator that is told what to draw, against a discriminator that is told what it should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from hiddenspace.data.attribute_columns import Category
from hiddenspace.data.attributes import AttributeFormat
from hiddenspace.data.format import Scaling
from hiddenspace.data.labels import known_labels
from hiddenspace.errors import DataError, UsageError
from hiddenspace.generation.condition_table import MOST, ConditionTable
from hiddenspace.generation.differentiable import Differentiable
from hiddenspace.generation.generative import Generative
from hiddenspace.generation.noise import AT_A_TIME, check_sampling, truncated_noise
from hiddenspace.generation.opposing import Opposing
from hiddenspace.losses.adversarial import LossName
from hiddenspace.nets.adversaries import Family, default_critic, default_generator
from hiddenspace.nets.discriminators import Critic
from hiddenspace.training.game import Batch
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer

Conditioning = Literal["projection", "auxiliary"]
GUESS = 1.0
"""Weight of the guesses of an auxiliary classifier."""


class ConditionallyAdversarial(Opposing):
    """Discriminator and generator are both told the condition: D(x, y) and G(z, y) (Mirza and Osindero 2014).

    The generator minimises -log D(G(z, y), y), or what the chosen loss puts in its place.
    """

    groups: tuple[tuple[int, int, bool], ...] = ()
    """Of the condition's numbers: where each attribute begins and ends, and whether it is a category."""

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        """As without a condition, of logits that hang on it; and the guesses on real items, where there are any."""
        x, y = self.augmented(self.real(batch)), self.condition(batch)
        fake = self.augmented(self.generate(y).detach())
        on_real, on_fake, penalty = self.judged(lambda items: self.discriminator(items, _as_often(y, items)), x, fake)
        right = (on_real > on_fake).float().mean()
        return {"tell": self.loss.discriminator(on_real, on_fake), **penalty, **self.guess(x, y), "right": right}

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        """As without a condition; and its items shall be guessed rightly, where there are guesses."""
        x, y = self.real(batch), self.condition(batch)
        made = self.augmented(self.generate(y))
        on_fake = self.discriminator(made, y).float()
        on_real = self.unmoved(self.discriminator, self.augmented(x), y) if self.loss.compares else None
        return {"fool": self.loss.generator(on_fake, on_real), **self.guess(made, y)}

    def condition(self, batch: Batch) -> Tensor:
        """(b, width): what the real items are, which generated ones shall be too."""
        assert isinstance(batch, dict)
        return batch["condition"]

    def generate(self, condition: Tensor) -> Tensor:
        """New items of fresh noise, one for each condition."""
        made: Tensor = self.generator(torch.cat([self.noise(len(condition)), condition], dim=1))
        return made

    def guess(self, items: Tensor, condition: Tensor) -> dict[str, Tensor]:
        """How far off an auxiliary classifier is (Odena et al. 2017): cross entropy of classes, squares of numbers."""
        critic = self.discriminator
        if not isinstance(critic, Critic) or critic.auxiliary is None:
            return {}
        guessed = critic.guess(critic.body(items)).float()
        parts = [
            (F.cross_entropy if classes else F.mse_loss)(guessed[:, start:stop], condition[:, start:stop])
            for start, stop, classes in self.groups
        ]
        return {"guess": GUESS * torch.stack(parts).mean()}


class ConditionalGAN(Generative):
    """Draws new items of a class or with attributes that one names (Mirza and Osindero 2014).

    As `GAN`, but generator and discriminator are told what each item is: classes, numbers, angles, or several at once.

    Parameters
    ----------
    latent : int
        Numbers in the noise, which says what the condition leaves open.
    conditioning : 'auxiliary' or 'projection', optional
        How the default discriminator looks at the condition: by a projection on its features (Miyato and Koyama 2018),
        which is the default for rows, or by that and an auxiliary classifier, whose answers on generated items count
        too (Odena et al. 2017), which is the default for images.
    cyclic : mapping of str to float, optional
        Columns of conditions that come round again, and their periods: {'angle': 360}; see `AttributeFormat.fitted`.
    loss : str
        'relativistic' (with zero-centred penalties the loss of R3GAN, Huang et al. 2024), 'non-saturating', 'minimax'
        (as the game is first written down, to see why nobody trains with it), 'least-squares', 'hinge' or
        'wasserstein' (with the penalty of Gulrajani et al. 2017).
    discriminator_steps, generator_steps : int
        K and M: steps of each in a round, 1 or more.
    penalty : float, optional
        Weight of the penalty on the discriminator's slopes, 0 for none; by default 10 for 'wasserstein' (0.1 of rows),
        0 for 'hinge', 'least-squares' and 'minimax', and 0.1 for the others; 0 for discriminators with batch
        normalisation (those of 'dcgan'), which 'wasserstein' does not take. R3GAN's gamma, for images in [-1, 1], is
        four times this.
    spectral_norm : bool, optional
        Divide the layers of the default discriminator by their largest singular values; by default where there is no
        penalty. One of your own is left as it is.
    augmentation : Differentiable, 'auto' or None
        What real and generated images pass through before they are judged, so that the discriminator does not learn few
        images by heart. 'auto' does so with fewer than 20,000 images, as strongly as the discriminator's answers on
        held-out ones demand, or where fewer than 20 are held out at a fixed strength; one that is given is applied to
        all.
    family : 'residual' or 'dcgan'
        The family of default networks for images; those of rows are fully connected.
    depth, width : int, optional
        Stages and finest channels of the default networks (the discriminator of 'residual' has twice as many channels),
        or layers and units of those of rows (the generator has twice as many layers).
    blocks : int
        Residual blocks at each stage of the default networks of 'residual'. Without any they learned MNIST in fewer and
        much shorter steps.
    generator, discriminator : Module, optional
        Networks of one's own: (batch, latent + condition) -> (batch, *shape), images (c, h, w) in [0, 1]; items and
        conditions (batch, condition) -> logits (batch,) or (batch, 1). They are copied.
    features : Module, fitted model, name, path or 'auto'
        What generated items are judged by: images (b, c, h, w) in [0, 1] -> (b, features), or what `hs.feature_net`
        makes of a name or a file. 'auto' is a random convolutional net with normalised activations, or for rows the
        values themselves; `judged_by_` names it.
    inversion_steps : int
        Steps in which an encoder learns the way back to the noise once the generator is trained, for `transform` and
        for spaces; 0 for none.
    scaling : 'auto', 'whole' or 'columns'
        For arrays (n, d): one scale for all columns, each standardised by itself, or chosen by the values.
    epochs : int, optional
        Passes over the data at most (over few items several in one, see `recipe_`); by default what makes 8,000
        rounds of images, 5,000 of rows.
    batch_size : int, optional
        By default 32 images or 256 rows.
    learning_rate : float, optional
        Of Adam with betas 0 and 0.99, falling along a cosine; by default 2e-3 for images
        (of more than 28 pixels less in proportion, 5e-4 for 'dcgan') and 3e-3 for rows.
    validation_fraction : float
        The part that nobody learns from: whether generated items are copies is judged by it.
    patience : int, optional
        Epochs without a better generator after which training stops; by default half of them.
    random_state : int, RandomState or None
        Fixes the split, the weights and all noise.
    trainer : Trainer, optional
        Devices, precision (float32 for rows where it is 'auto'), checkpoints and the like.

    Attributes
    ----------
    attribute_format_ : AttributeFormat
        How conditions become numbers.
    generator_, discriminator_, encoder_, health_, snapshots_, judged_by_, history_, best_epoch_, recipe_
        As in GAN. Codes are the noise and, beside it, the condition.
    """

    network_names: ClassVar[tuple[str, ...]] = ("generator", "discriminator", "encoder", "conditions")

    attribute_format_: AttributeFormat
    conditions_: ConditionTable

    def __init__(
        self,
        latent: int = 64,
        *,
        conditioning: Conditioning | None = None,
        cyclic: Mapping[str, float] | None = None,
        loss: LossName = "relativistic",
        discriminator_steps: int = 1,
        generator_steps: int = 1,
        penalty: float | None = None,
        spectral_norm: bool | None = None,
        augmentation: Differentiable | Literal["auto"] | None = "auto",
        family: Family = "residual",
        depth: int | None = None,
        width: int | None = None,
        blocks: int = 0,
        generator: nn.Module | None = None,
        discriminator: nn.Module | None = None,
        features: str | Any = "auto",
        inversion_steps: int = 1_000,
        scaling: Scaling = "auto",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.latent = latent
        self.conditioning = conditioning
        self.cyclic = cyclic
        self.loss = loss
        self.discriminator_steps = discriminator_steps
        self.generator_steps = generator_steps
        self.penalty = penalty
        self.spectral_norm = spectral_norm
        self.augmentation = augmentation
        self.family = family
        self.depth = depth
        self.width = width
        self.blocks = blocks
        self.generator = generator
        self.discriminator = discriminator
        self.features = features
        self.inversion_steps = inversion_steps
        self.scaling = scaling
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.trainer = trainer

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        if self.conditioning not in (None, *get_args(Conditioning)):
            known = " or ".join(map(repr, get_args(Conditioning)))
            raise UsageError(f"conditioning={self.conditioning!r} is unknown; use {known}.")
        if self.conditioning is not None and self.discriminator is not None:
            raise UsageError(
                f"conditioning={self.conditioning!r} is for the default discriminator; leave one of both out."
            )

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learns from items and what they are.

        Parameters
        ----------
        X : array, DataFrame, path, name or Dataset
            Of n items, as `GAN.fit` takes them.
        y : array (n,), array (n, k), DataFrame or mapping of columns, optional
            Classes, or attributes of each item, none missing; by default the labels that the source has.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If items or conditions cannot be read, or are not equally many.
        UsageError
            If a hyperparameter has a value that makes no sense.
        TrainingError
            If a loss stops being finite before there is a good epoch. After this, or any other failure, the estimator
            is as it was before.
        """
        self.check_params()
        (self.trainer or Trainer()).launch()
        with self._whole_or_not_at_all():
            dataset = self._begin(X, self.scaling)
            encoded = self._encoded(dataset.labels if y is None else y, len(dataset))
            with seeded(self.seed_):
                self._build_networks()
                some = np.random.default_rng(self.seed_).permutation(len(encoded))[: len(self.conditions_.table)]
                self.conditions_.table.copy_(torch.from_numpy(encoded[np.sort(some)]))
                self._train_beside(self._new_game(), dataset, {"condition": encoded})
        return self

    def _encoded(self, y: Any, items: int) -> np.ndarray:
        """(n, width), and remembers how."""
        if y is None:
            raise DataError("a ConditionalGAN needs to know what the items are; give y, or a source that has labels.")
        y = y.detach().cpu().numpy() if isinstance(y, Tensor) else y
        if np.ndim(y) == 1 and not isinstance(y, Mapping) and not (known := known_labels(np.asarray(y))).all():
            raise DataError(f"{(~known).sum():,} of {len(known):,} labels are missing; leave these items out.")
        self.attribute_format_ = AttributeFormat.fitted(y, self.cyclic)
        encoded = self.attribute_format_.encode(y)
        if len(encoded) != items:
            raise DataError(f"there are {items:,} items but {len(encoded):,} conditions; give one for each item.")
        self.condition_rows_ = min(MOST, items)
        return encoded

    def _default_networks(self) -> tuple[nn.Module, nn.Module]:
        shape, size, width = self.format_.shape, (self.depth, self.width, self.blocks), self.attribute_format_.width
        generator = default_generator(self.family, self.latent + width, shape, *size)
        usual = "auxiliary" if self.format_.kind == "images" else "projection"
        auxiliary = (self.conditioning or usual) == "auxiliary"
        critic = default_critic(
            self.family, shape, *size, condition=width, auxiliary=auxiliary, spectral=self._is_spectral()
        )
        return generator, critic

    def _build_networks(self) -> None:
        super()._build_networks()
        self.conditions_ = ConditionTable(self.condition_rows_, self.attribute_format_.width)

    def _width_of_conditions(self) -> int:
        return self.attribute_format_.width

    def _conditions(self) -> Tensor:
        return self.conditions_.table.clone()

    def _new_game(self) -> ConditionallyAdversarial:
        game = ConditionallyAdversarial(self.generator_, self.discriminator_, **self._rules())
        ends = np.cumsum([len(column.names) for column in self.attribute_format_.columns]).tolist()
        starts = [0, *ends[:-1]]
        classes = [isinstance(column, Category) for column in self.attribute_format_.columns]
        game.groups = tuple(zip(starts, ends, classes, strict=True))
        return game

    # new items --------------------------------------------------------------------------------------------------

    def sample(
        self, n: int | None = None, *, labels: Any = None, truncation: float | None = None, random_state: int = 0
    ) -> np.ndarray | pd.DataFrame:
        """New items, of what one names.

        Parameters
        ----------
        n : int, optional
            How many; by default as many as there are labels, or 64. Fewer labels than n are gone through again.
        labels : as `y` in `fit`, optional
            What to draw; by default drawn from what the data are.
        truncation : float, optional
            Above 0: numbers of the noise lie between -truncation and truncation. About 0.7 makes items more typical and
            less varied.
        random_state : int
            Of the noise.

        Returns
        -------
        array or DataFrame of n items, in the data's own shape and range

        Raises
        ------
        DataError
            If a label was not among those that were learned from.
        """
        batches = self.draws(n, labels=labels, truncation=truncation, random_state=random_state)
        return self._to_data(np.concatenate(list(batches)), None)

    def draws(
        self, n: int | None = None, *, labels: Any = None, truncation: float | None = None, random_state: int = 0
    ) -> Iterator[np.ndarray]:
        """The same items in model space, batch by batch, for more of them than memory holds."""
        check_is_fitted(self)
        encoded = None if labels is None else torch.from_numpy(self.attribute_format_.encode(labels))
        if encoded is not None and not len(encoded):
            raise DataError("labels are empty; name at least one, or leave them out.")
        count = n if n is not None else 64 if encoded is None else len(encoded)
        check_sampling(count, truncation, random_state)
        return self._made(self._codes(count, random_state, truncation, encoded))

    def _codes(
        self, count: int, seed: int, truncation: float | None = None, encoded: Tensor | None = None
    ) -> Iterator[Tensor]:
        lots, start = torch.Generator().manual_seed(seed), 0
        for noise in truncated_noise(count, self.latent, seed, truncation):
            if encoded is None:
                condition = self.conditions_.chosen(AT_A_TIME, lots)[: len(noise)]
            else:
                condition = encoded[(torch.arange(len(noise)) + start) % len(encoded)]
            start += len(noise)
            yield torch.cat([noise, condition], dim=1)

    # what is learned --------------------------------------------------------------------------------------------

    def _fitted_config(self) -> dict[str, Any]:
        mine = {"attributes": self.attribute_format_.config(), "condition_rows": self.condition_rows_}
        return {**super()._fitted_config(), **mine}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.attribute_format_ = AttributeFormat.from_config(config.pop("attributes"))
        self.condition_rows_ = int(config.pop("condition_rows"))


def _as_often(condition: Tensor, items: Tensor) -> Tensor:
    """Once, or twice where real and generated items are judged together."""
    return condition.repeat(len(items) // len(condition), 1)
