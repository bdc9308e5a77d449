"""Files that are no feature nets, each refused in a sentence, and files from the cache or fetched."""

import hashlib
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import ModelError
from hiddenspace.nets import feature_fetch, published, squeezenet


def state_of(build=squeezenet.squeezenet1_1):
    chain = build()
    named = ((key.partition("."), value) for key, value in chain.state_dict().items())
    return {f"features.{chain.names.index(step)}.{rest}": value.clone() for (step, _, rest), value in named}


class Harm:
    """Would run code if it were unpickled."""

    def __reduce__(self):
        return (print, ("harm",))


def cut(path, part):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])


def page(path):
    path.write_text("\n<!DOCTYPE html><html><body>404 Not Found</body></html>")


def other_class_counts(path):
    torch.save({"Mixed_7c.branch1x1.conv.weight": torch.zeros(1), "fc.weight": torch.zeros(1000, 2048)}, path)


def lacking(path):
    state = state_of()
    del state["features.12.expand3x3.bias"]
    torch.save(state, path)


def unknown(path):
    torch.save({**state_of(), "features.13.weight": torch.zeros(3)}, path)


def reshaped(path):
    torch.save({**state_of(), "features.0.weight": torch.zeros(64, 1, 3, 3)}, path)


def cut_zip(path):
    torch.save(state_of(), path)
    cut(path, 0.7)


def cut_old(path):
    torch.save(state_of(), path, _use_new_zipfile_serialization=False)
    cut(path, 0.7)


def cut_safetensors(path):
    save_file(state_of(), path)
    cut(path, 0.7)


def archive(path):
    with pytest.warns(DeprecationWarning, match="jit"):
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)


BAD = {
    "empty": (lambda path: path.touch(), "is empty"),
    "web page": (page, "is a web page, not weights"),
    "cut zip": (cut_zip, "damaged, cut short"),
    "cut old format": (cut_old, "damaged"),
    "cut safetensors": (cut_safetensors, "damaged, cut short"),
    "noise": (lambda path: path.write_bytes(bytes(range(200))), "damaged"),
    "code": (lambda path: torch.save({"a": Harm()}, path), "holds more than tensors"),
    "plain pickle": (lambda path: path.write_bytes(pickle.dumps(Harm())), "holds more than tensors"),
    "whole module": (lambda path: torch.save(nn.Linear(2, 2), path), "holds more than tensors"),
    "TorchScript": (archive, "damaged, cut short or no file of weights"),
    "list": (lambda path: torch.save([torch.zeros(2)], path), "no state dict"),
    "nothing in it": (lambda path: torch.save({}, path), "no state dict"),
    "numbers": (lambda path: torch.save({"a": 1}, path), "no state dict"),
    "resnet": (
        lambda path: torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path),
        r"not known here \(it begins with 'conv1.weight' of shape \(64, 3, 7, 7\)\)",
    ),
    "batch norm": (lambda path: torch.save({"features.1.running_mean": torch.zeros(64)}, path), "batch normalisation"),
    "torchvision's Inception": (other_class_counts, "torchvision's Inception"),
    "lacking": (lacking, r"looks like SqueezeNet 1\.1, but lacks 'features\.12\.expand3x3\.bias';"),
    "unknown": (unknown, r"looks like SqueezeNet 1\.1, but has the unknown 'features\.13\.weight';"),
    "reshaped": (reshaped, r"looks like SqueezeNet 1\.1, but has with another shape 'features\.0\.weight';"),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_files_are_refused_in_one_sentence(tmp_path, fault, capsys):
    make, match = BAD[fault]
    path = tmp_path / ("net.safetensors" if "safetensors" in fault else "net.pth")
    make(path)
    with pytest.raises(ModelError, match=match) as caught:
        hs.feature_net(path)
    assert "\n" not in str(caught.value)
    assert "net." in str(caught.value)
    assert "harm" not in capsys.readouterr().out


def test_old_and_new_format_and_safetensors_are_one(tmp_path):
    state, x = state_of(), torch.rand(1, 3, 64, 64)
    torch.save(state, tmp_path / "new.pth")
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file(state, tmp_path / "safe.bin")
    first, *others = (hs.feature_net(tmp_path / name)(x) for name in ("new.pth", "old.pth", "safe.bin"))
    assert all(torch.equal(first, other) for other in others)


def test_the_net_outlives_its_file(tmp_path):
    torch.save(state_of(), tmp_path / "net.pth")
    net, x = hs.feature_net(tmp_path / "net.pth"), torch.rand(1, 3, 64, 64)
    before = net(x)
    (tmp_path / "net.pth").write_bytes(b"")
    assert torch.equal(net(x), before)


# the cache ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """torch.hub's folder is a new one, and the word 'squeezenet' means a file beside it, by its true hash."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    torch.save(state_of(), tmp_path / "made.pth")
    digits = hashlib.sha256((tmp_path / "made.pth").read_bytes()).hexdigest()[:8]
    there = tmp_path / f"squeezenet1_1-{digits}.pth"
    (tmp_path / "made.pth").rename(there)
    older = published.PUBLISHED[8]
    assert older.file == "squeezenet1_1-f364aa15.pth"
    files = (published.Published("squeezenet", there.as_uri(), older.whose, older.colours), older)
    monkeypatch.setattr(published, "PUBLISHED", files)
    monkeypatch.setattr(feature_fetch, "PUBLISHED", files)
    return there, tmp_path / "hub" / "checkpoints"


def test_a_file_is_fetched_once_and_its_hash_is_looked_at(hub):
    there, folder = hub
    net = hs.feature_net("squeezenet")
    assert [path.name for path in folder.iterdir()] == [there.name]
    assert net.description.startswith(f"SqueezeNet 1.1 of torchvision's file {there.name}, RGB")
    there.unlink()
    assert hs.feature_net("squeezenet").description == net.description


def test_what_lies_in_the_cache_is_used_under_its_older_name_too(hub):
    there, folder = hub
    folder.mkdir(parents=True)
    there.rename(folder / "squeezenet1_1-f364aa15.pth")
    assert "SqueezeNet 1.1" in hs.feature_net("squeezenet").description


def test_another_content_is_not_kept(hub):
    there, folder = hub
    page(there)
    with pytest.raises(ModelError, match=r"is not squeezenet1_1-\w{8}\.pth by its hash"):
        hs.feature_net("squeezenet")
    assert not list(folder.iterdir())


def test_without_a_network_the_sentence_says_which_file_to_put_where(hub):
    there, folder = hub
    there.unlink()
    with pytest.raises(ModelError, match="cannot be fetched") as caught:
        hs.feature_net("squeezenet")
    assert f"put {there.name} (from {there.as_uri()}) into {folder}" in str(caught.value)
    assert not list(folder.iterdir())


def test_a_file_of_that_name_comes_first(hub, monkeypatch):
    there, folder = hub
    monkeypatch.chdir(there.parent)
    there.rename(there.parent / "squeezenet")
    assert "SqueezeNet 1.1" in hs.feature_net("squeezenet").description
    assert not folder.exists()
