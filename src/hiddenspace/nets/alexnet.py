"""The convolutions of AlexNet."""

from __future__ import annotations

from torch import nn

from hiddenspace.nets.chain import Chain

SMALLEST = 64
LAYERS = ("relu1", "relu2", "relu3", "relu4", "relu5")


def alexnet() -> Chain:
    """The one-column AlexNet of Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks".

    The steps are conv1, relu1, pool1, conv2, relu2, pool2, conv3, relu3, conv4, relu4, conv5, relu5, pool5. The
    classifier is left out.
    """
    convolutions = {
        1: nn.Conv2d(3, 64, 11, stride=4, padding=2),
        2: nn.Conv2d(64, 192, 5, padding=2),
        3: nn.Conv2d(192, 384, 3, padding=1),
        4: nn.Conv2d(384, 256, 3, padding=1),
        5: nn.Conv2d(256, 256, 3, padding=1),
    }
    steps: dict[str, nn.Module] = {}
    for number, convolution in convolutions.items():
        steps |= {f"conv{number}": convolution, f"relu{number}": nn.ReLU()}
        if number in (1, 2, 5):
            steps[f"pool{number}"] = nn.MaxPool2d(3, stride=2)
    return Chain(steps)
