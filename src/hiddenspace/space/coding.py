"""The ways between items and codes: a model of ours, anybody's network, or codes that are there already."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from sklearn.utils.validation import check_array
from torch import Tensor, nn

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import BATCH, Format, fit_format, in_model_space
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.estimator import load
from hiddenspace.models.batchwise import collected
from hiddenspace.models.coder import Coder
from hiddenspace.models.encoding import Encoding
from hiddenspace.nets.devices import device_of
from hiddenspace.saving import fingerprint_of


class Coding(Protocol):
    """How a space reads, encodes and decodes.

    Attributes
    ----------
    fingerprint : str
        Of what made the codes.
    format : Format, or None
        None where nothing is known about the items.
    encoder, decoder : Module, or None
        The networks, where there are any.
    """

    fingerprint: str
    format: Format | None
    encoder: nn.Module | None
    decoder: nn.Module | None

    @property
    def decodes(self) -> bool:
        """Whether codes can become items again."""
        ...

    def read(self, X: Any) -> Dataset:
        """Any source as a dataset that can be encoded."""
        ...

    def encode(self, dataset: Dataset) -> np.ndarray:
        """(n, d) float32 codes."""
        ...

    def decode(self, codes: np.ndarray) -> Any:
        """(n, d) codes -> items in the data's own shape and range."""
        ...

    def to_codes(self, x: Tensor) -> Tensor:
        """A batch in model space, on the encoder's device -> (b, d)."""
        ...

    def to_items(self, z: Tensor) -> Tensor:
        """A batch of codes (b, d), on the decoder's device -> (b, *shape) in model space."""
        ...


class ModelCoding:
    """A fitted model of ours."""

    def __init__(self, model: Encoding) -> None:
        self.model = model
        self.fingerprint = model.fingerprint()
        self.format: Format | None = model.format_
        self.encoder: nn.Module | None = model.encoder_
        self.decoder: nn.Module | None = model.decoder_ if isinstance(model, Coder) else None

    @property
    def decodes(self) -> bool:
        return self.decoder is not None

    def read(self, X: Any) -> Dataset:
        names = getattr(self.model, "feature_names_in_", None)
        return self.model.read(X if names is None else _only(X, list(names)))

    def encode(self, dataset: Dataset) -> np.ndarray:
        codes: np.ndarray = self.model.transform(dataset)
        return codes

    def decode(self, codes: np.ndarray) -> Any:
        return self._coder().inverse_transform(codes)

    def to_codes(self, x: Tensor) -> Tensor:
        return self.model._encode(x)

    def to_items(self, z: Tensor) -> Tensor:
        return self._coder()._decode(z)

    def _coder(self) -> Coder:
        if not isinstance(self.model, Coder):
            raise no_decoder(type(self.model).__name__)
        return self.model


