"""Feature nets against plain functional convolutions, in every layout that people's files have."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

import hiddenspace as hs
from hiddenspace.data.samples import load_sample
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.nets import alexnet, feature_weights, inception, published, squeezenet, vgg
from hiddenspace.nets.conv import ConvEncoder
from hiddenspace.nets.head import Features
from hiddenspace.nets.resnet import ResNetEncoder

CONVOLUTIONS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
CAFFE_MEAN = torch.tensor([103.939, 116.779, 123.68])  # of blue, green and red


def picture(side: int = 40, batch: int = 2) -> torch.Tensor:
    return torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(3))


def like_imagenet(x):
    return (x - MEAN.view(3, 1, 1)) / STD.view(3, 1, 1)


def like_caffe(x):
    return 255 * x[:, [2, 1, 0]] - CAFFE_MEAN.view(3, 1, 1)


def kernels(which: str) -> dict[str, torch.Tensor]:
    """Random weights and biases by the name of the convolution, scaled so that activations stay of one size."""
    generator, made, channels = torch.Generator().manual_seed(0), {}, 3
    for block, (count, out) in enumerate(zip(CONVOLUTIONS[which], WIDTHS, strict=True), start=1):
        for place in range(1, count + 1):
            scale = (2 / (9 * channels)) ** 0.5
            made[f"conv{block}_{place}.weight"] = scale * torch.randn(out, channels, 3, 3, generator=generator)
            made[f"conv{block}_{place}.bias"] = 0.1 * torch.randn(out, generator=generator)
            channels = out
    return made


@pytest.fixture(scope="module")
def weights():
    return {which: kernels(which) for which in CONVOLUTIONS}


def reference(x, weights, last: str, *, mirrored: bool = False):
    """All activations up to relu `last`, in functional calls."""
    made = {}
    for name in [key.removesuffix(".weight") for key in weights if key.endswith(".weight")]:
        place = name.removeprefix("conv")
        if place.endswith("_1") and place != "1_1":
            x = made[f"pool{int(place[0]) - 1}"] = F.max_pool2d(x, 2, ceil_mode=mirrored)
        x = F.pad(x, (1, 1, 1, 1), mode="reflect") if mirrored else F.pad(x, (1, 1, 1, 1))
        made[name] = F.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
        x = made[f"relu{place}"] = made[name].clamp(min=0)
        if place == last:
            break
    return made


def numbered(weights, which: str, start: str = "features.", first: int = 0, step: int = 2):
    """torchvision's names: the place of a convolution among convolutions, ReLUs and poolings (and paddings)."""
    place, state = first, {}
    for block, count in enumerate(CONVOLUTIONS[which], start=1):
        for number in range(1, count + 1):
            for part in ("weight", "bias"):
                state[f"{start}{place}.{part}"] = weights[f"conv{block}_{number}.{part}"]
            place += step
        place += 1
    return state


def classifier(*places: int) -> dict[str, torch.Tensor]:
    return {f"classifier.{place}.{part}": torch.zeros(2) for place in places for part in ("weight", "bias")}


def check_layers(net, x, expected, names):
    assert net.layers == tuple(names)
    for name, made in net.activations(x).items():
        torch.testing.assert_close(made, expected[name], rtol=1e-4, atol=1e-4 * float(expected[name].abs().max()))


@pytest.mark.parametrize("which", ["vgg16", "vgg19"])
@pytest.mark.parametrize("colours", ["imagenet", "caffe"])
def test_vgg_of_torchvisions_names_is_what_functional_calls_make(tmp_path, weights, which, colours):
    state = {**numbered(weights[which], which), **classifier(0, 3, 6)}
    torch.save(state, tmp_path / "net.pth")
    layers = ("conv4_2", "relu1_1", "relu3_3", "pool3", "relu5_1")
    net = hs.feature_net(tmp_path / "net.pth", layers, preprocessing=colours)
    prepared = {"imagenet": like_imagenet, "caffe": like_caffe}[colours](picture())
    check_layers(net, picture(), reference(prepared, weights[which], "5_1"), layers)
    assert which.upper() in net.description
    assert not net.is_inception


