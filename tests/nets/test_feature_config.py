import json

import pytest
import torch

import hiddenspace as hs
from hiddenspace.nets.chain import Chain
from hiddenspace.nets.feature_config import config_of, net_from_config
from hiddenspace.nets.feature_extractor import FeatureNet
from hiddenspace.nets.preparing import CAFFE, AtLeast, Channels, InColours
from hiddenspace.nets.vgg import VGG16, adain_vgg, vgg

COLOURS = torch.nn.Sequential(Channels(3), AtLeast(32), InColours(CAFFE))
NETS = {
    "patches": lambda: hs.feature_net("patches", data=torch.rand(3, 3, 80, 80)),
    "random": lambda: hs.feature_net("random", ("relu1_2", "relu2_1")),
    "VGG": lambda: FeatureNet(vgg(VGG16).giving(("relu1_1", "pool1", "relu2_2")), COLOURS, "a net"),
    "AdaIN": lambda: FeatureNet(adain_vgg("relu2_1").giving(("relu1_1", "relu2_1")), Channels(3), "another"),
}


@pytest.mark.parametrize("name", NETS)
def test_a_net_from_json_and_weights_sees_the_same(name) -> None:
    net, x = NETS[name](), torch.rand(1, 3, 40, 33)
    again = net_from_config(json.loads(json.dumps(config_of(net))))
    again.load_state_dict(net.state_dict())
    made, wanted = again.activations(x), net.activations(x)
    assert list(made) == list(wanted)
    assert again.description == net.description
    for layer, value in made.items():
        torch.testing.assert_close(value, wanted[layer])


def test_nets_of_ones_own_are_code_and_no_json() -> None:
    assert config_of(hs.feature_net(torch.nn.Conv2d(3, 4, 3))) is None
    odd = Chain({"conv": torch.nn.Conv2d(3, 4, 3), "gelu": torch.nn.GELU()})
    assert config_of(FeatureNet(odd, Channels(3), "odd")) is None
