"""All figures at once, and what they may be of."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.metrics import reading
from hiddenspace.metrics.summary import measure

rng = np.random.default_rng(0)


class Pixels(nn.Module):
    """The pixels as they are; called what one says."""

    def __init__(self, description: str = "pixels", *, is_inception: bool = False) -> None:
        super().__init__()
        self.description, self.is_inception = description, is_inception

    def forward(self, x):
        return x.flatten(1)


class Drawer:
    """A generator of bytes."""

    def __init__(self) -> None:
        self.asked = []

    def sample(self, n, random_state=None):
        self.asked.append((n, random_state))
        return np.random.default_rng(random_state).integers(0, 256, size=(n, 5, 5), dtype=np.uint8)


def images(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=(n, 5, 5), dtype=np.uint8)


def test_its_figures_are_those_of_the_functions():
    a, b = images(60), images(60, 1) // 2
    found = measure(a, b, Pixels())
    rows = [x.reshape(60, -1) / 255 for x in (a, b)]
    metrics = hs.metrics
    assert found.frechet == pytest.approx(metrics.frechet_distance(*rows), rel=1e-4)
    assert (found.kernel, found.kernel_deviation) == pytest.approx(metrics.kernel_distance(*rows), rel=1e-4)
    assert (found.precision, found.recall) == metrics.precision_recall(*rows)
    assert (found.density, found.coverage) == metrics.density_coverage(*rows)
    assert (found.diversity, found.real_diversity) == pytest.approx(metrics.pairwise_diversity(*rows), rel=1e-4)
    assert (found.dimensions, found.generated_items, found.real_items) == (25, 60, 60)
    assert found.notes == ()


def test_only_inception_gives_a_fid():
    a, b = images(30), images(30, 1)
    other, fid = measure(a, b, Pixels()), measure(a, b, Pixels("Inception", is_inception=True))
    assert (other.name, fid.name) == ("Frechet distance over pixels", "FID")
    assert ("FID" in str(other), "KID" in str(other)) == (False, False)
    assert ("FID" in str(fid), "KID" in str(fid)) == (True, True)
    assert json.loads(json.dumps(fid.as_dict()))["name"] == "FID"


def test_it_tells_counts_features_and_what_cannot_be_compared():
    found = measure(images(30), images(12, 1), Pixels("these pixels"))
    assert "30 generated items against 12 real ones; features: these pixels (25 numbers an item)." in str(found)
    assert any("unequal sizes (30 and 12)" in note for note in found.notes)
    assert any("fewer items (12) than numbers an item (25)" in note for note in found.notes)


def test_at_most_n_items_are_drawn_by_the_seed():
    a, b = images(50), images(50, 1)
    first, again, other = (measure(a, b, Pixels(), n=20, random_state=seed) for seed in (0, 0, 1))
    assert (first.generated_items, first.real_items) == (20, 20)
    assert first == again != other


def test_other_real_items_stand_beside_where_there_are_enough():
    a, b = images(40) // 2, images(100, 1)
    found = measure(a, b, Pixels(), n=40)
    order = np.random.default_rng(0).permutation(100)
    rows = [b[np.sort(order[:40])], b[order[40:80]]]
    assert found.floor.frechet == pytest.approx(hs.metrics.frechet_distance(*rows, Pixels()), rel=1e-4)
    assert found.floor.frechet < found.frechet
    assert (found.floor.generated_items, found.floor.floor) == (40, None)
    assert "other real" in str(found)
    assert json.loads(json.dumps(found.as_dict()))["floor"]["precision"] == found.floor.precision
    for few in (measure(a, b[:60], Pixels(), n=40), measure(a, b, Pixels())):
        assert few.floor is None
        assert "other real" not in str(few)


def test_a_generator_makes_as_many_as_there_are_real_ones():
    drawer = Drawer()
    assert measure(drawer, images(40), Pixels(), random_state=5).generated_items == 40
    assert measure(drawer, images(40), Pixels(), n=30).generated_items == 30
    assert drawer.asked == [(40, 5), (30, 0)]
    assert hs.metrics.frechet_distance(drawer, images(40), Pixels(), n=70, random_state=2) > 0
    assert drawer.asked[2:] == [(70, 2)]


@pytest.mark.parametrize("known", ["seed", "no seed"])
def test_generators_of_others(known):
    def with_seed(count, seed):
        return images(count, seed)

    generator = SimpleNamespace(sample=with_seed if known == "seed" else lambda count: images(count))
    assert measure(generator, images(40), Pixels(), random_state=0).frechet == pytest.approx(0, abs=1e-9)


def test_tables_are_no_generators_and_have_standardised_columns():
    frame = pd.DataFrame({"size": rng.normal(size=80) * 1e6, "colour": rng.choice(["red", "blue"], 80)})
    scaled = frame.assign(size=frame["size"] + 3 * frame["size"].std(ddof=0))
    found = measure(scaled, frame)
    assert "standardised columns" in found.features
    assert found.frechet == pytest.approx(9, rel=1e-3)
    assert hs.metrics.frechet_distance(frame, frame) == pytest.approx(0, abs=1e-9)


def test_columns_that_only_the_real_table_has_are_left_out():
    wine = hs.load_dataset("wine").items
    found = measure(wine, wine.assign(kind="red"))
    assert found.dimensions == 13
    assert "Left out, as the generated table lacks them: kind." in found.notes
    with pytest.raises(DataError, match="no column"):
        measure(wine[["ash"]], wine[["hue"]])


def test_images_by_default_go_through_a_random_net_of_the_seed():
    a, b = images(30), images(30, 1)
    found = measure(a, b)
    assert "random" in found.features
    assert "seed 0" in found.features
    assert found == measure(a, b, "random")
    assert found.frechet != measure(a, b, random_state=1).frechet


@pytest.mark.parametrize("model", [hs.PCA(3, random_state=0), hs.VariationalAutoencoder(code=3, epochs=1)])
def test_a_fitted_model_gives_its_codes(model):
    data = images(60)
    fitted = model.fit(data)
    found = measure(data[:30], data[30:], fitted)
    codes = fitted.transform(data)
    assert found.frechet == pytest.approx(hs.metrics.frechet_distance(codes[:30], codes[30:]), rel=1e-4)
    assert type(model).__name__ in found.features


def test_a_classifier_gives_what_its_head_sees():
    data, labels = images(60), np.arange(60) % 2
    model = hs.Classifier(init=nn.Sequential(nn.Flatten(), nn.Linear(25, 5)), epochs=1, random_state=0)
    model.fit(data, labels)
    with torch.inference_mode():
        codes = model.encoder_(torch.from_numpy(data[:, None] / np.float32(255))).numpy()
    found = hs.metrics.frechet_distance(data[:30], data[30:], model)
    assert found == pytest.approx(hs.metrics.frechet_distance(codes[:30], codes[30:]), rel=1e-4)


@pytest.fixture
def folder(tmp_path):
    def make(name, sizes):
        (tmp_path / name).mkdir()
        for i, side in enumerate(sizes):
            pixels = rng.integers(0, 256, size=(side, side), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i:03d}.png")
        return tmp_path / name

    return make


def test_folders_and_sizes(folder):
    small, mixed, large = folder("a", [6] * 9), folder("b", [6, 8] * 5), folder("c", [200] * 9)
    assert measure(small, small, Pixels()).frechet == pytest.approx(0, abs=1e-9)
    for other in (mixed, large):
        with pytest.raises(DataError, match="say with size="):
            measure(small, other, Pixels())
        found = measure(small, other, Pixels(), size=6)
        assert found.dimensions == 36
        assert any("resized" in note for note in found.notes)


def test_the_sentence_that_tells_resized_images_is_still_that(folder):
    assert reading.RESIZED in " ".join(hs.load_dataset(folder("m", [6, 8])).notes)


@pytest.mark.parametrize(
    ("a", "b", "features", "says"),
    [
        (images(5), images(30), Pixels(), "k=5 needs more than 5 items"),
        (images(1), images(1), Pixels(), "k=5"),
        (images(30), np.zeros((30, 5, 5, 3)), Pixels(), "5x5 with 1 channel, the real ones"),
        (images(30), "wine", Pixels(), "two sets of one kind"),
        (images(30), images(30), lambda x: x, "are none"),
        (images(30), images(30), nn.Linear(3, 3), "does not take a batch of"),
        (images(30), images(30), nn.Unflatten(2, (1, 5)), "wrap it in one"),
        (np.full((30, 2), np.inf), np.zeros((30, 2)), None, "NaN or inf"),
        ("nowhere/at/all", images(30), Pixels(), "nowhere"),
        (SimpleNamespace(sample=lambda n: images(3)), images(30), Pixels(), "made 3 items instead of 30"),
        (np.zeros((30, 2)), np.zeros((30, 2)), "random", "is a net for images"),
        (images(30), images(30), "nonsense.pth", "nonsense.pth"),
        (images(30), hs.metrics.moments_of(np.eye(3)), Pixels(), "moments serve only"),
    ],
)
def test_what_cannot_be_measured(a, b, features, says):
    with pytest.raises((DataError, UsageError, ModelError), match=says) as caught:
        measure(a, b, features)
    assert str(caught.value).count(".\n") == 0


@pytest.mark.parametrize("function", ["precision_recall", "density_coverage", "kernel_distance", "measure"])
def test_features_that_are_not_finite(function):
    class Breaks(Pixels):
        def forward(self, x):
            made = x.flatten(1).clone()
            made[x[:, 0, 0, 0] > 0.99] = torch.nan
            return made

    bad = images(30)
    bad[7, 0, 0], bad[8:, 0, 0] = 255, 0
    bad[:7, 0, 0] = 0
    with pytest.raises(DataError, match=r"1 of the 30 generated items have features \(pixels\) with NaN"):
        getattr(hs.metrics, function)(bad, np.minimum(images(30, 1), 200), Breaks())


def test_ready_moments_take_no_other_part():
    with pytest.raises(DataError, match="moments serve only"):
        hs.metrics.kernel_distance(rng.normal(size=(9, 3)), hs.metrics.moments_of(rng.normal(size=(9, 3))))