def test_places_of_torchvisions_convolutions(weights):
    sixteen, nineteen = ([int(k.split(".")[1]) for k in numbered(weights[w], w)][::2] for w in CONVOLUTIONS)
    assert sixteen == [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    assert nineteen == [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]


def test_gatys_names(tmp_path, weights):
    torch.save(weights["vgg19"], tmp_path / "vgg_conv.pth")
    net = hs.feature_net(tmp_path / "vgg_conv.pth")
    expected = reference(like_caffe(picture()), weights["vgg19"], "4_3")
    check_layers(net, picture(), expected, ("relu1_2", "relu2_2", "relu3_3", "relu4_3"))
    vectors = net(picture())
    assert vectors.shape == (2, 64 + 128 + 256 + 512)
    torch.testing.assert_close(vectors[:, 64:192], expected["relu2_2"].mean((2, 3)), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("last", ["4_1", "5_1", "5_4"])
def test_adains_names(tmp_path, weights, last):
    colours = {"0.weight": torch.randn(3, 3, 1, 1), "0.bias": torch.randn(3)}
    blocks = numbered(weights["vgg19"], "vgg19", "", first=2, step=3)
    end = {"4_1": 29, "5_1": 42, "5_4": 51}[last]
    state = {**colours, **{key: value for key, value in blocks.items() if int(key.split(".")[0]) <= end}}
    assert f"{end}.weight" in state
    torch.save(state, tmp_path / "vgg_normalised.pth")
    layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    prepared = torch.einsum("oc,bchw->bohw", colours["0.weight"][:, :, 0, 0], picture(37)) + colours["0.bias"].view(
        3, 1, 1
    )
    net = hs.feature_net(tmp_path / "vgg_normalised.pth")
    check_layers(net, picture(37), reference(prepared, weights["vgg19"], "4_1", mirrored=True), layers)
    if last == "4_1":
        with pytest.raises(UsageError, match="no layer 'relu5_1'"):
            hs.feature_net(tmp_path / "vgg_normalised.pth", "relu5_1")


def test_torchvisions_features_saved_alone_and_as_safetensors(tmp_path, weights):
    state = {key: value.contiguous() for key, value in numbered(weights["vgg16"], "vgg16", "").items()}
    save_file(state, tmp_path / "features.safetensors")
    net = hs.feature_net(tmp_path / "features.safetensors", "relu2_1", preprocessing="imagenet")
    check_layers(net, picture(), reference(like_imagenet(picture()), weights["vgg16"], "2_1"), ["relu2_1"])


# whose VGG it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "heads", "expected", "how"),
    [
        ("vgg19-dcbb9e9d.pth", (0, 3, 6), "RGB", "by its name"),
        ("vgg19-d01eb7cb.pth", (0, 3, 6), "BGR", "by its name"),
        ("vgg19-d01eb7cb_caffe.pth", (), "BGR", "by its name"),
        ("mine.pth", (1, 4, 6), "BGR", "by the order of its classifier"),
    ],
)
def test_the_colours_that_a_vgg_was_trained_on(tmp_path, weights, name, heads, expected, how):
    torch.save({**numbered(weights["vgg19"], "vgg19"), **classifier(*heads)}, tmp_path / name)
    description = hs.feature_net(tmp_path / name).description
    assert name in description
    assert f"{expected} " in description
    assert how in description


@pytest.mark.parametrize("heads", [(), (0, 3, 6)])
def test_what_nobody_can_tell_is_assumed_aloud(tmp_path, weights, heads):
    torch.save({**numbered(weights["vgg19"], "vgg19"), **classifier(*heads)}, tmp_path / "mine.pth")
    with pytest.warns(UserWarning, match="torchvision's colours are assumed"):
        assert "(assumed)" in hs.feature_net(tmp_path / "mine.pth").description
    assert "BGR" in hs.feature_net(tmp_path / "mine.pth", preprocessing="caffe").description


def known_as(monkeypatch, path, word: str):
    """As if the published file of this word had the content of the file."""
    old = next(file for file in published.PUBLISHED if file.word == word)
    digits = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    new = published.Published(word, f"https://example.org/{word}-{digits}.pth", old.whose, old.colours)
    monkeypatch.setattr(published, "PUBLISHED", (new,))


@pytest.mark.parametrize(("word", "expected"), [("vgg16-caffe", "BGR"), ("vgg16", "RGB"), ("vgg16-features", "0..255")])
def test_the_hash_counts_more_than_name_and_classifier(tmp_path, weights, monkeypatch, word, expected):
    path = tmp_path / "vgg16-397923af.pth"
    torch.save({**numbered(weights["vgg16"], "vgg16"), **classifier(0, 3, 6)}, path)
    known_as(monkeypatch, path, word)
    net = hs.feature_net(path)
    assert expected in net.description
    assert f"file {word}-" in net.description
    assert "none of the published" not in net.description


def test_published_files_and_their_digits():
    digits = {file.file: file.digits for file in published.PUBLISHED}
    assert digits["vgg19-dcbb9e9d.pth"] == "dcbb9e9d"
    assert digits["pt_inception-2015-12-05-6726825d.pth"] == "6726825d"
    assert published.by_digest("d01eb7cb" + 56 * "0").word == "vgg19-caffe"
    assert published.by_digest(64 * "0") is None


def test_ssds_colours_are_bytes_less_the_mean(tmp_path, weights, monkeypatch):
    torch.save(numbered(weights["vgg16"], "vgg16"), tmp_path / "net.pth")
    known_as(monkeypatch, tmp_path / "net.pth", "vgg16-features")
    mean = torch.tensor([0.48235, 0.45882, 0.40784]).view(3, 1, 1)
    expected = reference((picture() - mean) * 255, weights["vgg16"], "1_1")
    check_layers(hs.feature_net(tmp_path / "net.pth", "relu1_1"), picture(), expected, ["relu1_1"])


# AlexNet, SqueezeNet, Inception ------------------------------------------------------------------------------------


def saved(tmp_path, chain, start="features.", name="net.pth"):
    """A chain's own random weights under numbered names, or under its own."""
    state = {}
    for key, value in chain.state_dict().items():
        step, _, rest = key.partition(".")
        state[key if start is None else f"{start}{chain.names.index(step)}.{rest}"] = value.clone()
    torch.save(state, tmp_path / name)
    return tmp_path / name, state


def test_alexnet_is_what_functional_calls_make(tmp_path):
    path, state = saved(tmp_path, alexnet.alexnet())
    assert sorted({int(key.split(".")[1]) for key in state}) == [0, 3, 6, 8, 10]
    x, made = like_imagenet(picture(80)), {}
    for number, (place, stride, padding) in enumerate(
        [(0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1)], start=1
    ):
        w, b = state[f"features.{place}.weight"], state[f"features.{place}.bias"]
        x = made[f"relu{number}"] = F.relu(F.conv2d(x, w, b, stride, padding))
        x = F.max_pool2d(x, 3, 2) if number in (1, 2) else x
    check_layers(hs.feature_net(path), picture(80), made, [f"relu{i}" for i in range(1, 6)])
    shapes = [tuple(state[f"features.{place}.weight"].shape) for place in (0, 3, 6, 8, 10)]
    assert shapes == [(64, 3, 11, 11), (192, 64, 5, 5), (384, 192, 3, 3), (256, 384, 3, 3), (256, 256, 3, 3)]


@pytest.mark.parametrize(
    ("build", "fires", "pools"),
    [
        (squeezenet.squeezenet1_0, [3, 4, 5, 7, 8, 9, 10, 12], [2, 6, 11]),
        (squeezenet.squeezenet1_1, [3, 4, 6, 7, 9, 10, 11, 12], [2, 5, 8]),
    ],
)
def test_squeezenet_is_what_functional_calls_make(tmp_path, build, fires, pools):
    path, state = saved(tmp_path, build())
    assert {int(key.split(".")[1]) for key in state} == {0, *fires}

    def convolved(x, name, padding=0, stride=1):
        return F.relu(F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride, padding))

    x, made = convolved(like_imagenet(picture(70)), "features.0", stride=2), {}
    made["relu1"] = x
    for place in range(2, 13):
        if place in pools:
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            continue
        x = convolved(x, f"features.{place}.squeeze")
        halves = [convolved(x, f"features.{place}.expand{k}x{k}", padding=k // 2) for k in (1, 3)]
        x = made[f"fire{2 + fires.index(place)}"] = torch.cat(halves, dim=1)
    check_layers(hs.feature_net(path), picture(70), made, ["relu1", "fire3", "fire5", "fire7", "fire9"])


def test_parameters_of_squeezenet_and_alexnet():
    """As their papers and torchvision's tables have them, less what the classifiers count."""
    counts = [sum(p.numel() for p in build().parameters()) for build in (squeezenet.squeezenet1_0, alexnet.alexnet)]
    assert counts == [1_248_424 - 513_000, 61_100_840 - (9216 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000)]


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory):
    with torch.no_grad():
        chain = inception.inception()
        for name, tensor in chain.state_dict().items():
            if name.endswith("conv.weight"):
                nn.init.kaiming_normal_(tensor)
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
    state = {**chain.state_dict(), "fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    state["Mixed_5b.branch1x1.bn.num_batches_tracked"] = torch.tensor(7)
    path = tmp_path_factory.mktemp("inception") / "inception.pth"
    torch.save(state, path)
    return path, state


def test_inceptions_parameters_and_shapes():
    with torch.device("meta"):
        chain = inception.inception()
        made = chain.giving(chain.names)(torch.empty(1, 3, 299, 299))
    learned = {key: tensor.numel() for key, tensor in chain.state_dict().items() if "running" not in key}
    assert sum(learned.values()) == 21_785_568
    shapes = {name: tuple(tensor.shape[1:3]) for name, tensor in made.items()}
    assert shapes["Conv2d_2b_3x3"] == (64, 147)
    assert [shapes[f"Mixed_{b}"] for b in ("5b", "5c", "5d")] == [(256, 35), (288, 35), (288, 35)]
    assert [shapes[f"Mixed_6{b}"] for b in "abcde"] == [(768, 17)] * 5
    assert [shapes[f"Mixed_7{b}"] for b in "abc"] == [(1280, 8), (2048, 8), (2048, 8)]
    assert shapes["pool3"] == (2048, 1)


def test_inception_by_hand(inception_file):
    """Its colours, its first convolutions, one block with means that leave out the border, and the last with maxima."""
    path, state = inception_file
    x = picture(50, batch=1)
    net = hs.feature_net(path, ["Conv2d_2a_3x3", "pool2", "Mixed_5b", "Mixed_7b", "Mixed_7c", "pool3"])
    made = net.activations(x)

    def normed(x, name, **how):
        y = F.conv2d(x, state[f"{name}.conv.weight"], **how)
        mean, var, scale, shift = (
            state[f"{name}.bn.{part}"].view(-1, 1, 1) for part in ("running_mean", "running_var", "weight", "bias")
        )
        return F.relu((y - mean) / (var + 1e-3).sqrt() * scale + shift)

    def close(first, second):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-4 * float(second.abs().max()))

    large = F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False)
    close(made["Conv2d_2a_3x3"], normed(normed(2 * large - 1, "Conv2d_1a_3x3", stride=2), "Conv2d_2a_3x3"))
    counts = F.conv2d(torch.ones(1, 1, 35, 35), torch.ones(1, 1, 3, 3), padding=1)
    before = made["pool2"]
    means = F.conv2d(before, torch.ones(192, 1, 3, 3), padding=1, groups=192) / counts
    close(made["Mixed_5b"][:, :64], normed(before, "Mixed_5b.branch1x1"))
    close(made["Mixed_5b"][:, -32:], normed(means, "Mixed_5b.branch_pool"))
    twice = normed(normed(before, "Mixed_5b.branch5x5_1"), "Mixed_5b.branch5x5_2", padding=2)
    close(made["Mixed_5b"][:, 64:128], twice)
    maxima = F.max_pool2d(made["Mixed_7b"], 3, 1, 1)
    close(made["Mixed_7c"][:, -192:], normed(maxima, "Mixed_7c.branch_pool"))
    inner = normed(made["Mixed_7b"], "Mixed_7c.branch3x3_1")
    close(made["Mixed_7c"][:, 320:704], normed(inner, "Mixed_7c.branch3x3_2a", padding=(0, 1)))
    close(made["Mixed_7c"][:, 704:1088], normed(inner, "Mixed_7c.branch3x3_2b", padding=(1, 0)))
    close(made["pool3"][:, :, 0, 0], made["Mixed_7c"].mean((2, 3)))


