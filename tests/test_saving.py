"""Saved models come back to the bit; anything odd in a folder is refused with one sentence; nothing is ever run."""

import errno
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.base import clone
from torch import nn

import hiddenspace as hs
from hiddenspace import saving
from hiddenspace.errors import ModelError, UsageError
from hiddenspace.names import MODELS
from hiddenspace.params import params_as_json

QUIET = hs.Trainer(progress=False)
rng = np.random.default_rng(0)
ROWS = rng.normal(size=(40, 6)).astype(np.float32)
FRAME = pd.DataFrame({"a": rng.normal(size=40), "b": rng.choice(["x", "y"], 40), "c": rng.integers(0, 9, 40)})
SOURCES = {"rows": ROWS, "pictures": rng.integers(0, 256, (30, 3, 8, 8), dtype=np.uint8), "table": FRAME}


def make(name="Autoencoder", **params):
    model = getattr(hs, name)(code=2, random_state=0, trainer=QUIET)
    short = {key: size for key, size in {"epochs": 2, "width": 16, "depth": 1}.items() if hasattr(model, key)}
    return model.set_params(**short, **params)


@pytest.fixture
def folder(tmp_path) -> Path:
    make().fit(ROWS).save_pretrained(tmp_path / "m")
    return tmp_path / "m"


def edit(folder: Path, change) -> None:
    """Changes config.json."""
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))


def edit_tensors(folder: Path, change) -> None:
    """Changes the tensors, and the checksum along with them."""
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    digest = saving.hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    edit(folder, lambda config: config.update(sha256=digest))


def refused(folder, message, **modules):
    with pytest.raises(ModelError, match=message) as caught:
        hs.load(folder, **modules)
    assert re.fullmatch(r"[^\n]*\.", str(caught.value))


# there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", MODELS.values())
def test_the_same_model_to_the_bit(name, source, tmp_path):
    X = SOURCES[source]
    model = make(name).fit(X)
    model.save_pretrained(tmp_path / "m")
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["README.md", "config.json", "model.safetensors"]
    before = torch.get_rng_state()
    again = hs.load(tmp_path / "m")
    assert torch.equal(before, torch.get_rng_state())
    assert type(again) is type(model)
    codes = model.transform(X)
    np.testing.assert_array_equal(again.transform(X), codes)
    if hasattr(model, "inverse_transform"):
        assert again.score(X) == model.score(X)
        decoded = [each.inverse_transform(codes) for each in (model, again)]
        assert decoded[0].equals(decoded[1]) if source == "table" else (decoded[0] == decoded[1]).all()
    unsaved = {"trainer": None}
    assert again.get_params() == {**model.get_params(), **unsaved}
    for learned in ("history_", "data_", "seed_", "n_features_in_", "code_size_"):
        assert getattr(again, learned) == getattr(model, learned)
    assert getattr(again, "best_epoch_", 0) == getattr(model, "best_epoch_", 0)
    assert list(getattr(again, "feature_names_in_", [])) == list(getattr(model, "feature_names_in_", []))
    assert list(again.get_feature_names_out()) == list(model.get_feature_names_out())


@pytest.mark.parametrize("name", MODELS.values())
def test_a_loaded_model_can_be_saved_cloned_pickled_and_fitted(name, tmp_path):
    model = make(name).fit(ROWS)
    model.save_pretrained(tmp_path / "m")
    again = hs.load(tmp_path / "m")
    again.save_pretrained(tmp_path / "n")
    for file in ("config.json", "model.safetensors"):
        assert (tmp_path / "m" / file).read_bytes() == (tmp_path / "n" / file).read_bytes()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(again)).transform(ROWS), model.transform(ROWS))
    np.testing.assert_array_equal(clone(again).fit(ROWS).transform(ROWS), model.transform(ROWS))


