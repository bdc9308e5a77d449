"""The ways between items and codes: a model of ours, anybody's network, or codes that are there already."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import numpy as np
import torch
from sklearn.utils.validation import check_array
from torch import Tensor, nn

from hiddenspace.autoencoders.batchwise import collected
from hiddenspace.autoencoders.coder import Coder
from hiddenspace.autoencoders.encoding import Encoding
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Format, fit_format, in_model_space
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.estimator import load
from hiddenspace.nets.devices import device_of
from hiddenspace.saving import fingerprint_of

BATCH = 256


class Coding(Protocol):
    """How a space reads, encodes and decodes; `format` is None where nothing is known about the items."""

    fingerprint: str
    code_size: int
    format: Format | None
    decodes: bool

    def read(self, X: Any) -> Dataset:
        """Any source as a dataset that can be encoded."""
        ...

    def encode(self, dataset: Dataset) -> np.ndarray:
        """(n, d) float32 codes."""
        ...

    def decode(self, codes: np.ndarray) -> Any:
        """(n, d) codes -> items in the data's own shape and range."""
        ...


class ModelCoding:
    """A fitted model of ours."""

    def __init__(self, model: Encoding) -> None:
        self.model = model
        self.fingerprint, self.code_size = model.fingerprint(), model.code_size_
        self.format: Format | None = model.format_
        self.decodes = isinstance(model, Coder)

    def read(self, X: Any) -> Dataset:
        return self.model.read(X)

    def encode(self, dataset: Dataset) -> np.ndarray:
        codes: np.ndarray = self.model.transform(dataset)
        return codes

    def decode(self, codes: np.ndarray) -> Any:
        if not isinstance(self.model, Coder):
            raise no_decoder(type(self.model).__name__)
        return self.model.inverse_transform(codes)


class NetworkCoding:
    """Any network that encodes, and perhaps one that decodes; feature maps (b, c, h, w) are averaged over positions.

    Items reach the network in model space: images (b, c, h, w) in [0, 1], rows and tables standardised by the first
    data that are read.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module | None = None) -> None:
        self.encoder, self.decoder = encoder.eval(), None if decoder is None else decoder.eval()
        # codes belong to their encoder, whatever decodes them
        self.fingerprint = fingerprint_of({"encoder": encoder}, type(encoder).__name__)
        self.code_size = 0  # known once something was encoded
        self.format: Format | None = None
        self.decodes = decoder is not None

    def read(self, X: Any) -> Dataset:
        dataset = load_dataset(X)
        if self.format is None:
            self.format = fit_format(dataset)
        return dataset

    def encode(self, dataset: Dataset) -> np.ndarray:
        assert self.format is not None
        drawn = in_model_space(self.format, dataset, device_of(self.encoder))
        codes = collected(self._pooled(x) for x in drawn)
        self.code_size = codes.shape[1]
        return codes

    def _pooled(self, x: Tensor) -> Tensor:
        try:
            features: Any = self.encoder(x)
        except Exception as error:  # of any kind: it is a person's own code
            raise UsageError(f"the network does not take items of {tuple(x.shape[1:])} ({error}).") from error
        if not isinstance(features, Tensor) or features.ndim not in (2, 4):
            given = f"{tuple(features.shape)}" if isinstance(features, Tensor) else f"a {type(features).__name__}"
            raise UsageError(f"the network gives {given}; wrap it in one that gives (batch, features).")
        return features.flatten(2).mean(2) if features.ndim == 4 else features

    def decode(self, codes: np.ndarray) -> Any:
        if self.decoder is None or self.format is None:
            raise no_decoder(type(self.encoder).__name__)
        device, decoder = device_of(self.decoder), self.decoder
        parts = np.array_split(codes, max(1, -(-len(codes) // BATCH)))
        return self.format.to_data(collected(decoder(torch.from_numpy(z).to(device)) for z in parts))


class ReadyCodes:
    """Codes from elsewhere: nothing more can be encoded or decoded."""

    def __init__(self, codes: np.ndarray, fingerprint: str | None = None) -> None:
        self.codes = codes
        unknown = hashlib.sha256(f"{codes.shape[1]} numbers from elsewhere".encode()).hexdigest()[:16]
        self.fingerprint = fingerprint or unknown  # of the model that made them, where it is known
        self.code_size = codes.shape[1]
        self.format: Format | None = None
        self.decodes = False

    def read(self, X: Any) -> Dataset:
        raise ModelError("this space was made of ready codes and has no encoder; give a code, or an id that it holds.")

    def encode(self, dataset: Dataset) -> np.ndarray:
        raise ModelError("this space was made of ready codes and has no encoder; give codes.")

    def decode(self, codes: np.ndarray) -> Any:
        raise no_decoder("a table of codes")


def coding_of(model: Any, decoder: nn.Module | None = None) -> Coding:
    """The coding that a model, a path to one, a network or a table of codes stands for.

    Raises
    ------
    UsageError
        If it is nothing of that kind.
    ModelError
        If a saved model cannot be loaded, or a model is not fitted.
    """
    if isinstance(model, str) or hasattr(model, "__fspath__"):
        model = load(model)
    if isinstance(model, Encoding):
        if not model.__sklearn_is_fitted__():
            raise ModelError(f"this {type(model).__name__} is not fitted; call its fit first.")
        return ModelCoding(model)
    if isinstance(model, nn.Module):
        return NetworkCoding(model, decoder)
    if hasattr(model, "__array__"):
        return ReadyCodes(checked_codes(model))
    raise UsageError(
        f"a {type(model).__name__} is no model; give a fitted model of hiddenspace, the path of one, a torch.nn.Module "
        "that encodes, or an array (n, d) of codes."
    )


def checked_codes(codes: Any, width: int | None = None) -> np.ndarray:
    """Codes as float32 (n, d), all finite.

    Raises
    ------
    DataError
        If they have another shape or width, or hold NaN or inf.
    """
    try:
        array: np.ndarray = check_array(codes, dtype=np.float32, ensure_all_finite=False)
    except ValueError as error:
        raise DataError(f"codes must be an array (n, d) of numbers ({' '.join(str(error).split())}).") from error
    if width is not None and array.shape[1] != width:
        raise DataError(f"these codes have {array.shape[1]} numbers each, but this space has codes of {width}.")
    bad = ~np.isfinite(array).all(axis=1)
    if bad.any():
        raise DataError(
            f"{bad.sum():,} of {len(array):,} codes hold NaN or inf (the first is number {int(bad.argmax())}); "
            "leave those items out, or train the model again with a lower learning rate."
        )
    return array


def no_decoder(what: str) -> ModelError:
    """The error of everything that needs a way back from codes to items."""
    return ModelError(f"{what} has no decoder, so codes cannot become items again; use an autoencoder.")
