"""What `measure` found, and how it reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from hiddenspace.metrics.diversity import of_pairs
from hiddenspace.metrics.extracting import Extractor
from hiddenspace.metrics.frechet import between
from hiddenspace.metrics.kernels import over_subsets
from hiddenspace.metrics.manifolds import crowding, neighbourhoods, shares
from hiddenspace.metrics.moments import Moments

PRECISION_K, DENSITY_K = 3, 5


@dataclass(frozen=True)
class Measured:
    """How generated items compare with real ones.

    Attributes
    ----------
    frechet : float
        See `frechet_distance`.
    kernel, kernel_deviation : float
        See `kernel_distance`.
    precision, recall : float
        See `precision_recall`, with k = 3.
    density, coverage : float
        See `density_coverage`, with k = 5.
    diversity, real_diversity : float
        See `pairwise_diversity`.
    features : str
        By what items were compared.
    is_inception : bool
        Whether by the Inception network over which these distances are called FID and KID.
    dimensions : int
        How many numbers these are for an item.
    generated_items, real_items : int
        Of which all figures are.
    notes : tuple of str
        What to know before comparing the figures with others.
    floor : Measured, or None
        The same for as many other real items in the place of the generated ones: what a perfect generator would get.
        None where the real set has no more items than were drawn.
    """

    frechet: float
    kernel: float
    kernel_deviation: float
    precision: float
    recall: float
    density: float
    coverage: float
    diversity: float
    real_diversity: float
    features: str
    is_inception: bool
    dimensions: int
    generated_items: int
    real_items: int
    notes: tuple[str, ...] = ()
    floor: Self | None = None

    @classmethod
    def of(cls, generated: np.ndarray, real: np.ndarray, by: Extractor, seed: int) -> Self:
        """The figures of features (n, d) and (m, d)."""
        made, true = neighbourhoods(generated, real, max(PRECISION_K, DENSITY_K))
        kernel, diversity = over_subsets(generated, real, seed=seed), of_pairs(generated, real, seed=seed)
        return cls(
            between(Moments.of(generated), Moments.of(real)),
            *kernel,
            *shares(made, true, PRECISION_K),
            *crowding(made.items, true, DENSITY_K),
            *diversity,
            by.description,
            by.is_inception,
            real.shape[1],
            len(generated),
            len(real),
        )

    @property
    def name(self) -> str:
        """What the Frechet distance may be called: FID only over that network's features."""
        return "FID" if self.is_inception else f"Frechet distance over {self.features}"

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name} | asdict(self) | {"notes": list(self.notes)}

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Of each figure its name, itself, that of other real items where they are known, and what it means."""
        floors = [""] * 7 if self.floor is None else self.floor._figures()
        names = ["Frechet distance", "kernel distance", "precision", "recall", "density", "coverage", "diversity"]
        if self.is_inception:
            names[:2] = ["FID", "KID"]
        spread = f"± {self.kernel_deviation:.2g} by subset; " if self.kernel_deviation else ""
        meanings = [
            "0 is best; falls with more items",
            f"{spread}0 is best",
            "share that lies among real items",
            "share of real items among them",
            "real items about each; 1 is usual",
            "share of real items with one near",
            f"distance of two; {self.real_diversity:.4g} of real ones",
        ]
        return list(zip(names, self._figures(), floors, meanings, strict=True))

    def _figures(self) -> list[str]:
        shares = (self.precision, self.recall, self.density, self.coverage)
        return [_short(self.frechet), _short(self.kernel), *(f"{x:.3f}" for x in shares), _short(self.diversity)]

    @property
    def header(self) -> tuple[str, str, str, str]:
        """Over the rows."""
        return "", "generated", "" if self.floor is None else "other real", ""

    def __str__(self) -> str:
        rows = [self.header, *self.rows()]
        first, second, third = (max(len(row[i]) for row in rows) for i in range(3))
        lines = [f"{a:<{first}}  {b:>{second}}  {c:>{third}}  {d}".rstrip() for a, b, c, d in rows]
        return "\n".join([*lines, self.basis(), *self.notes])

    def basis(self) -> str:
        """What the figures are of, a sentence."""
        return (
            f"{self.generated_items:,} generated items against {self.real_items:,} real ones; features: "
            f"{self.features} ({self.dimensions:,} numbers an item)."
        )


def _short(figure: float) -> str:
    return f"{figure:.4g}" if abs(figure) >= 1e-9 else "0"  # less is rounding