def test_pca_keeps_its_spectrum(tmp_path):
    model = make("PCA").fit(ROWS)
    model.save_pretrained(tmp_path)
    again = hs.load(tmp_path)
    for learned in ("components_", "explained_variance_", "explained_variance_ratio_", "spectrum_"):
        np.testing.assert_array_equal(getattr(again, learned), getattr(model, learned))


@pytest.mark.parametrize("corruption", [hs.MaskingNoise(0.2), hs.SaltAndPepper(0.1), hs.GaussianNoise(0.5)])
def test_arguments_of_ours_come_back(corruption, tmp_path):
    make(corruption=corruption, code_noise=hs.Dropout(0.25)).fit(ROWS).save_pretrained(tmp_path)
    again = hs.load(tmp_path)
    assert again.corruption == corruption
    assert again.code_noise == hs.Dropout(0.25)


def test_numbers_of_numpy_come_back(tmp_path):
    make(code=np.int64(2), sparsity=np.float32(0.5)).fit(ROWS).save_pretrained(tmp_path)
    assert hs.load(tmp_path).get_params()["code"] == 2
    assert hs.load(tmp_path).get_params()["sparsity"] == 0.5


def test_a_random_state_that_has_moved_on_is_not_kept(tmp_path):
    make(random_state=np.random.RandomState(1)).fit(ROWS).save_pretrained(tmp_path)
    assert hs.load(tmp_path).random_state is None


def test_a_run_folder_holds_its_model(tmp_path):
    model = make().fit(ROWS)
    model.save_pretrained(tmp_path / "run" / "model")
    np.testing.assert_array_equal(hs.load(str(tmp_path / "run")).transform(ROWS), model.transform(ROWS))


@pytest.mark.parametrize("device", ["cuda", "cuda:99", "nonsense"])  # the tests see no GPU
def test_a_device_that_is_not_there(device, folder):
    model = hs.load(folder)
    before = model.transform(ROWS)
    with pytest.raises(UsageError, match=rf"There is no device {device} here \(.*\); use another, such as 'cpu'\."):
        model.to(device)
    np.testing.assert_array_equal(model.to("cpu").transform(ROWS), before)


def test_from_pretrained_wants_its_class(folder):
    assert isinstance(hs.Autoencoder.from_pretrained(folder), hs.Autoencoder)
    with pytest.raises(ModelError, match="holds a Autoencoder, not a PCA"):
        hs.PCA.from_pretrained(folder)


class Mine(hs.Autoencoder):
    """Somebody's own estimator."""


def test_a_class_of_ones_own_is_read_by_that_class(tmp_path):
    model = Mine(code=2, epochs=1, trainer=QUIET).fit(ROWS)
    model.save_pretrained(tmp_path)
    refused(tmp_path, "class 'Mine'")
    np.testing.assert_array_equal(Mine.from_pretrained(tmp_path).transform(ROWS), model.transform(ROWS))


# code of one's own ------------------------------------------------------------------------------------------------


def halve(x):
    return x / 2


def test_own_networks_are_given_again(tmp_path):
    mine = nn.Linear(6, 2), nn.Linear(2, 6)
    kept = mine[0].weight.clone()
    model = hs.Autoencoder(encoder=mine[0], decoder=mine[1], epochs=1, trainer=QUIET).fit(ROWS)
    assert torch.equal(mine[0].weight, kept)
    model.save_pretrained(tmp_path)
    refused(tmp_path, r"encoder was code of your own \(Linear\).*load\(folder, encoder=...\)")
    refused(tmp_path, "decoder was code of your own", encoder=nn.Linear(6, 2))
    again = hs.load(tmp_path, encoder=nn.Linear(6, 2), decoder=nn.Linear(2, 6))
    np.testing.assert_array_equal(again.transform(ROWS), model.transform(ROWS))
    np.testing.assert_array_equal(
        hs.Autoencoder.from_pretrained(tmp_path, encoder=nn.Linear(6, 2), decoder=nn.Linear(2, 6)).transform(ROWS),
        model.transform(ROWS),
    )
    refused(tmp_path, "unknown tensor", encoder=nn.Linear(6, 2, bias=False), decoder=nn.Linear(2, 6))
    refused(tmp_path, "lacks the tensor", encoder=nn.Sequential(nn.Linear(6, 2)), decoder=nn.Linear(2, 6))
    refused(tmp_path, "takes no 'loss'", loss=halve)


