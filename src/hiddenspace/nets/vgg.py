"""The convolutions of VGG16 and VGG19, and of the VGG19 that AdaIN begins with."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from hiddenspace.nets.chain import Chain

CHANNELS = (64, 128, 256, 512, 512)
VGG16 = (2, 2, 3, 3, 3)
"""Convolutions in each of the five blocks."""
VGG19 = (2, 2, 4, 4, 4)
SMALLEST = 32
"""The side of the smallest picture of which the last pooling leaves one place."""
LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
"""Those of Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution"."""
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
"""Those of AdaIN."""


def vgg(convolutions: Sequence[int]) -> Chain:
    """Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image recognition".

    The steps are conv1_1, relu1_1, conv1_2, ..., pool1, conv2_1, ..., pool5. The classifier is left out.
    """
    steps: dict[str, nn.Module] = {}
    channels = 3
    for block, (out, count) in enumerate(zip(CHANNELS, convolutions, strict=True), start=1):
        for place in range(1, count + 1):
            steps[f"conv{block}_{place}"] = nn.Conv2d(channels, out, 3, padding=1)
            steps[f"relu{block}_{place}"] = nn.ReLU()
            channels = out
        steps[f"pool{block}"] = nn.MaxPool2d(2)
    return Chain(steps)


def adain_vgg(last: str = "relu5_4") -> Chain:
    """VGG19 as AdaIN has it (Huang and Belongie 2017), up to the layer `last`.

    A first convolution of 1 x 1, `colours`, makes of RGB in [0, 1] what the network was trained on; borders are
    mirrored in the steps `pad1_1`, ..., and half places at the border are pooled as well.
    """
    plain = vgg(VGG19)
    steps: dict[str, nn.Module] = {"colours": nn.Conv2d(3, 3, 1)}
    for name in plain.names[: plain.names.index(last) + 1]:
        step: nn.Module = getattr(plain, name)
        if isinstance(step, nn.Conv2d):
            steps[name.replace("conv", "pad")] = nn.ReflectionPad2d(1)
            step = nn.Conv2d(step.in_channels, step.out_channels, 3)
        elif isinstance(step, nn.MaxPool2d):
            step = nn.MaxPool2d(2, ceil_mode=True)
        steps[name] = step
    return Chain(steps)
