"""A feature net of a file of weights."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from hiddenspace.errors import UsageError
from hiddenspace.nets.feature_choice import COLOURS, chosen_layers, refuse_preprocessing
from hiddenspace.nets.feature_extractor import FeatureNet
from hiddenspace.nets.feature_files import digest_of, read_state
from hiddenspace.nets.feature_layouts import Layout, State, recognised
from hiddenspace.nets.inception import LAYERS as POOL3
from hiddenspace.nets.inception import SIDE
from hiddenspace.nets.preparing import CAFFE, IMAGENET, AtLeast, Channels, Colours, Exactly, InColours
from hiddenspace.nets.published import Published, by_digest, by_file_name


def net_of_file(path: Path, layers: str | Sequence[str] | None, preprocessing: str) -> FeatureNet:
    """What `hs.feature_net` makes of a state dict in a file."""
    state = read_state(path)
    layout = recognised(state, path.name)
    published = by_digest(digest_of(path))
    colours, how = _colours(layout, state, path, published, preprocessing)
    chosen = chosen_layers(layers, layout.layers, layout.names)
    resize = Exactly(SIDE) if layout.smallest == SIDE else AtLeast(layout.smallest)
    file = f"{published.whose} file {published.file}" if published else f"the file {path.name}"
    unknown = "" if published else " (by its hash none of the published ones)"
    return FeatureNet(
        layout.loaded(state, chosen),
        nn.Sequential(Channels(3), resize, InColours(colours)),
        f"{layout.title} of {file}{unknown}, {colours.phrase}{how}",
        is_inception=published is not None and published.word == "inception" and chosen == POOL3,
    )


def _colours(
    layout: Layout, state: State, path: Path, published: Published | None, preprocessing: str
) -> tuple[Colours, str]:
    """What the network was trained on, and in words how that is known, where it is not by the file itself."""
    if layout.colours is not None:
        refuse_preprocessing(preprocessing, layout.title, layout.colours)
        return layout.colours, ""
    if preprocessing == "none":
        raise UsageError(f"{layout.title} was trained on 'imagenet' or 'caffe' colours; give one of these.")
    if preprocessing != "auto":
        return COLOURS[preprocessing], " (as was said)"
    if published:
        return published.colours, ""
    if named := by_file_name(path.name):
        return named.colours, " (by its name)"
    if "classifier.1.weight" in state:  # in the conversion from caffe a dropout stands first, and now in no other
        return CAFFE, " (by the order of its classifier)"
    warnings.warn(
        f"{path.name} is none of the published files by its hash or name, and torchvision's and the caffe-trained VGG "
        "name their tensors alike: torchvision's colours are assumed; say preprocessing='imagenet' or 'caffe'.",
        UserWarning,
        stacklevel=4,
    )
    return IMAGENET, " (assumed)"
