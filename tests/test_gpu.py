"""What is fitted on a GPU stays there, answers as on the CPU, and can be saved, resumed, compiled and built on.

These need a GPU and HIDDENSPACE_GPU=1 (see conftest.py).
"""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits

import hiddenspace as hs
from hiddenspace.nets.devices import device_of

DEVICE = "cuda"
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, and HIDDENSPACE_GPU=1")
DIGITS, LABELS = (part[:600] for part in load_digits(return_X_y=True))
TABLE = pd.DataFrame(DIGITS[:, 10:15], columns=list("abcde")).assign(word=np.where(LABELS > 4, "high", "low"))
DATA = {"images": (DIGITS.reshape(-1, 8, 8) * 15.9).astype(np.uint8), "rows": DIGITS[:, 10:30], "table": TABLE}
CUDA = hs.Trainer(accelerator=DEVICE, progress=False)
SHORT = {"epochs": 2, "random_state": 0, "trainer": CUDA}
MODELS = {
    "PCA": hs.PCA(4, trainer=CUDA),
    "plain": hs.Autoencoder(4, **SHORT),
    "sparse": hs.SparseAutoencoder(4, **SHORT),
    "redundant": hs.RedundantAutoencoder(4, **SHORT),
    "denoising": hs.DenoisingAutoencoder(4, **SHORT),
    "variational": hs.VariationalAutoencoder(4, **SHORT),
    "masked": hs.MaskedAutoencoder(4, **SHORT),
    "contrastive": hs.ContrastiveEncoder(4, **SHORT),
}


def fitted(name, kind="images"):
    return copy.deepcopy(MODELS[name]).fit(DATA[kind])


def on_cpu(model):
    return copy.deepcopy(model).to("cpu")


def assert_near(found, wanted):
    """Equal but for the rounding of TF32, in standard deviations of what is wanted."""
    np.testing.assert_allclose(found, wanted, atol=0.02 * max(float(np.nanstd(wanted)), 1e-3))


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_answers_as_on_the_cpu_and_is_saved(name, kind, tmp_path):
    model = fitted(name, kind)
    assert device_of(model.encoder_).type == ("cpu" if name == "PCA" else DEVICE)  # a decomposition comes back
    codes = model.transform(DATA[kind])
    assert_near(codes, on_cpu(model).transform(DATA[kind]))
    if hasattr(model, "inverse_transform") and kind != "table":
        assert_near(model.inverse_transform(codes), on_cpu(model).inverse_transform(codes))
    if name == "masked" and kind != "table":
        assert_near(*(of.complete(DATA[kind])[0] for of in (model, on_cpu(model))))  # the same parts are hidden
    model.save_pretrained(tmp_path)
    loaded = hs.load(tmp_path)
    np.testing.assert_allclose(loaded.transform(DATA[kind]), on_cpu(model).transform(DATA[kind]), atol=1e-5)
    assert_near(loaded.to(DEVICE).transform(DATA[kind]), codes)


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("start", ["PCA", "plain", "variational", "masked", "contrastive"])
def test_pretraining(start, kind, tmp_path):
    given = fitted(start, kind)
    for learner, answers in ((hs.Classifier, "predict_proba"), (hs.Regressor, "predict")):
        model = learner(init=given, epochs=2, random_state=0, trainer=CUDA).fit(DATA[kind], LABELS)
        assert device_of(model.encoder_).type == DEVICE
        model.save_pretrained(tmp_path / answers)
        wanted = getattr(model, answers)(DATA[kind])
        np.testing.assert_allclose(getattr(hs.load(tmp_path / answers), answers)(DATA[kind]), wanted, atol=0.05)


def test_unlabelled_images_and_pretraining_in_one():
    given = hs.ContrastiveEncoder(epochs=2, trainer=CUDA)
    model = hs.Classifier(init=given, consistency=1.0, epochs=2, random_state=0, trainer=CUDA)
    model.fit(DATA["images"][:100], LABELS[:100], unlabelled=DATA["images"])
    assert model.predict_proba(DATA["images"]).shape == (600, 10)


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("name", ["PCA", "plain", "variational"])
def test_every_use_of_a_space(name, kind, tmp_path):
    data = DATA[kind]
    first, second = (data.iloc[[0]], data.iloc[[1]]) if kind == "table" else (data[0], data[1])
    space = hs.HiddenSpace(fitted(name, kind), data)
    assert np.isfinite(space.map("pca").coordinates).all()
    for method in ("gmm", "kde", "flow"):
        assert len(space.sample(5, method=method, random_state=0)) == 5
    for method in ("reconstruction", "density", "both", "neighbours"):
        assert np.isfinite(space.score_samples(data, method=method)).all()
    assert len(space.morph(first, second, 5)) == 5
    moved = space.move(data[:3], space.direction(data[:50], data[50:90]), detail=kind != "table")
    assert len(moved) == 3
    assert space.relevance() is not None
    space.compress(data, tmp_path / "c.hsc")
    assert len(space.decompress(tmp_path / "c.hsc")) == 600
    if kind == "images" and name != "PCA":
        assert len(space.maximise([0, 1])) == 2


