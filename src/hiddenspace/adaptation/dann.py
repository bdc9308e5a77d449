"""DANN: features by which a discriminator cannot tell the domains apart, by gradient reversal."""

from __future__ import annotations

from torch import Tensor, nn

from hiddenspace.adaptation.against_discriminator import AgainstDiscriminator, Judged
from hiddenspace.losses.domains import domain_loss, reversal_strength
from hiddenspace.training.game import Batch


class DomainAdversarial(Judged):
    """One player: the classifier and the discriminator learn in the same step, through a reversed gradient."""

    def networks(self) -> tuple[nn.Module, ...]:
        return self.encoder, self.head, self.discriminator

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The labels' cross-entropy, and the discriminator's loss, whose gradient the encoder gets reversed.

        The reversal is scaled by `weight` and lambda_p = 2 / (1 + exp(-10 p)) - 1, with p the progress of the training.
        """
        made = self.passed(batch)
        scale = self.weight * reversal_strength(self.progress)
        on_source, on_target = self.of_both(made.source, made.target, scale)
        return {
            "classification": self.naming(made.source_answers, made.labels),
            "domain": domain_loss(on_source, on_target),
            "right": self.right(on_source, on_target),
            **self.consistent(made),
        }


class DANN(AgainstDiscriminator):
    """Domain-adversarial training of a classifier (Ganin et al. 2016).

    A discriminator learns to tell the two domains by the encoder's features, and the encoder, which gets its gradient
    reversed, to make that impossible, while the classifier learns the labels of the source. The loss is
    `DomainAdversarial.loss`. Departures from the paper: the optimizer is AdamW, the weights are averaged, domains are
    normalised apart (`shared_batch`), and source images are restyled where looks vary unlike (`restyling`).

    Parameters
    ----------
    encoder : Module, optional
        A network of one's own: images (b, c, h, w) in [0, 1] or rows (b, d) -> features; maps are averaged over places.
        It is copied. By default a convolutional net for images, a fully connected one for rows.
    discriminator : Module, optional
        One of one's own: features (b, d) -> logits (b,) or (b, 1), positive for the target. It is copied. By default
        two hidden layers of 256 units.
    weight : float
        How much the features heed the discriminator, 0 or more.
    shared_batch : bool
        Whether batch normalisation sees both domains in one batch. If not, each is normalised by itself, and what the
        net remembers, and `predict` goes by, is the target.
    augmentation : callable, 'auto' or None
        What batches of both domains pass through in training; by default RandomAffine for images, nothing for others.
    restyling : Restyling, 'auto' or None
        Gives source images the light and the colours of target ones, and lets a part of these show through. By default
        it is Restyling() where these looks vary more than twice as much in one domain as in the other, else nothing;
        `data_["restyled"]` says which. It is no part of the paper: None is.
    consistency : float
        Weight of the loss by which confident answers on target items stay the answers when the items are distorted
        (FixMatch, Sohn et al. 2020); it grows as lambda_p does, and the discriminator then sees distorted items too.
        0 is the paper.
    threshold : float
        The least probability that counts as confidence, in [0, 1).
    smoothing : float
        The part of the probability that labels spread over all classes, in [0, 1).
    size : int, optional
        Brings the images of both domains to so many pixels a side, and grey ones to the channels of coloured ones.
        Without it domains of unlike shape are refused.
    checkpoint : 'last', 'source', 'information' or 'density'
        Which epoch is kept: the last one; or that with the best accuracy on held-out source items, mutual information
        of target items and answers (sure, but not all alike), or soft neighbourhood density (Saito et al. 2021).
    scaling : 'auto', 'whole' or 'columns'
        As in Autoencoder; of rows it is taken over both domains.
    epochs : int, optional
        Of 200 steps, whatever the domains' sizes; by default 12, of rows 10.
    batch_size : int, optional
        Items of each domain in a step; by default 64.
    learning_rate : float, optional
        Of AdamW, the highest of a one-cycle schedule; by default 2e-3.
    validation_fraction : float
        The part of each source class that is held out for the criterion 'source'; never more than 2,000 items in all.
    random_state : int, RandomState or None
        Fixes the split, the weights, the order and all augmentation.
    trainer : Trainer, optional
        Devices, precision, checkpoints and the like.

    Attributes
    ----------
    classes_ : ndarray
        The labels of the source, sorted.
    encoder_, head_, discriminator_ : Module
        The trained networks.
    validation_ : DataFrame
        By epoch: the criteria `source`, `information` and `density`; of each the highest is the best.
    health_ : Health
        Figures, and named warnings with what to try.
    history_, best_epoch_, recipe_
        As in Autoencoder.
    """

    def _new_game(self) -> DomainAdversarial:
        return DomainAdversarial(self.encoder_, self.head_, self.discriminator_, self.weight, **self._rules())
