"""Redundant autoencoder: a code that survives when parts of it are lost."""

from hiddenspace.autoencoders.autoencoder import Autoencoder
from hiddenspace.autoencoders.with_defaults import with_defaults
from hiddenspace.data.corruption import Dropout


@with_defaults(code_noise=Dropout(0.5))
class RedundantAutoencoder(Autoencoder):
    """An Autoencoder that loses half of its code at random in each step, and so must say everything several times.

    Dropout rather than Gaussian noise is the default, since a network can drown additive noise by a larger code.
    Everything else is as in `Autoencoder`.
    """