def test_only_the_published_inceptions_pool3_may_be_called_fid(inception_file, monkeypatch):
    path, _ = inception_file
    assert not hs.feature_net(path).is_inception
    known_as(monkeypatch, path, "inception")
    net = hs.feature_net(path)
    assert net.is_inception
    assert net.layers == ("pool3",)
    assert "Inception v3 of the FID's file" in net.description
    assert not hs.feature_net(path, ["Mixed_6e", "pool3"]).is_inception
    assert net(picture(28, batch=1)[:, :1]).shape == (1, 2048)


# what it does with pictures ----------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path):
    return hs.feature_net(saved(tmp_path, squeezenet.squeezenet1_1())[0], ["relu1", "fire3"])


def test_it_is_frozen_and_gradients_reach_the_picture(small):
    assert not any(parameter.requires_grad for parameter in small.parameters())
    assert not small.train().training
    assert not any(module.training for module in small.modules())
    x = picture(64).requires_grad_()
    small(x).square().sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_gradient_through_overwriting_relus_is_that_of_plain_ones(tmp_path, weights):
    torch.save(weights["vgg16"], tmp_path / "net.pth")
    x, y = picture().requires_grad_(), picture().requires_grad_()
    hs.feature_net(tmp_path / "net.pth", "relu2_2").activations(x)["relu2_2"].square().mean().backward()
    reference(like_caffe(y), weights["vgg16"], "2_2")["relu2_2"].square().mean().backward()
    torch.testing.assert_close(x.grad, y.grad, rtol=1e-3, atol=1e-4 * float(y.grad.abs().max()))


