"""Mean and covariance of features: all that a Frechet distance asks of a set, and small enough to keep."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from hiddenspace.data.chunks import chunks
from hiddenspace.errors import DataError, writing

FORMAT = "hiddenspace moments 1"
READY = "ready features"


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and covariance of a set's features, and what features they are.

    Attributes
    ----------
    count : int
        How many items they are of.
    mean : ndarray (d,)
        float64.
    factor : ndarray (d, r)
        float64, with factor @ factor.T the unbiased covariance: of few items the centred features themselves, which
        are smaller than it and exact.
    features : str
        What the features are, in words.
    fingerprint : str
        Of the net that gave them; empty where that is unknown.
    """

    count: int
    mean: NDArray[np.float64]
    factor: NDArray[np.float64]
    features: str = READY
    fingerprint: str = ""

    @property
    def covariance(self) -> NDArray[np.float64]:
        """(d, d), unbiased."""
        made: NDArray[np.float64] = self.factor @ self.factor.T
        return made

    @classmethod
    def of(cls, features: NDArray[Any], description: str = READY, fingerprint: str = "") -> Self:
        """The moments of features (n, d).

        Raises
        ------
        DataError
            If there are fewer than two items.
        """
        count, width = features.shape
        if count < 2:
            raise DataError(f"moments need at least 2 items, but there is {count}; give more.")
        mean = np.sum([part.sum(0, dtype=np.float64) for part in chunks(features)], axis=0) / count
        if count <= width:
            factor = (features - mean).T / np.sqrt(count - 1)
        else:
            parts = (part - mean for part in chunks(features))
            factor = _root(sum(part.T @ part for part in parts) / (count - 1))
        return cls(count, mean, np.ascontiguousarray(factor), description, fingerprint)

    def save(self, path: str | Path) -> None:
        """Writes a safetensors file, whole or not at all.

        Raises
        ------
        DataError
            If the operating system refuses to write.
        """
        place = Path(path)
        about = {"format": FORMAT, "count": self.count, "features": self.features, "fingerprint": self.fingerprint}
        draft = place.with_name(f"{place.name}.{uuid.uuid4().hex}")
        with writing(place, "give another path", DataError):
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                save_file({"mean": self.mean, "factor": self.factor}, draft, {"moments": json.dumps(about)})
                os.replace(draft, place)
            except SafetensorError as error:  # which hides the system's own
                raise OSError(str(error)) from error
            finally:
                draft.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What `save` wrote.

        Raises
        ------
        DataError
            If there is no such file, or it is of another kind.
        """
        try:
            with safe_open(path, "numpy") as file:
                about = json.loads(file.metadata()["moments"])
                mean, factor = file.get_tensor("mean"), file.get_tensor("factor")
            if about["format"] != FORMAT or factor.ndim != 2 or mean.shape != factor.shape[:1]:
                raise ValueError("it is of another format")
            return cls(int(about["count"]), mean, factor, str(about["features"]), str(about["fingerprint"]))
        except (OSError, SafetensorError, LookupError, TypeError, ValueError) as error:
            raise DataError(f"{path} holds no moments ({error}); give a file that Moments.save wrote.") from error


def _root(covariance: NDArray[Any]) -> NDArray[Any]:
    """Some F with F F^T the covariance: by Cholesky, or where that fails, as some features repeat, by eigenvalues."""
    try:
        root: NDArray[Any] = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        kept = values > len(values) * np.finfo(np.float64).eps * values[-1]  # the others are zero but for rounding
        root = vectors[:, kept] * np.sqrt(values[kept])
    return root
