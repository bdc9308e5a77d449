"""A feature net of whatever a person has: a name, a file, a module, a fitted model, or nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from torch import nn

from hiddenspace import checks
from hiddenspace.errors import UsageError
from hiddenspace.nets import patch_net, random_net
from hiddenspace.nets.feature_choice import COLOURS, checked_preprocessing, chosen_layers, refuse_preprocessing
from hiddenspace.nets.feature_extractor import FeatureNet
from hiddenspace.nets.feature_fetch import cached_or_fetched
from hiddenspace.nets.feature_weights import net_of_file
from hiddenspace.nets.head import Features
from hiddenspace.nets.preparing import Channels, InColours, Shaped
from hiddenspace.nets.published import WORDS
from hiddenspace.nets.tapping import Tapped, default_layers_of, layers_of

RANDOM = "random"
PATCHES = "patches"
Layers = str | Sequence[str] | None


def feature_net(
    source: Any,
    layers: str | Sequence[str] | None = None,
    *,
    preprocessing: Literal["auto", "imagenet", "caffe", "none"] = "auto",
    data: Any = None,
    seed: int = 0,
) -> FeatureNet:
    """A frozen network for perceptual losses and for comparing sets of pictures.

    It takes pictures (b, c, h, w) in [0, 1] (grey ones are repeated where it wants colours) and does itself what they
    need before; too small ones are enlarged bilinearly until the shorter side has the 32 pixels that VGG needs, or the
    64 of AlexNet and SqueezeNet, and Inception's all become 299 x 299, as pytorch-fid has it (TensorFlow's own
    resizing, half a pixel off, is not imitated). `activations(x)` gives the layers by name, `forward(x)` one vector
    for each picture, `description` says what it is, and `is_inception` whether a Frechet distance of its vectors may
    be called FID: with pool3 alone of the published file, told by its hash.

    Parameters
    ----------
    source : str, path, Module or model
        A name: 'vgg19', 'vgg16', 'vgg19-caffe', 'vgg16-caffe', 'vgg16-features' (that of SSD), 'alexnet',
        'squeezenet' (1.1), 'squeezenet1_0' or 'inception', whose file is looked for where torch.hub keeps such and
        otherwise fetched.
        A file: the state dict of one of these, as torchvision, Gatys ('conv1_1.weight'), AdaIN ('vgg_normalised.pth')
        and pytorch-fid name their tensors.
        'random': a net that has learned nothing, its activations normalised on `data`.
        'patches': a net whose filters are what patches of `data` have in common, by k-means; in a second or ten.
        A module: anybody's, which is copied.
        A fitted model of hiddenspace: its encoder, which is copied; items as its networks see them, images in [0, 1].
    layers : str or sequence of str, optional
        VGG's are named 'conv4_2', 'relu4_2', 'pool4' and so on, by default relu1_2, relu2_2, relu3_3 and relu4_3
        (AdaIN's: relu1_1 to relu4_1); AlexNet's 'relu1' to 'pool5', SqueezeNet's 'relu1', 'fire2' to 'fire9',
        Inception's 'Mixed_5b' to 'pool3', by default that; those of 'random' as VGG's, to 'relu4_2', of
        'patches' 'colors', 'relu1' to 'relu4'. Of a module:
        names of its submodules, and 'output', which is the default; of convolutional networks of ours the stages and
        the output.
    preprocessing : str
        'auto': by the file. torchvision's VGG ('imagenet': RGB less ImageNet's mean, by its deviation) and the
        caffe-trained one ('caffe': BGR in 0..255 less the mean) name their tensors alike: told apart by the hash of
        the file, then by the digits in its name, then by the order of its classifier, and if all this fails 'imagenet'
        is assumed, with a warning. Modules see [0, 1] as it is ('none') unless told otherwise.
    data : array or tensor (n, c, h, w), (n, h, w, c) or (n, h, w), or list of such, optional
        For 'random' and 'patches': bytes, or floats in [0, 1]. Without it 'random' is normalised on noise with the
        spectrum of photographs; 'patches' needs it, and takes a list, too, of pictures of several sizes.
    seed : int
        For 'random' and 'patches'.

    Raises
    ------
    UsageError
        If the source is nothing of these, a layer does not exist, or an argument makes no sense for the source.
    ModelError
        If the file cannot be had or read, or is of another architecture.
    """
    checked_preprocessing(preprocessing)
    if isinstance(source, str) and source == RANDOM:
        refuse_preprocessing(preprocessing, "the random net")
        return _random(layers, data, checks.seed("seed", seed))
    if isinstance(source, str) and source == PATCHES:
        refuse_preprocessing(preprocessing, "the net of patches")
        return _of_patches(layers, data, checks.seed("seed", seed))
    if data is not None:
        raise UsageError("data= is for feature_net('random') and 'patches'; other networks are what they are.")
    if isinstance(source, str | PathLike):
        return net_of_file(_path_of(source), layers, preprocessing)
    if isinstance(source, FeatureNet):
        return _as_it_is(source, layers, preprocessing)
    if isinstance(source, nn.Module):
        return _of_module(source, layers, preprocessing)
    refuse_preprocessing(preprocessing, "a fitted model")
    return _of_model(source, layers)


def feature_net_for(source: Any, pictures: Callable[[], Any], seed: int = 0) -> FeatureNet:
    """`feature_net(source)`; the random one normalised on the pictures, which no other asks for."""
    is_random = isinstance(source, str) and source == RANDOM
    return feature_net(source, data=pictures(), seed=seed) if is_random else feature_net(source)


def _path_of(source: str | PathLike[str]) -> Path:
    """A file that is there, or that of a known name."""
    path = Path(source).expanduser()
    if path.is_file():
        return path
    if str(source) in WORDS:
        return cached_or_fetched(str(source))
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give hs.load({str(path)!r}) if it is a model, or a file of weights.")
    raise UsageError(
        f"{source} is neither a file nor a known net; known are {', '.join(WORDS)}, {RANDOM} and {PATCHES}."
    )


def _random(layers: Layers, data: Any, seed: int) -> FeatureNet:
    pictures = random_net.pink_noise(seed) if data is None else random_net.as_pictures(data)
    chain = random_net.random_net(pictures, seed)
    chosen = chosen_layers(layers, random_net.LAYERS, chain.names)
    on = "noise" if data is None else "the data"
    phrase = f"random convolutional net, seed {seed}, activations normalised on {on}"
    return FeatureNet(chain.giving(chosen), Channels(pictures.shape[1]), phrase)


def _of_patches(layers: Layers, data: Any, seed: int) -> FeatureNet:
    if data is None:
        raise UsageError("feature_net('patches') learns its filters from pictures; give some with data=.")
    several = list(data) if isinstance(data, list | tuple) else [data]
    pictures = [random_net.as_pictures(one) for one in several]
    if not pictures or len({one.shape[1] for one in pictures}) > 1:
        raise UsageError("data= has no pictures, or some grey and some in colours; give some, all of one kind.")
    chain = patch_net.patch_net(pictures, seed)
    chosen = chosen_layers(layers, patch_net.LAYERS, chain.names)
    phrase = f"convolutional net of filters found by k-means in patches of the pictures, seed {seed}"
    return FeatureNet(chain.giving(chosen), Channels(pictures[0].shape[1]), phrase)


def _as_it_is(net: FeatureNet, layers: Layers, preprocessing: str) -> FeatureNet:
    refuse_preprocessing(preprocessing, "a feature net that is made already")
    if layers is not None and chosen_layers(layers, (), net.layers) != net.layers:
        raise UsageError("this feature net gives other layers; make it anew from its source with layers=.")
    return net


def _of_module(module: nn.Module, layers: Layers, preprocessing: str) -> FeatureNet:
    chosen = chosen_layers(layers, default_layers_of(module), layers_of(module))
    plain = preprocessing in ("auto", "none")
    prepare = nn.Identity() if plain else nn.Sequential(Channels(3), InColours(COLOURS[preprocessing]))
    phrase = f"module {type(module).__name__}" + ("" if plain else f", {COLOURS[preprocessing].phrase}")
    return FeatureNet(Tapped(copy.deepcopy(module), chosen), prepare, phrase)


def _of_model(model: Any, layers: Layers) -> FeatureNet:
    encoder = getattr(model, "encoder_", None)
    if not isinstance(encoder, nn.Module) or not hasattr(model, "format_"):
        raise UsageError(
            f"source={type(model).__name__} has no features to give; use a name or file of weights, 'random', a "
            "torch.nn.Module, or a model of hiddenspace that is fitted."
        )
    # of encoders that give means and variances only the means
    whole = encoder if isinstance(encoder, Features) else Features(encoder, getattr(model, "code_size_", None))
    chosen = chosen_layers(layers, default_layers_of(whole), layers_of(whole))
    shape = tuple(model.format_.shape)
    phrase = f"encoder of {type(model).__name__}, fitted on items of shape {shape}"
    return FeatureNet(Tapped(copy.deepcopy(whole), chosen), Shaped(shape), phrase)
