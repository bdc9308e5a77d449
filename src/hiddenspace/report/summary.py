"""What a report is made from: plain data, so that anything that has run can fill it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from hiddenspace.space.maps import Map

Items = NDArray[Any] | Mapping[str, Sequence[Any]]
"""Things to show. Images: (n, h, w) or (n, h, w, c), uint8 or floats in [0, 1]; vectors: (n, d);
tables: a dict of column -> n values (`frame.to_dict("list")`)."""


@dataclass(frozen=True)
class ModelRow:
    """One model's line in the result table; what is not known is None and shown as a dash."""

    name: str
    code_size: int
    explained_variance: float | None  # of the reconstruction, on the items held out; 1 is perfect
    mse: float | None  # mean squared error per value, on the items held out
    seconds: float | None = None  # of fitting
    parameters: int | None = None
    winner: bool = False
    probe: float | None = None  # accuracy of a linear classifier on codes of items held out, and of 5 neighbours
    neighbours: float | None = None


@dataclass(frozen=True, eq=False)
class Worst:
    """The items with the largest error, the worst first."""

    originals: Items
    reconstructions: Mapping[str, Items]
    ids: Sequence[str]  # file names, or "row 17"
    errors: Sequence[float]
    model: str = "autoencoder"  # whose errors these are


@dataclass(frozen=True, eq=False)
class SpaceSummary:
    """What the hidden space of a run holds."""

    map: "Map | None" = None
    neighbours: Sequence[Items] = ()  # each the query first, then its neighbours
    neighbour_ids: Sequence[Sequence[str]] = ()
    morphs: Mapping[str, Items] = field(default_factory=dict)  # "3 to 8" -> the steps
    samples: Items | None = None
    sampler: str = ""  # in words
    few_labels: "pd.DataFrame | None" = None  # as `hiddenspace.compare` returns


@dataclass(frozen=True, eq=False)
class Sampled:
    """What a generator makes, measured."""

    figures: Sequence[tuple[str, Mapping[str, float]]]  # who made items -> frechet, kernel, precision, ...
    distance: str  # what the Frechet distance is called
    against: str  # what was held against it, in words
    growth: Mapping[str, Items] = field(default_factory=dict)  # "epoch 4" -> what the same noise became


@dataclass(frozen=True)
class AdaptedRow:
    """One model's line in the table of two domains; what is not known is None and shown as a dash."""

    name: str
    source_accuracy: float | None  # the share of source items that are told right
    information: float | None  # of the answers for target items: decided each, diverse together; higher is better
    density: float | None  # soft neighbourhood density of the answers for target items; higher is better
    distance: float | None  # proxy A-distance of the domains' features: 0 cannot be told apart, 2 without error
    target_accuracy: float | None = None  # only where labels were given for evaluation
    seconds: float | None = None  # of fitting


@dataclass(frozen=True, eq=False)
class Adapted:
    """How a classifier carries its labels over to another domain: source-only before, the method after."""

    models: Sequence[AdaptedRow]  # source-only first, then the method; a third was trained on target labels
    classes: Sequence[str]  # names of the k classes
    places: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # model -> (n, 2) map of features of both domains
    is_target: NDArray[Any] | None = None  # (n,) booleans, for the rows of `places`
    # model -> (n,) class numbers, for the keys of `places`: true ones of source items, predicted ones of target items
    labels: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    # "source labels" first, then each model -> (k,) shares of the classes among labels, or predictions for the target
    shares: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    confusion: NDArray[Any] | None = None  # (k, k) counts of the method on labelled target items, rows: true
    validation: Mapping[str, Sequence[float]] = field(default_factory=dict)  # criterion in words -> one value per epoch
    chosen: Mapping[str, int] = field(default_factory=dict)  # criterion -> the epoch that it would choose, from 1
    troubles: Sequence[str] = ()  # warnings, a sentence each; `like this` is set as code
    target_items: Items | None = None  # some target items
    target_words: Sequence[str] = ()  # what the method calls them: "7 (98 %)"


@dataclass(frozen=True, eq=False)
class RunSummary:
    """A run as its report shows it. Whatever is left empty leaves its section out.

    Texts may come from anywhere (they are escaped); `like this` between backticks is set as code in `verdict`,
    `notes` and `next_steps`. Of long lists only the first are shown, so everything may be given.
    """

    title: str
    source: str  # the data's name, as the user gave it
    kind: Literal["images", "vectors", "table"]

    data: Sequence[str] = ()  # what was seen in the data, a line each (Dataset.describe())
    notes: Sequence[str] = ()  # decisions said aloud, a sentence each
    broken: Sequence[tuple[str, str]] = ()  # (file name, reason)

    models: Sequence[ModelRow] = ()
    verdict: Sequence[str] = ()  # who won, and by how much; a sentence each
    next_steps: Sequence[str] = ()

    originals: Items | None = None  # some of the items held out
    reconstructions: Mapping[str, Items] = field(default_factory=dict)  # model -> the same items; PCA is called "PCA"
    ids: Sequence[str] = ()  # of the originals: file names, or "row 17"
    hidden: float | None = None  # the "reconstructions" are of items of which this share was hidden
    counted: bool = False  # the ids are positions in the source, from 0
    worst: Worst | None = None

    history: Sequence[Mapping[str, float]] = ()  # one per epoch: "epoch", "train/TERM", "validation/TERM"
    best_epoch: int | None = None  # the one that was kept; else the lowest validation/reconstruction
    baseline_error: float | None = None  # PCA's, where validation/reconstruction can be compared with it

    pca_curve: NDArray[Any] | None = None  # (k,) PCA's explained variance on held-out items with 1..k components

    # What each number of the code adds to an item, signed: PCA's components, a network's answer to a raised number.
    filters: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # model -> (k, h, w[, c]) or (k, d)
    columns: Sequence[str] = ()  # names of the d entries of a table's filters
    column_errors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # model -> column -> share lost

    space: SpaceSummary | None = None
    sampled: Sampled | None = None
    adapted: Adapted | None = None

    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # group -> name -> value