def test_nothing_behind_the_deepest_layer_is_kept(small):
    assert small.network.names == ("conv1", "relu1", "pool1", "fire2", "fire3")


def test_grey_is_repeated_and_small_pictures_are_enlarged(small):
    grey = picture(64)[:, :1]
    assert torch.equal(small(grey), small(grey.expand(-1, 3, -1, -1)))
    tall = picture(20)[:, :, :, :10]
    enlarged = F.interpolate(tall, size=(128, 64), mode="bilinear", align_corners=False)
    torch.testing.assert_close(small(tall), small(enlarged))
    assert small.activations(picture(90))["relu1"].shape == (2, 64, 44, 44)


@pytest.mark.parametrize(
    "x", [torch.rand(2, 4, 64, 64), torch.rand(3, 64, 64), torch.zeros(1, 3, 64, 64, dtype=torch.uint8)]
)
def test_what_are_no_pictures_is_refused(small, x):
    with pytest.raises(DataError, match="takes pictures"):
        small(x)


def test_layers_are_given_in_the_order_asked_for_and_once(tmp_path):
    path, _ = saved(tmp_path, squeezenet.squeezenet1_1())
    assert hs.feature_net(path, ["fire3", "relu1", "fire3"]).layers == ("fire3", "relu1")
    assert list(hs.feature_net(path, ["fire3", "relu1"]).activations(picture(64))) == ["fire3", "relu1"]


