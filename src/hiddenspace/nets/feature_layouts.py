"""Which network a state dict is of: by the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor

from hiddenspace.errors import ModelError
from hiddenspace.nets import alexnet, inception, squeezenet, vgg
from hiddenspace.nets.chain import Chain
from hiddenspace.nets.preparing import CAFFE, IMAGENET, PLAIN, SIGNED, Colours

State = Mapping[str, Tensor]
Shapes = dict[str, tuple[int, ...]]
_ALIKE = 0.5
"""From this part of its tensors on a file is one of the known networks, with faults; below it is something else."""
_NAMED = 4
_LEFT_OUT = ("classifier.", "fc")
"""What the names of tensors behind the convolutions begin with."""


@dataclass(frozen=True)
class Layout:
    """One network under one way to name its tensors.

    `numbered` is what stands before the number of a step ('features.3.weight'); without it steps have their own names
    ('conv1_2.weight'). `colours` are those it was trained on, None where the tensors do not tell.
    """

    title: str
    build: Callable[[], Chain]
    numbered: str | None
    colours: Colours | None
    layers: tuple[str, ...]
    smallest: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of all steps of the network."""
        return _on_meta(self).names

    def key(self, own: str, names: Sequence[str]) -> str:
        """What the file calls the tensor that the chain with these steps calls `own`."""
        step, _, rest = own.partition(".")
        return own if self.numbered is None else f"{self.numbered}{names.index(step)}.{rest}"

    def loaded(self, state: State, layers: Sequence[str]) -> Chain:
        """The network with the weights, float32, as far as these layers need it."""
        with torch.device("meta"):
            chain = self.build().giving(layers)
        tensors = {own: state[self.key(own, chain.names)] for own in chain.state_dict()}
        chain.load_state_dict(
            {own: tensor.to(torch.float32, copy=True) for own, tensor in tensors.items()}, assign=True
        )
        return chain


def _vgg(title: str, plan: tuple[int, ...], numbered: str | None, colours: Colours | None) -> Layout:
    return Layout(title, partial(vgg.vgg, plan), numbered, colours, vgg.LAYERS, vgg.SMALLEST)


def _adain(last: str) -> Layout:
    return Layout("AdaIN's VGG19", partial(vgg.adain_vgg, last), "", PLAIN, vgg.STYLE_LAYERS, vgg.SMALLEST)


LAYOUTS = (
    *(_vgg(*net, start, None) for net in (("VGG19", vgg.VGG19), ("VGG16", vgg.VGG16)) for start in ("features.", "")),
    _vgg("Gatys's VGG19", vgg.VGG19, None, CAFFE),
    _vgg("Gatys's VGG16", vgg.VGG16, None, CAFFE),
    *map(_adain, ("relu4_1", "relu5_1", "relu5_4")),
    Layout("AlexNet", alexnet.alexnet, "features.", IMAGENET, alexnet.LAYERS, alexnet.SMALLEST),
    Layout("SqueezeNet 1.1", squeezenet.squeezenet1_1, "features.", IMAGENET, squeezenet.LAYERS, squeezenet.SMALLEST),
    Layout("SqueezeNet 1.0", squeezenet.squeezenet1_0, "features.", IMAGENET, squeezenet.LAYERS, squeezenet.SMALLEST),
    Layout("Inception v3", inception.inception, None, SIGNED, inception.LAYERS, inception.SIDE),
)


@cache
def _on_meta(layout: Layout) -> Chain:
    """The network without numbers, which takes no time."""
    with torch.device("meta"):
        return layout.build()


@cache
def _shapes(layout: Layout) -> Shapes:
    """Of all tensors the network needs, by the names in the file."""
    chain = _on_meta(layout)
    return {layout.key(own, chain.names): tuple(tensor.shape) for own, tensor in chain.state_dict().items()}


def recognised(state: State, name: str) -> Layout:
    """The layout that a state dict has in every tensor; what belongs to its classifier may be there or not.

    Raises
    ------
    ModelError
        If there is none; the sentence says what is missing from the one it is most like.
    """
    _refuse_strangers(state, name)
    given = {key: tuple(t.shape) for key, t in state.items() if not _is_left_out(key)}
    for layout in LAYOUTS:
        if given == _shapes(layout):
            return layout
    nearest = max(LAYOUTS, key=lambda layout: _likeness(given, _shapes(layout)))
    if _likeness(given, _shapes(nearest)) < _ALIKE:
        first, shape = next(iter({key: tuple(t.shape) for key, t in state.items()}.items()))
        known = ", ".join(dict.fromkeys(layout.title for layout in LAYOUTS))
        raise ModelError(
            f"{name} is of a network that is not known here (it begins with {first!r} of shape {shape}); known are "
            f"{known}, and any other goes as a torch.nn.Module."
        )
    faults = _faults(given, _shapes(nearest))
    raise ModelError(f"{name} looks like {nearest.title}, but {faults}; give the whole file as it was published.")


def _is_left_out(key: str) -> bool:
    return key.startswith(_LEFT_OUT) or key.endswith("num_batches_tracked")


def _likeness(given: Shapes, wanted: Shapes) -> float:
    """Tensors that both have, by name and shape, as a part of those that either has."""
    same = sum(given.get(key) == shape for key, shape in wanted.items())
    return same / len(given.keys() | wanted.keys())


def _faults(given: Shapes, wanted: Shapes) -> str:
    lists = {
        "lacks": [key for key in wanted if key not in given],
        "has the unknown": [key for key in given if key not in wanted],
        "has with another shape": [key for key in wanted if key in given and given[key] != wanted[key]],
    }
    return " and ".join(f"{fault} {_some(keys)}" for fault, keys in lists.items() if keys)


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return ", ".join(map(repr, keys[:_NAMED])) + more


def _refuse_strangers(state: State, name: str) -> None:
    """Networks whose tensors fit, or nearly fit, but which compute something else."""
    classes = len(state["fc.weight"]) if "fc.weight" in state and state["fc.weight"].ndim == 2 else None
    if "Mixed_7c.branch1x1.conv.weight" in state and (classes == 1000 or any(k.startswith("AuxL") for k in state)):
        raise ModelError(
            f"{name} is torchvision's Inception, whose features are not those that the FID is defined by; "
            "give pt_inception-2015-12-05-6726825d.pth."
        )
    if "features.1.running_mean" in state:
        raise ModelError(f"{name} is of a VGG with batch normalisation; give that of a VGG16 or VGG19 without it.")
