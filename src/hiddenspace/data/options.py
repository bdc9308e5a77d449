"""What a caller says about a source, handed to whatever reads it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from numpy.typing import ArrayLike

from hiddenspace.data.arrays import Channels
from hiddenspace.data.image_plan import Size
from hiddenspace.data.image_store import Storage


@dataclass(frozen=True)
class Options:
    """The arguments of `load_dataset`, which explains them."""

    size: Size | None = None
    columns: Sequence[str] | None = None
    labels: ArrayLike | str | None = None
    split: str | None = None
    channels: Channels = "auto"
    storage: Storage = field(default_factory=Storage)