# other sources -----------------------------------------------------------------------------------------------------


def test_a_module_is_copied_and_gives_its_output():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5))
    net = hs.feature_net(module)
    assert module.training
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert net.layers == ("output",)
    torch.testing.assert_close(net(picture(8)), module.eval()(picture(8)))
    assert net.description == "module Sequential"
    seen = hs.feature_net(module, preprocessing="imagenet")
    torch.testing.assert_close(seen(picture(8)), module(like_imagenet(picture(8))))


class Counted(nn.Module):
    """Counts its calls."""

    calls = 0

    def forward(self, x):
        type(self).calls += 1
        return x


def test_layers_of_a_module_by_name_and_nothing_behind_them():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.Tanh(), nn.AvgPool2d(2)), Counted())
    net = hs.feature_net(module, ["1.0", "0"])
    made = net.activations(picture(8))
    assert list(made) == ["1.0", "0"]
    torch.testing.assert_close(made["1.0"], made["0"].tanh())
    assert Counted.calls == 0
    assert set(hs.feature_net(module, ["0", "output"]).activations(picture(8))) == {"0", "output"}
    assert Counted.calls == 1
    assert not any(m._forward_hooks for m in net.modules())


def test_layers_that_give_nothing():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.LSTM(3, 2, batch_first=True), nn.Identity()

        def forward(self, x):
            return self.used(x)[0]

    rows = torch.rand(2, 5, 3)
    assert hs.feature_net(Odd())(rows).shape == (2, 2)  # means over steps
    for layer, what in (("used", "gives a tuple"), ("unused", "is not passed by")):
        with pytest.raises(ModelError, match=what):
            hs.feature_net(Odd(), layer)(rows)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (ConvEncoder((1, 28, 28), 8), ("stages.0", "stages.1", "output")),
        (ResNetEncoder((1, 28, 28)), ("blocks.0", "blocks.1", "blocks.2", "blocks.3", "output")),
        (nn.Sequential(ConvEncoder((1, 9, 9), 8)), ("0.stages.0", "output")),
    ],
)
def test_stages_of_our_own_networks(network, expected):
    net = hs.feature_net(network)
    assert net.layers == expected
    made = net.activations(torch.rand(2, 1, *((9, 9) if "0" in expected[0][:1] else (28, 28))))
    assert [tensor.ndim for tensor in made.values()] == [4] * (len(expected) - 1) + [2]


