"""What every autoencoder of an encoder and a decoder shares: its networks, default ones or a person's own."""

from __future__ import annotations

import copy
import math
import warnings
from abc import abstractmethod

from torch import nn

from hiddenspace.autoencoders.recipe import default_code, default_recipe
from hiddenspace.errors import UsageError
from hiddenspace.models.coder import Coder
from hiddenspace.models.own_networks import check_decoder, code_size_of, copied
from hiddenspace.models.recipe import Recipe
from hiddenspace.models.trained import Trained
from hiddenspace.nets.defaults import default_decoder, default_encoder
from hiddenspace.nets.mlp import hidden_sizes
from hiddenspace.training.game import Game


class OvercompleteWarning(UserWarning):
    """A code as large as the data with nothing to keep the network from copying."""


class Learner(Trained, Coder):
    """Abstract: an encoder and a decoder that play a game on batches of data.

    A subclass says which game (`_game`), and which of its hyperparameters keep it from learning the identity.
    """

    code_per_output = 1
    """How many numbers the encoder gives for each one of the code (two for a mean and a variance)."""

    code: int | None
    depth: int | None
    width: int | None
    encoder: nn.Module | None
    decoder: nn.Module | None
    warm_start: bool

    @abstractmethod
    def _game(self, encoder: nn.Module, decoder: nn.Module) -> Game:
        """The game that trains these networks."""

    def _new_game(self) -> Game:
        return self._game(self.encoder_, self.decoder_)

    def _regularised(self) -> bool:
        return False

    def _goes_on(self) -> bool:
        going_on = bool(self.warm_start) and self.__sklearn_is_fitted__()
        if going_on:
            self._check_warm_start()
        return going_on

    def _check_warm_start(self) -> None:
        if self.code not in (None, self.code_size_):
            raise UsageError(
                f"warm_start goes on with codes of {self.code_size_}, but code={self.code}; set warm_start=False."
            )
        if self.trainer is not None and self.trainer.resume and self.trainer.folder is not None:
            raise UsageError(
                "warm_start goes on from the last fit, but Trainer(resume=True) from a checkpoint; set one of them to "
                "False."
            )

    def _prepare(self, going_on: bool) -> None:
        if going_on:  # with copies, should this fit fail
            self.encoder_, self.decoder_ = copy.deepcopy((self.encoder_, self.decoder_))
        else:
            self.code_size_ = default_code(self.format_.shape) if self.code is None else int(self.code)
            self._build_networks()
        self._warn_if_it_can_copy()

    def _build_networks(self) -> None:
        """The person's own networks, the code being what their encoder gives; default ones where there are none."""
        shape, size = self.format_.shape, {"depth": self.depth, "width": self.width}
        encoder, decoder = copied(self.encoder, self.decoder)
        if encoder is None:
            encoder = default_encoder(shape, self.code_size_ * self.code_per_output, **size)
        else:
            self.code_size_ = code_size_of(encoder, shape, self.code_per_output)
            if self.code not in (None, self.code_size_):
                raise UsageError(f"code={self.code}, but the encoder gives codes of {self.code_size_}; leave code out.")
        if decoder is None:
            decoder = default_decoder(self.code_size_, shape, **size)
        else:
            check_decoder(decoder, self.code_size_, shape)
        self.encoder_, self.decoder_ = encoder, decoder

    def _warn_if_it_can_copy(self) -> None:
        features = math.prod(self.format_.shape)
        if self.code_size_ >= features and not self._regularised():
            warnings.warn(
                f"a code of {self.code_size_} for {features} features lets the network copy its input; keep it from "
                "that with sparsity= (penalty on the code), code_noise= (noise or dropout on the code) or corruption= "
                "(distort the input), or use a smaller code.",
                OvercompleteWarning,
                stacklevel=4,
            )

    def _default_recipe(self, items: int) -> Recipe:
        shape = self.format_.shape
        widths = hidden_sizes(shape[0], self.code_size_, self.depth, self.width)
        size = max(shape[1:]) if self.format_.kind == "images" else widths[0]
        return default_recipe(self.format_.kind, items, size)
