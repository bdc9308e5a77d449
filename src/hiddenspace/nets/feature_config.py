"""Feature nets as JSON, so that a model that holds one can be saved: what they are made of, without their weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from hiddenspace.nets.chain import Chain
from hiddenspace.nets.feature_extractor import FeatureNet
from hiddenspace.nets.preparing import PLAIN, AtLeast, Channels, InColours

STEPS: dict[str, tuple[type[nn.Module], tuple[str, ...]]] = {
    "Conv2d": (nn.Conv2d, ("in_channels", "out_channels", "kernel_size", "stride", "padding", "padding_mode")),
    "ReLU": (nn.ReLU, ()),
    "Identity": (nn.Identity, ()),
    "MaxPool2d": (nn.MaxPool2d, ("kernel_size", "ceil_mode")),
    "AvgPool2d": (nn.AvgPool2d, ("kernel_size", "ceil_mode")),
    "ReflectionPad2d": (nn.ReflectionPad2d, ("padding",)),
    "Channels": (Channels, ("count",)),
    "AtLeast": (AtLeast, ("side",)),
}
"""By name: modules, and the arguments that they are made of and keep as attributes."""


def config_of(net: FeatureNet) -> dict[str, Any] | None:
    """JSON from which `net_from_config` makes it again, but for its weights; None of networks that are people's own."""
    prepare = list(net.prepare) if isinstance(net.prepare, nn.Sequential) else [net.prepare]
    if not isinstance(net.network, Chain) or not all(map(_is_known, [*net.network.children(), *prepare])):
        return None
    return {
        "steps": {name: _step(step) for name, step in net.network.named_children()},
        "layers": list(net.layers),
        "prepare": [_step(step) for step in prepare],
        "description": net.description,
    }


def net_from_config(config: Mapping[str, Any]) -> FeatureNet:
    """The net that `config_of` described, with weights that are none."""
    chain = Chain({name: _made(step) for name, step in config["steps"].items()}).giving(config["layers"])
    prepare = [_made(step) for step in config["prepare"]]
    return FeatureNet(chain, nn.Sequential(*prepare) if len(prepare) > 1 else prepare[0], str(config["description"]))


def _is_known(step: nn.Module) -> bool:
    return type(step) is InColours or any(type(step) is kind for kind, _ in STEPS.values())


def _step(step: nn.Module) -> dict[str, Any]:
    if isinstance(step, InColours):
        return {"kind": "InColours", "blue_first": step.blue_first}
    name = type(step).__name__
    return {"kind": name, **{argument: getattr(step, argument) for argument in STEPS[name][1]}}


def _made(step: Mapping[str, Any]) -> nn.Module:
    name = str(step["kind"])
    if name == "InColours":
        return InColours(replace(PLAIN, blue_first=bool(step["blue_first"])))
    kind, arguments = STEPS[name]
    given = {key: tuple(step[key]) if isinstance(step[key], list) else step[key] for key in arguments}
    return kind(**given)