def test_the_encoder_of_a_fitted_model_gives_its_codes():
    X = (np.random.default_rng(0).random((40, 8, 8)) * 255).astype(np.uint8)
    model = hs.VariationalAutoencoder(code=3, epochs=1, random_state=0, trainer=hs.Trainer(progress=False)).fit(X)
    x = torch.from_numpy(X[:, None] / np.float32(255))
    net = hs.feature_net(model, "output")
    np.testing.assert_allclose(net(x).numpy(), model.transform(X), rtol=1e-4, atol=1e-5)
    assert net.description == "encoder of VariationalAutoencoder, fitted on items of shape (1, 8, 8)"
    assert all(parameter.requires_grad for parameter in model.encoder_.parameters())
    assert hs.feature_net(model).layers == ("network.stages.0", "output")
    with pytest.raises(DataError, match="fitted on items of shape"):
        net(torch.rand(2, 1, 9, 9))


class Fitted:
    """What a fitted model of colours has, and no more."""

    def __init__(self):
        self.encoder_ = Features(ResNetEncoder((3, 20, 20)))
        self.format_ = SimpleNamespace(shape=(3, 20, 20))


def test_grey_pictures_are_repeated_for_a_model_that_sees_colours():
    net = hs.feature_net(Fitted())
    grey = torch.rand(2, 1, 20, 20)
    assert torch.equal(net(grey), net(grey.expand(-1, 3, -1, -1)))
    assert net.layers[0] == "network.blocks.0"
    assert net.activations(grey)["output"].shape == (2, 512)


def test_a_feature_net_stays_itself(small):
    assert hs.feature_net(small) is small
    assert hs.feature_net(small, ["relu1", "fire3"]) is small
    with pytest.raises(UsageError, match=r"it has relu1, fire3\."):
        hs.feature_net(small, "fire9")
    with pytest.raises(UsageError, match="gives other layers"):
        hs.feature_net(small, "relu1")


@pytest.mark.parametrize("shape", [(60, 3, 24, 24), (60, 24, 24, 3), (60, 24, 24)])
def test_random_net_is_normalised_on_the_data(shape):
    data = (np.random.default_rng(1).random(shape) ** 3 * 255).astype(np.uint8)
    names = ("conv1_1", "conv3_2", "conv4_2")
    net = hs.feature_net("random", names, data=data, seed=4)
    x = torch.from_numpy(data).float() / 255
    x = x[:, None] if x.ndim == 3 else x if shape[1] == 3 else x.permute(0, 3, 1, 2)
    for made in net.activations(x).values():
        torch.testing.assert_close(made.mean((0, 2, 3)), torch.zeros(made.shape[1]), rtol=0, atol=1e-3)
        torch.testing.assert_close(made.std((0, 2, 3)), torch.ones(made.shape[1]), rtol=1e-2, atol=0)
    assert net.description == "random convolutional net, seed 4, activations normalised on the data"