@pytest.mark.parametrize("name", ["plain", "contrastive"])
def test_similar_items_on_disk(name, tmp_path):
    pytest.importorskip("lancedb")
    model = fitted(name)
    hs.HiddenSpace(model, DATA["images"]).save(tmp_path)
    assert hs.HiddenSpace.open(tmp_path, model=model).similar(DATA["images"][7], 3)["id"].iloc[0] == 7


class Cut(hs.Observer):
    """Ends the process's patience after so many rounds."""

    def __call__(self, event):
        if event.round == 20:
            raise KeyboardInterrupt


@pytest.mark.parametrize("make", [hs.Autoencoder, hs.ContrastiveEncoder])
def test_interrupted_and_resumed(make, tmp_path):
    options = {"epochs": 6, "batch_size": 64, "random_state": 0}
    slow = replace(CUDA, precision="32", folder=tmp_path, checkpoint_seconds=0)
    with pytest.raises(KeyboardInterrupt):
        make(4, trainer=replace(slow, observers=[Cut()]), **options).fit(DATA["images"])
    resumed = make(4, trainer=replace(slow, resume=True), **options).fit(DATA["images"])
    whole = make(4, trainer=replace(CUDA, precision="32"), **options).fit(DATA["images"])
    assert len(resumed.history_) == len(whole.history_) == 6
    for row, wanted in zip(resumed.history_, whole.history_, strict=True):
        for name in (name for name in row if name.startswith("train/")):
            assert row[name] == pytest.approx(wanted[name], rel=0.05)  # sums of gradients vary in their order


@pytest.mark.filterwarnings("ignore")  # of torch's own, while it compiles
@pytest.mark.parametrize("make", [hs.Autoencoder, hs.ContrastiveEncoder])
def test_compiled(make):
    trainer = replace(CUDA, compile=True)
    model = make(4, epochs=2, random_state=0, trainer=trainer).fit(DATA["images"])
    assert np.isfinite(model.transform(DATA["images"])).all()


# against a discriminator -----------------------------------------------------------------------------------------


GENERATORS = {
    "GAN": lambda **how: hs.GAN(4, **how),
    "augmented": lambda **how: hs.GAN(4, augmentation=hs.Differentiable(), **how),
    "dcgan": lambda **how: hs.GAN(4, family="dcgan", **how),
    "wasserstein": lambda **how: hs.GAN(4, loss="wasserstein", **how),
    "hinge": lambda **how: hs.GAN(4, loss="hinge", **how),
    "conditional": lambda **how: hs.ConditionalGAN(4, conditioning="auxiliary", **how),
}


def generator(name, kind="images", **how):
    """Fitted on a few rounds."""
    model = GENERATORS[name](**{"epochs": 2, "inversion_steps": 20, "random_state": 0, "trainer": CUDA, **how})
    return model.fit(DATA[kind], LABELS) if name == "conditional" else model.fit(DATA[kind])


@pytest.mark.usefixtures("short_epochs")
@pytest.mark.filterwarnings("ignore::hiddenspace.generation.health.GenerationWarning")
@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_draws_as_on_the_cpu_and_is_saved(name, kind, tmp_path):
    model = generator(name, kind)
    assert device_of(model.generator_).type == device_of(model.discriminator_).type == DEVICE
    how = {} if name == "conditional" or kind == "images" else {"rejection": 0}  # rounding may bring one over the edge
    assert_near(next(model.draws(20, **how)), next(on_cpu(model).draws(20, **how)))
    some = DATA[kind][:5]
    assert_near(model.transform(some), on_cpu(model).transform(some))
    assert np.isfinite(model.invert(some, steps=5)).all()
    assert np.isfinite(list(model.health_.figures.values())).all()
    model.save_pretrained(tmp_path)
    np.testing.assert_allclose(next(hs.load(tmp_path).draws(20)), next(on_cpu(model).draws(20)), atol=1e-5)


@pytest.mark.usefixtures("short_epochs")
@pytest.mark.filterwarnings("ignore")  # of torch's own, while it compiles, and of the health of so short a training
def test_a_compiled_generator():
    assert np.isfinite(next(generator("GAN", trainer=replace(CUDA, compile=True)).draws(5))).all()


@pytest.mark.filterwarnings("ignore::hiddenspace.generation.health.GenerationWarning")
def test_adversarial_autoencoder_and_attributes():
    model = hs.AdversarialAutoencoder(4, epochs=2, random_state=0, trainer=CUDA).fit(DATA["images"])
    assert_near(model.transform(DATA["images"]), on_cpu(model).transform(DATA["images"]))
    images, attributes = hs.data.chairs(n=200, size=32, random_state=0)
    drawer = hs.AttributeGenerator(epochs=2, random_state=0, trainer=CUDA).fit(attributes, images)
    assert device_of(drawer.generator_).type == DEVICE