def test_own_functions_are_needed_only_to_fit_again(tmp_path):
    model = make(corruption=halve).fit(ROWS)
    model.save_pretrained(tmp_path / "m")
    again = hs.load(tmp_path / "m")
    np.testing.assert_array_equal(again.transform(ROWS), model.transform(ROWS))
    again.save_pretrained(tmp_path / "n")
    assert (tmp_path / "n" / "config.json").read_bytes() == (tmp_path / "m" / "config.json").read_bytes()
    with pytest.raises(ModelError, match=r"corruption was code of your own \(halve\)"):
        again.set_params(trainer=QUIET).fit(ROWS)
    whole = hs.load(tmp_path / "m", corruption=halve).set_params(trainer=QUIET)
    np.testing.assert_array_equal(whole.fit(ROWS).transform(ROWS), model.transform(ROWS))


# what is refused --------------------------------------------------------------------------------------------------

CONFIGS = {
    "a class that is an import path": (lambda c: c.update({"class": "os.system"}), "class 'os.system'"),
    "a public name that is no model": (lambda c: c.update({"class": "Trainer"}), "class 'Trainer'"),
    "another library": (lambda c: c.update(library="transformers"), "another library"),
    "a newer format": (lambda c: c.update(format=2, version="9.0"), "hiddenspace 9.0, newer than this one"),
    "a newer format with new keys": (lambda c: c.update(format=2, more=1), "newer than this one"),
    "an unknown key": (lambda c: c.update(hook="os.system"), r"unknown or missing keys \(hook\)"),
    "a missing key": (lambda c: c.pop("fitted"), r"unknown or missing keys \(fitted\)"),
    "a key of another type": (lambda c: c.update(fitted=[]), "'fitted' .* is no dict"),
    "a format that is a word": (lambda c: c.update(format="one"), "'format' .* is no int"),
    "an unknown argument": (lambda c: c["params"].update(shell="ls"), "sets 'shell', unknown"),
    "an argument by import path": (lambda c: c["params"].update(corruption={"name": "os.system"}), "unknown"),
    "a list for an argument": (lambda c: c["params"].update(code=[1]), "unknown"),
    "a corruption with an unknown field": (
        lambda c: c["params"].update(corruption={"name": "GaussianNoise", "run": "ls"}),
        "cannot be made of",
    ),
    "a corruption out of its range": (
        lambda c: c["params"].update(corruption={"name": "GaussianNoise", "sigma": -1}),
        "cannot be made of",
    ),
    "an unknown kind of data": (lambda c: c["fitted"]["format"].update(kind="smells"), "'smells'"),
    "a format without its shape": (lambda c: c["fitted"]["format"].pop("shape"), "incomplete or damaged"),
    "nothing learned": (lambda c: c.update(fitted={}), "incomplete or damaged"),
    "a learned thing that is unknown": (lambda c: c["fitted"].update(more=1), r"unknown keys \(more\)"),
    "no code": (lambda c: c["fitted"].update(code=None), "incomplete or damaged"),
    "another width": (lambda c: c["params"].update(width=8), "of shape"),
    "another depth": (lambda c: c["params"].update(depth=2), "tensor"),
    "another code": (lambda c: c["fitted"].update(code=3), "of shape"),
    "another checksum": (lambda c: c.update(sha256="0" * 64), "does not belong to its config.json"),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_an_odd_config(case, folder):
    change, message = CONFIGS[case]
    edit(folder, change)
    refused(folder, message)


def test_no_import_path_in_a_file_is_followed(folder, monkeypatch):
    def alarm(*_):
        raise AssertionError("a name out of a file was imported")

    for value in ("os.system", {"name": "os.system"}, {"code": "os.system"}):
        edit(folder, lambda config, value=value: config["params"].update(encoder=value, trainer=value))
        monkeypatch.setattr("os.system", alarm)
        with pytest.raises((ModelError, UsageError)):
            hs.load(folder)


TENSORS = {
    "one missing": (lambda t: t.pop(sorted(t)[0]), "lacks the tensor"),
    "one too many": (lambda t: t.update(extra=torch.zeros(1)), "unknown tensor 'extra'"),
    "another shape": (lambda t: t.update({k: torch.zeros(1) for k in sorted(t)[:1]}), r"of shape \(1,\)"),
    "another type": (lambda t: t.update({k: v.double() for k, v in t.items()}), "float64"),
}


@pytest.mark.parametrize("case", TENSORS)
def test_odd_tensors(case, folder):
    change, message = TENSORS[case]
    edit_tensors(folder, change)
    refused(folder, message)


def test_damaged_files(folder):
    weights, config = (folder / "model.safetensors").read_bytes(), (folder / "config.json").read_bytes()
    for cut in (0, 5, 100, len(weights) - 1):
        (folder / "model.safetensors").write_bytes(weights[:cut])
        refused(folder, "cannot be read")
    (folder / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    refused(folder, "does not belong to its config.json")
    (folder / "model.safetensors").write_bytes(weights)
    for broken in (b"", config[:50], b"\xff\xfe", b"[]", b"null", b"{}"):
        (folder / "config.json").write_bytes(broken)
        refused(folder, "cannot be read|another library")
    (folder / "config.json").write_bytes(config)
    assert hs.load(folder).transform(ROWS).shape == (40, 2)


class Bomb:
    def __reduce__(self):
        return (exec, ("raise AssertionError('unpickled')",))


@pytest.mark.parametrize("file", ["model.pkl", "model.pt", "pytorch_model.bin", "model.joblib"])
def test_a_pickle_is_never_opened(file, tmp_path):
    (tmp_path / file).write_bytes(pickle.dumps(Bomb()))
    refused(tmp_path, f"only {file}, a pickle, which is never opened")
    refused(tmp_path / file, "is a file")


def test_a_pickle_in_the_place_of_tensors(folder):
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    refused(folder, "cannot be read")


def test_places_without_a_model(tmp_path):
    refused(tmp_path, "no config.json and model.safetensors")
    refused(tmp_path / "nothing" / "here", "there is no model folder")
    refused("nowhere", "there is no model folder")


def test_a_name_that_the_hub_does_not_have(monkeypatch):
    def offline(*_, **__):
        raise ConnectionError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    refused("somebody/model", "no folder somebody/model, and the Hugging Face Hub did not give it")


def test_a_model_from_the_hub(folder, monkeypatch):
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **_: str(folder))
    assert isinstance(hs.load("somebody/model"), hs.Autoencoder)


# writing ----------------------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file", tmp_path / "file" / "m"):
        with pytest.raises(ModelError, match="cannot write the model"):
            make("PCA").fit(ROWS).save_pretrained(place)
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("files_written", [0, 1, 2])
def test_a_full_disk_leaves_the_older_model(files_written, folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write, written = saving.write_durably, []

    def until_full(path, content):
        if len(written) == files_written:
            path.write_bytes(content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        write(path, content)

    monkeypatch.setattr(saving, "write_durably", until_full)
    with pytest.raises(ModelError, match=r"cannot write .* \(No space left on device\).*is untouched"):
        make(random_state=1).fit(ROWS).save_pretrained(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    monkeypatch.undo()
    make(random_state=1).fit(ROWS).save_pretrained(folder)
    assert hs.load(folder).random_state == 1


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), PermissionError(errno.EACCES, "Permission denied")], ids=repr)
def test_a_failure_between_two_moves_is_noticed(failure, folder, monkeypatch):
    replace, moved = saving.os.replace, []

    def until_it_fails(source, target):
        if Path(target).name == "config.json":
            raise failure
        moved.append(target)
        replace(source, target)

    monkeypatch.setattr(saving.os, "replace", until_it_fails)
    told = "what was there before is partly replaced" if isinstance(failure, OSError) else None
    with pytest.raises((KeyboardInterrupt, ModelError), match=told):
        make(random_state=1).fit(ROWS).save_pretrained(folder)
    assert moved
    monkeypatch.undo()
    refused(folder, "does not belong to its config.json")


def test_what_else_is_in_the_folder_stays(folder):
    (folder / "notes.txt").write_text("mine")
    make(random_state=1).fit(ROWS).save_pretrained(folder)
    assert (folder / "notes.txt").read_text() == "mine"


def test_how_it_was_run_is_not_saved(folder):
    config = json.loads((folder / "config.json").read_text())
    assert "trainer" not in config["params"]
    assert set(config["versions"]) == {"hiddenspace", "torch", "numpy", "scikit-learn", "python"}


class FakeHub:
    """Remembers what it is asked, in the place of huggingface_hub.HfApi."""

    calls: list = []  # noqa: RUF012

    def __init__(self, token=None):
        self.calls.append(("token", token))

    def create_repo(self, repo_id, *, private, exist_ok):
        self.calls.append(("create", repo_id, private, exist_ok))

    def upload_folder(self, *, repo_id, folder_path, commit_message):
        files = {path.name: path.read_text(errors="replace") for path in Path(folder_path).iterdir()}
        self.calls.append(("upload", repo_id, files, commit_message))
        return f"https://huggingface.co/{repo_id}"


def test_push_to_hub(monkeypatch):
    monkeypatch.setattr("huggingface_hub.HfApi", FakeHub)
    address = make().fit(ROWS).push_to_hub("somebody/rows", private=True, token="secret")
    assert address == "https://huggingface.co/somebody/rows"
    (_, token), create, (_, repo, files, _) = FakeHub.calls
    assert token == "secret"
    assert create == ("create", "somebody/rows", True, True)
    assert repo == "somebody/rows"
    assert sorted(files) == ["README.md", "config.json", "model.safetensors"]
    assert "hs.load('somebody/rows')" in files["README.md"]
    assert "secret" not in "".join(files.values())


# the card ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", MODELS.values())
def test_the_card_says_what_it_is(name, source, tmp_path):
    model = make(name).fit(SOURCES[source])
    model.data_["scores"] = {"PCA": 0.75}
    model.save_pretrained(tmp_path)
    card = (tmp_path / "README.md").read_text()
    head = yaml_head(card)
    assert head["library_name"] == "hiddenspace"
    decodes = hasattr(model, "inverse_transform")
    family = [] if name == "ContrastiveEncoder" else ["autoencoder"]
    assert head["tags"] == ["hiddenspace", model.format_.kind, *family]
    things = {
        "rows": "rows of 6 numbers",
        "pictures": "images of 8x8 pixels with 3 channels",
        "table": "the rows of a table with 3 columns",
    }
    assert f"that encodes {things[source]} into 2 numbers{' and back' * decodes}." in card
    assert ("model.inverse_transform(codes)" in card) == decodes
    assert f"{len(SOURCES[source])} items (array): " in card or f"{len(SOURCES[source])} items (table): " in card
    assert str(tmp_path) not in card  # where it lay is nobody else's business
    assert "| explained variance of PCA, held-out items | 0.7500 |" in card
    assert f"| hiddenspace | {hs.__version__} |" in card
    assert "| code | 2 |" in card
    if name == "PCA":
        assert "| explained variance, training items |" in card
    else:
        assert f"| epoch kept | {model.best_epoch_} of 2 |" in card
        assert not decodes or "| mean squared error in model space, training items |" in card


def yaml_head(card: str):
    import yaml

    return yaml.safe_load(card.split("---\n")[1])


def test_a_path_is_saved_as_text():
    assert params_as_json({"features": Path("nets") / "vgg.pth"}) == {"features": str(Path("nets") / "vgg.pth")}
