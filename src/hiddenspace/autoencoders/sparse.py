"""Sparse autoencoder: a penalty on the activations of the code."""

from hiddenspace.autoencoders.autoencoder import Autoencoder
from hiddenspace.autoencoders.with_defaults import with_defaults


@with_defaults(sparsity=3e-4)
class SparseAutoencoder(Autoencoder):
    """An Autoencoder whose code is pressed towards zero: loss + sparsity * sum_j |z_j| (Ng 2011, with the L1 norm).

    Everything else is as in `Autoencoder`.
    """
