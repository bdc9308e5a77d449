"""GAN: a generator against a discriminator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Scaling
from hiddenspace.generation.differentiable import Differentiable
from hiddenspace.generation.generative import Generative
from hiddenspace.generation.judging import looked_at
from hiddenspace.generation.noise import ANEW, check_sampling, endless_noise
from hiddenspace.generation.opposing import Opposing
from hiddenspace.generation.rejection import LEAST_ITEMS, drawn_anew, least_logit
from hiddenspace.losses.adversarial import LossName
from hiddenspace.nets.adversaries import Family, default_critic, default_generator
from hiddenspace.training.game import Batch
from hiddenspace.training.trainer import Trainer


class Adversarial(Opposing):
    """The discriminator learns to tell real items from generated ones, the generator to be taken for real.

    In each round: for k in 1..K items and noise are sampled, and the discriminator takes a step; then for m in 1..M
    they are sampled again, and the generator takes one (Goodfellow et al. 2014, algorithm 1).
    """

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        """The loss of that name on the logits of real and generated items, and the penalty on the slopes.

        `right` is only reported: how often a real item gets the higher logit of a pair, 0.5 where nobody can tell.
        """
        x = self.augmented(self.real(batch))
        fake = self.augmented(self.generate(len(x)).detach())
        on_real, on_fake, penalty = self.judged(self.discriminator, x, fake)
        right = (on_real > on_fake).float().mean()
        return {"tell": self.loss.discriminator(on_real, on_fake), **penalty, "right": right}

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        """The loss of that name on the logits of generated items (and of real ones, where it compares)."""
        x = self.real(batch)
        on_fake = self.discriminator(self.augmented(self.generate(len(x)))).float()
        on_real = self.unmoved(self.discriminator, self.augmented(x)) if self.loss.compares else None
        return {"fool": self.loss.generator(on_fake, on_real)}

    def generate(self, count: int) -> Tensor:
        """So many new items, of fresh noise."""
        made: Tensor = self.generator(self.noise(count))
        return made


class GAN(Generative):
    """Draws new items: a generator that a discriminator could not tell from the data (Goodfellow et al. 2014).

    After each epoch the averaged generator is judged by the Frechet distance of its items to the data, and the best
    one is kept. `health_` says what went wrong and what to try.

    Parameters
    ----------
    latent : int
        Numbers in the noise.
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
        Networks of one's own: (batch, latent) -> (batch, *shape), images (c, h, w) in [0, 1]; (batch, *shape) -> logits
        (batch,) or (batch, 1). They are copied.
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
    generator_, discriminator_, encoder_ : Module
        The trained networks; the encoder maps items to noise.
    health_ : Health
        Named warnings with what to try, and the figures behind them: of the epoch that was kept `frechet`,
        `precision`, `recall`, `coverage`, `diversity` (1 is that of the data) and `copied`, the share of new items that
        are suspiciously near to one learned from (absent where fewer than 20 items are held out); of the last fifth of
        the epochs `right`, how often the discriminator knows the real one of a pair.
    snapshots_, snapshot_epochs_ : ndarray (k, 64, h, w, c) uint8, list of k numbers
        What the same noise became as training went on, of images, and after which epochs. They are not saved.
    judged_by_ : str
        What the features of the Frechet distance are.
    real_logits_ : ndarray (101,), or (0,) of fewer than 100
        Percentiles of what the discriminator says of held-out items.
    history_, best_epoch_, recipe_
        As in Autoencoder; the best epoch is that of the lowest `monitor/frechet`.
    """

    codes_are_normal: ClassVar[bool] = True

    real_logits_: np.ndarray

    def __init__(
        self,
        latent: int = 64,
        *,
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

    def _default_networks(self) -> tuple[nn.Module, nn.Module]:
        shape, size = self.format_.shape, (self.depth, self.width, self.blocks)
        generator = default_generator(self.family, self.latent, shape, *size)
        return generator, default_critic(self.family, shape, *size, spectral=self._is_spectral())

    def _new_game(self) -> Adversarial:
        return Adversarial(self.generator_, self.discriminator_, **self._rules())

    def sample(
        self, n: int = 64, *, truncation: float | None = None, rejection: float | None = None, random_state: int = 0
    ) -> np.ndarray | pd.DataFrame:
        """New items.

        Parameters
        ----------
        n : int
            How many; the first are the same whatever n is.
        truncation : float, optional
            Above 0: numbers of the noise lie between -truncation and truncation. About 0.7 makes items more typical and
            less varied.
        rejection : float, optional
            From 0 up to, but not, 1: items that the discriminator finds less real than all but this share of held-out
            ones are drawn anew, up to ten times; what lies between clusters goes that way. By default 0.01 for rows
            (where 100 were held out), and 0 for images. A simple form of the rejection of Azadi et al. 2019, who use
            the odds of real and generated, which a discriminator with a penalty on its slopes does not give.
        random_state : int
            Of the noise.

        Returns
        -------
        array or DataFrame of n items, in the data's own shape and range
        """
        batches = self.draws(n, truncation=truncation, rejection=rejection, random_state=random_state)
        return self._to_data(np.concatenate(list(batches)), None)

    def draws(
        self, n: int, *, truncation: float | None = None, rejection: float | None = None, random_state: int = 0
    ) -> Iterator[np.ndarray]:
        """The same items in model space, batch by batch, for more of them than memory holds."""
        check_is_fitted(self)
        check_sampling(n, truncation, random_state)
        least = least_logit(rejection, self.format_.kind, self.real_logits_)
        codes = self._codes(n, random_state, truncation)
        if least is None:
            return self._made(codes)
        anew = endless_noise(self.latent, ANEW + random_state, truncation)
        return drawn_anew(codes, anew, lambda z: self.decoded(z.numpy()), self._real, least)

    def _real(self, items: np.ndarray) -> np.ndarray:
        return self._logits(torch.from_numpy(items), torch.zeros(len(items), 0)).cpu().numpy()

    def _look_back(self, dataset: Dataset, held_out: np.ndarray) -> None:
        self.real_logits_ = np.zeros(0)
        if len(held_out) >= LEAST_ITEMS:
            some, _ = self._some(dataset, {}, held_out, looked_at(self.format_.shape))
            self.real_logits_ = np.percentile(self._real(some.numpy()), np.arange(101))

    def _fitted_config(self) -> dict[str, Any]:
        return {**super()._fitted_config(), "real_logits": self.real_logits_.tolist()}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.real_logits_ = np.array(config.pop("real_logits"))