class _OwnDecoder:
    """Abstract: what a network of one's own, or none, makes of codes."""

    decoder: nn.Module | None
    format: Format | None

    @property
    def decodes(self) -> bool:
        return self.decoder is not None and self.format is not None

    def decode(self, codes: np.ndarray) -> Any:
        if self.decoder is None or self.format is None:
            raise no_decoder(self._called())
        device = device_of(self.decoder)
        parts = np.array_split(codes, max(1, -(-len(codes) // BATCH)))
        return self.format.to_data(collected(self.to_items(torch.from_numpy(z).to(device)) for z in parts))

    def to_items(self, z: Tensor) -> Tensor:
        if self.decoder is None or self.format is None:
            raise no_decoder(self._called())
        return _in_shape(_answer(self.decoder, z, "decoder"), self.format.shape)

    def _called(self) -> str:
        raise NotImplementedError


class NetworkCoding(_OwnDecoder):
    """Any network that encodes, and perhaps one that decodes; feature maps (b, c, h, w) are averaged over positions.

    Items reach the network in model space: images (b, c, h, w) in [0, 1], rows and tables standardised by the first
    data that are read.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module | None = None) -> None:
        self.network = encoder.eval()
        self.encoder: nn.Module | None = self.network
        self.decoder = None if decoder is None else decoder.eval()
        # codes belong to their encoder, whatever decodes them
        self.fingerprint = fingerprint_of({"encoder": encoder}, type(encoder).__name__)
        self.format: Format | None = None

    def read(self, X: Any) -> Dataset:
        dataset = load_dataset(X)
        if self.format is None:
            self.format = fit_format(dataset)
        return dataset

    def encode(self, dataset: Dataset) -> np.ndarray:
        assert self.format is not None
        return collected(self.to_codes(x) for x in in_model_space(self.format, dataset, device_of(self.network)))

    def to_codes(self, x: Tensor) -> Tensor:
        features = _answer(self.network, x, "network")
        if features.ndim not in (2, 4):
            raise UsageError(f"the network gives {tuple(features.shape)}; wrap it in one that gives (batch, features).")
        return features.flatten(2).mean(2) if features.ndim == 4 else features

    def _called(self) -> str:
        return type(self.network).__name__


class ReadyCodes(_OwnDecoder):
    """Codes from elsewhere: nothing more can be encoded, nor decoded unless there is a decoder and a format.

    Their fingerprint is that of the codes with which the space began, and stays with it when others are added.
    """

    def __init__(self, codes: np.ndarray, fingerprint: str | None = None, decoder: nn.Module | None = None) -> None:
        self.codes = codes
        self.fingerprint = fingerprint or _fingerprint_of_codes(codes)
        self.format: Format | None = None
        self.encoder: nn.Module | None = None
        self.decoder = None if decoder is None else decoder.eval()

    def read(self, X: Any) -> Dataset:
        raise self._no_encoder()

    def encode(self, dataset: Dataset) -> np.ndarray:
        raise self._no_encoder()

    def to_codes(self, x: Tensor) -> Tensor:
        raise self._no_encoder()

    def _no_encoder(self) -> ModelError:
        return ModelError(
            "this space was made of ready codes and has no encoder; give codes, or ids that it holds, or open it with "
            "the model that made them."
        )

    def _called(self) -> str:
        return "a table of codes"


def coding_of(model: Any, decoder: nn.Module | None = None) -> Coding:
    """The coding that a model, a path to one, a network or a table of codes stands for.

    Raises
    ------
    UsageError
        If it is nothing of that kind, or a decoder is given with a model of ours.
    ModelError
        If a saved model cannot be loaded, or a model is not fitted.
    """
    if isinstance(model, str) or hasattr(model, "__fspath__"):
        model = load(model)
    if isinstance(model, Encoding):
        if not model.__sklearn_is_fitted__():
            raise ModelError(f"this {type(model).__name__} is not fitted; call its fit first.")
        if decoder is not None:
            raise UsageError(
                f"decoder= goes with a network of one's own or with ready codes, not with a {type(model).__name__}; "
                "leave it out, or give its encoder_ as the model."
            )
        return ModelCoding(model)
    if isinstance(model, nn.Module):
        return NetworkCoding(model, decoder)
    if hasattr(model, "__array__"):
        return ReadyCodes(checked_codes(model), decoder=decoder)
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
        array: np.ndarray = check_array(plain(codes), dtype=np.float32, ensure_all_finite=False)
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


def plain(array: Any) -> Any:
    """A tensor of whatever device, precision and gradient as an array; anything else as it is."""
    if not isinstance(array, Tensor):
        return array
    tensor = array.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def no_decoder(what: str) -> ModelError:
    """The error of everything that needs a way back from codes to items."""
    return ModelError(f"{what} has no decoder, so codes cannot become items again; use an autoencoder.")


def _only(X: Any, names: list[Any]) -> Any:
    """A DataFrame without the columns that a model does not know, such as labels, in the order of those it knows.

    An array with as many columns as it knows has just these.

    Raises
    ------
    DataError
        If some that it knows are missing.
    """
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.shape[1] == len(names):
        return pd.DataFrame(X, columns=names)
    if not isinstance(X, pd.DataFrame):
        return X
    if missing := [name for name in names if name not in X]:
        raise DataError(f"columns are missing: {', '.join(map(str, missing))}; the model was trained with them.")
    return X[names]


def _fingerprint_of_codes(codes: np.ndarray) -> str:
    digest = hashlib.sha256(f"{codes.shape[1]} numbers from elsewhere".encode())
    digest.update(np.ascontiguousarray(codes, "<f4").data)
    return digest.hexdigest()[:16]


def _answer(network: nn.Module, batch: Tensor, what: str) -> Tensor:
    """What anybody's network makes of a batch.

    Raises
    ------
    UsageError
        If it fails, or gives no tensor with an entry for each item.
    """
    try:
        made: Any = network(batch)
    except Exception as error:  # of any kind: it is a person's own code
        raise UsageError(f"the {what} does not take a batch of {tuple(batch.shape[1:])} ({error}).") from error
    if not isinstance(made, Tensor):
        raise UsageError(f"the {what} gives a {type(made).__name__}; wrap it in one that gives a tensor.")
    if made.ndim < 2 or len(made) != len(batch):
        raise UsageError(
            f"the {what} gives {tuple(made.shape)} for {len(batch)} items; give it one that keeps the batch."
        )
    return made


def _in_shape(made: Tensor, shape: tuple[int, ...]) -> Tensor:
    """What a decoder gives, as items in model space: as it is, or from rows or with axes of one where these are lost.

    Raises
    ------
    UsageError
        If it is of another size, or its axes are in another order.
    """
    given = tuple(made.shape[1:])
    same_axes = [size for size in given if size > 1] == [size for size in shape if size > 1]
    if given != shape and not same_axes and (len(given) > 1 or made[0].numel() != int(np.prod(shape))):
        raise UsageError(
            f"the decoder gives items of {given}, but the data are {shape} in model space; make it give that."
        )
    return made.reshape(len(made), *shape)