def test_random_net_hangs_on_seed_and_data_alone():
    x = picture(16)
    first = hs.feature_net("random", data=x)(x)
    torch.manual_seed(9)
    assert first.shape == (2, 16 + 32 + 64 + 128)
    assert torch.equal(first, hs.feature_net("random", data=x)(x))
    assert not torch.equal(first, hs.feature_net("random", data=x, seed=1)(x))
    assert not torch.equal(first, hs.feature_net("random", data=x**4)(x))
    without = hs.feature_net("random")
    assert torch.equal(without(x), hs.feature_net("random")(x))
    assert "on noise" in without.description


def test_distance_by_the_random_net_grows_with_the_damage():
    pictures = torch.from_numpy(load_sample("shapes").items[:200]).permute(0, 3, 1, 2) / 255
    net = hs.feature_net("random", data=pictures)
    noise = torch.randn(pictures[100:].shape, generator=torch.Generator().manual_seed(0))
    whole = net(pictures[:100]).mean(0)
    distances = [float((net(pictures[100:] + s * noise).mean(0) - whole).square().sum()) for s in (0, 0.1, 0.3)]
    assert distances[0] < distances[1] / 2 < distances[2] / 4


def test_random_net_of_blank_and_tiny_pictures_is_finite():
    for data in (torch.zeros(3, 1, 5, 5), torch.rand(1, 1, 1, 1)):
        assert hs.feature_net("random", data=data)(data).isfinite().all()


@pytest.mark.parametrize("data", [np.zeros((4, 5)), np.zeros((0, 8, 8)), np.full((2, 8, 8), np.nan)])
def test_random_net_refuses_what_are_no_pictures(data):
    with pytest.raises(DataError, match="data="):
        hs.feature_net("random", data=data)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: hs.feature_net("vgg20"), "neither a file nor a known net; known are vgg19, vgg16"),
        (lambda: hs.feature_net("no/such.pth"), "neither a file nor a known net"),
        (lambda: hs.feature_net("."), "is a folder"),
        (lambda: hs.feature_net(None), "has no features to give"),
        (lambda: hs.feature_net(hs.Autoencoder()), "has no features to give"),
        (lambda: hs.feature_net(nn.Identity(), data=[1]), "is for feature_net"),
        (lambda: hs.feature_net("random", seed=-1), "no seed"),
        (lambda: hs.feature_net("random", "relu9_9"), "no layer 'relu9_9' in this net; it has conv1_1"),
        (lambda: hs.feature_net("random", []), "layers= is empty"),
        (lambda: hs.feature_net("random", preprocessing="caffe"), "is not for the random net"),
        (lambda: hs.feature_net("random", preprocessing="bgr"), "preprocessing='bgr' is unknown"),
    ],
)
def test_arguments_that_make_no_sense(make, match):
    with pytest.raises(UsageError, match=match):
        make()


def test_colours_that_a_file_cannot_have(tmp_path, weights):
    torch.save(weights["vgg16"], tmp_path / "gatys.pth")
    with pytest.raises(UsageError, match="Gatys's VGG16, which takes BGR"):
        hs.feature_net(tmp_path / "gatys.pth", preprocessing="imagenet")
    assert hs.feature_net(tmp_path / "gatys.pth", preprocessing="caffe").layers == vgg.LAYERS
    torch.save(numbered(weights["vgg16"], "vgg16"), tmp_path / "vgg.pth")
    with pytest.raises(UsageError, match="give one of these"):
        hs.feature_net(tmp_path / "vgg.pth", preprocessing="none")


def test_half_precision_files_are_read_as_floats(tmp_path, weights):
    torch.save({key: value.half() for key, value in weights["vgg16"].items()}, tmp_path / "half.pth")
    net = hs.feature_net(tmp_path / "half.pth", "relu1_1")
    assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}
    assert feature_weights.net_of_file(tmp_path / "half.pth", "relu1_1", "auto").layers == ("relu1_1",)
