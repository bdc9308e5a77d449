"""What the parts of anybody's network make, by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from torch import Tensor, nn

from hiddenspace.errors import ModelError, UsageError
from hiddenspace.nets.conv import ConvEncoder
from hiddenspace.nets.resnet import ResNetEncoder

OUTPUT = "output"
"""The name of what the network itself gives."""
_STAGES: dict[type[nn.Module], str] = {ConvEncoder: "stages", ResNetEncoder: "blocks"}


class _Enough(Exception):  # no error: everything that is wanted has been made
    """Ends a forward pass."""


class Tapped(nn.Module):
    """A network that gives what its submodules make: (b, *shape) -> {name: what it made}.

    Nothing behind the last of them is computed. Of a submodule that is passed several times the first pass counts.

    Parameters
    ----------
    network
        Any module; that itself is kept, not a copy.
    layers
        Names of submodules, as `named_modules` gives them, and 'output' for what the network gives.
    """

    def __init__(self, network: nn.Module, layers: Sequence[str]) -> None:
        super().__init__()
        self.network, self.wanted = network, tuple(layers)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """(b, *shape) -> the wanted layers by name."""
        made: dict[str, Any] = {}
        inner = set(self.wanted) - {OUTPUT}
        with ExitStack() as stack:
            for name in inner:
                hook = self._keeper(name, made, len(inner) if OUTPUT not in self.wanted else None)
                stack.callback(self.network.get_submodule(name).register_forward_hook(hook).remove)
            with suppress(_Enough):
                made[OUTPUT] = self.network(x)
        return {name: _tensor(name, made.get(name)) for name in self.wanted}

    @staticmethod
    def _keeper(name: str, made: dict[str, Any], enough: int | None) -> Callable[[nn.Module, Any, Any], None]:
        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            made.setdefault(name, output)
            if len(made) == enough:
                raise _Enough

        return keep


def layers_of(network: nn.Module) -> tuple[str, ...]:
    """All names that `Tapped` takes."""
    return (*(name for name, _ in network.named_modules() if name), OUTPUT)


def layer_outputs(network: nn.Module, x: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """What the named layers of any network make of a batch, flattened to (b, d), with gradients.

    Parameters
    ----------
    network : Module
    x : Tensor (b, ...)
    layers : sequence of str
        Names as `network.named_modules()` gives them, and 'output' for what the network gives. Nothing behind the
        last of them is computed.

    Raises
    ------
    UsageError
        If the network has no such layer.
    ModelError
        If a layer gives no tensor.
    """
    known = layers_of(network)
    for layer in layers:
        if layer not in known:
            raise UsageError(f"the network has no layer {layer!r}; use one of {', '.join(known)}.")
    made: dict[str, Tensor] = Tapped(network, layers)(x)
    return {layer: output.flatten(1) for layer, output in made.items()}


def default_layers_of(network: nn.Module) -> tuple[str, ...]:
    """The stages of the first convolutional network of ours that is in this one, and the output; else that alone."""
    for name, module in network.named_modules():
        for kind, part in _STAGES.items():
            if isinstance(module, kind):
                start = f"{name}.{part}" if name else part
                return (*(f"{start}.{i}" for i in range(len(module.get_submodule(part)._modules))), OUTPUT)
    return (OUTPUT,)


def _tensor(name: str, made: Any) -> Tensor:
    if isinstance(made, Tensor):
        return made
    what = "is not passed by" if made is None else f"gives a {type(made).__name__}"
    raise ModelError(f"the layer {name!r} {what}; choose one that gives a tensor.")
