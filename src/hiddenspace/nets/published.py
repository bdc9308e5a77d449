"""Files of pretrained networks that people have, by name and by hash."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hiddenspace.nets.preparing import BYTES, CAFFE, IMAGENET, SIGNED, Colours

_TORCH = "https://download.pytorch.org/models/"
_CAFFE = "https://web.eecs.umich.edu/~justincj/models/"
_INCEPTION = "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
_FIDELITY = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"


@dataclass(frozen=True)
class Published:
    """One file: the word for it, where it is, whose it is and what colours its network was trained on."""

    word: str
    url: str
    whose: str
    colours: Colours

    @property
    def file(self) -> str:
        """Its name in the cache."""
        return self.url.rpartition("/")[2]

    @property
    def digits(self) -> str:
        """The first eight hexadecimal digits of the sha256 of its content, which its name ends with."""
        match = re.search(r"-([0-9a-f]{8})\.pth$", self.file)
        assert match is not None
        return match[1]


PUBLISHED = (
    Published("vgg19", _TORCH + "vgg19-dcbb9e9d.pth", "torchvision's", IMAGENET),
    Published("vgg16", _TORCH + "vgg16-397923af.pth", "torchvision's", IMAGENET),
    Published("vgg16-features", _TORCH + "vgg16_features-amdegroot-88682ab5.pth", "torchvision's", BYTES),
    Published("vgg19-caffe", _CAFFE + "vgg19-d01eb7cb.pth", "the caffe-trained", CAFFE),
    Published("vgg16-caffe", _CAFFE + "vgg16-00b39a1b.pth", "the caffe-trained", CAFFE),
    Published("alexnet", _TORCH + "alexnet-owt-7be5be79.pth", "torchvision's", IMAGENET),
    Published("alexnet", _TORCH + "alexnet-owt-4df8aa71.pth", "torchvision's", IMAGENET),
    Published("squeezenet", _TORCH + "squeezenet1_1-b8a52dc0.pth", "torchvision's", IMAGENET),
    Published("squeezenet", _TORCH + "squeezenet1_1-f364aa15.pth", "torchvision's", IMAGENET),
    Published("squeezenet1_0", _TORCH + "squeezenet1_0-b66bff10.pth", "torchvision's", IMAGENET),
    Published("squeezenet1_0", _TORCH + "squeezenet1_0-a815701f.pth", "torchvision's", IMAGENET),
    Published("inception", _INCEPTION + "pt_inception-2015-12-05-6726825d.pth", "the FID's", SIGNED),
    Published("inception", _FIDELITY + "weights-inception-2015-12-05-6726825d.pth", "the FID's", SIGNED),
)
"""Of several with one word the first is what is fetched; the others are older, and used where they are already."""

WORDS = tuple(dict.fromkeys(file.word for file in PUBLISHED))


def by_digest(digest: str) -> Published | None:
    """The published file whose content has this sha256."""
    return next((file for file in PUBLISHED if digest.startswith(file.digits)), None)


def by_file_name(name: str) -> Published | None:
    """The published file that is called so, or whose eight digits the name has."""
    return next((file for file in PUBLISHED if file.digits in name), None)
