import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.base import clone

import hiddenspace as hs
from hiddenspace.errors import DataError, UsageError
from hiddenspace.style.photographs import pieces

rng = np.random.default_rng(0)
QUIET = hs.Trainer(progress=False)
PHOTOS = rng.integers(0, 256, (5, 36, 44, 3), np.uint8)
CONTENT = (255 * np.linspace(0.2, 0.8, 40)[:, None, None] * np.ones((40, 57, 3))).astype(np.uint8)
STYLE = (np.indices((40, 36)).sum(0)[..., None] // 4 % 2 * [255, 128, 0]).astype(np.uint8)

torch.manual_seed(0)
EYES = torch.nn.Sequential(
    torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 12, 3, 2, padding=1), torch.nn.ReLU()
)


def small(**settings) -> hs.FastStyle:
    settings = {
        "features": EYES,
        "style_layers": ("1", "3"),
        "content_layers": "3",
        "mrf_layers": "3",
        "steps": 3,
        "size": 40,
        "crop": 32,
        "scales": 1,
        "width": 4,
        "blocks": 1,
        "random_state": 0,
        "trainer": QUIET,
        **settings,
    }
    return hs.FastStyle(**settings)


@pytest.fixture(scope="module")
def fitted() -> hs.FastStyle:
    return small(mrf_weight=1.0, steps=4).fit(PHOTOS, style=STYLE)


@pytest.mark.parametrize("settings", [{"mrf_weight": 1.0}, {"mrf_weight": 0.0, "texture": "gram", "tv_weight": 0.1}])
def test_pictures_come_nearer_to_the_style(settings) -> None:
    model = small(steps=100, content_weight=0.1, trainer=hs.Trainer(progress=False, ema=0.0), **settings)
    model.fit(PHOTOS, style=STYLE)
    losses = [row["loss"] for row in model.history_]
    assert len(losses) == 2
    assert losses[-1] < 0.9 * losses[0]
    # the checks are dark yellow, and the content is grey
    made = model.stylize(CONTENT).astype(float).mean((0, 1))
    assert made[0] - made[2] > 40


def test_every_term_of_the_loss_has_a_name(fitted) -> None:
    terms = {name.removeprefix("train/").split()[0] for name in fitted.history_[0] if name.startswith("train/")}
    assert terms == {"style", "patches", "content"}
    assert fitted.features_.startswith("module Sequential")
    one = small(mrf_weight=0.0, content_weight=0.0, tv_weight=1.0).fit(PHOTOS, style=STYLE)
    assert "train/total variation" in one.history_[0]


@pytest.mark.parametrize(
    ("size", "shape"), [(None, (40, 57, 3)), (80, (56, 80, 3)), (30, (21, 30, 3))], ids=["its own", "larger", "smaller"]
)
def test_pictures_of_any_size_in_any_form(fitted, size, shape, tmp_path) -> None:
    Image.fromarray(CONTENT).save(tmp_path / "content.png")
    tensor = torch.from_numpy(CONTENT).permute(2, 0, 1) / 255
    wanted = fitted.stylize(CONTENT, size=size)
    assert wanted.shape == shape
    assert wanted.dtype == np.uint8
    for form in (tmp_path / "content.png", str(tmp_path / "content.png"), Image.fromarray(CONTENT), tensor):
        np.testing.assert_array_equal(fitted.stylize(form, size=size), wanted)
    assert fitted.stylize(CONTENT[..., 0], size=size).shape == shape


def test_a_large_picture_is_painted_in_tiles(fitted) -> None:
    large = np.tile(PHOTOS[0], (8, 8, 1))
    whole = fitted.stylize(large).astype(float)
    tiled = clone(fitted).set_params(tile=192)
    tiled.__dict__ |= {name: value for name, value in vars(fitted).items() if name.endswith("_")}
    made = tiled.stylize(large)
    assert made.shape == large.shape
    assert np.abs(made - whole).mean() < 0.2 * whole.std()


def test_equal_seeds_give_equal_nets() -> None:
    one, same, other = (small(random_state=seed).fit(PHOTOS, style=STYLE) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.stylize(CONTENT), same.stylize(CONTENT))
    assert one.fingerprint() == same.fingerprint() != other.fingerprint()


def test_a_saved_one_paints_the_same(fitted, tmp_path) -> None:
    fitted.save_pretrained(tmp_path)
    again = hs.load(tmp_path)
    np.testing.assert_array_equal(again.stylize(CONTENT), fitted.stylize(CONTENT))
    assert (again.features_, again.history_) == (fitted.features_, fitted.history_)
    card = (tmp_path / "README.md").read_text()
    assert "model.stylize(" in card
    assert "image-to-image" in card


def test_folders_datasets_and_grey_photographs_are_learned_from(tmp_path) -> None:
    for number, photo in enumerate(PHOTOS):
        Image.fromarray(photo).save(tmp_path / f"{number}.png")
    model = small().fit(tmp_path, style=STYLE)
    assert model.data_["shape"] == [40, 40, 3]
    same = small().fit(hs.load_dataset(tmp_path, size=40), style=STYLE)
    np.testing.assert_array_equal(same.stylize(CONTENT), model.stylize(CONTENT))
    assert small().fit(PHOTOS[..., 0], style=STYLE).stylize(CONTENT).shape == CONTENT.shape
    learning = small(features="patches", style_layers=None, content_layers=None, mrf_layers=None)
    assert learning.fit(np.tile(PHOTOS, (1, 2, 2, 1)) / 255, style=STYLE).stylize(CONTENT).shape == CONTENT.shape


def test_an_interrupted_training_goes_on_as_if_nothing_had_been(tmp_path) -> None:
    class Leave(hs.Observer):
        def __call__(self, event):
            if event.round == 2 and not left:
                left.append(True)
                raise KeyboardInterrupt

    left: list[bool] = []
    folder = {"folder": tmp_path, "checkpoint_seconds": 0.0, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        small(trainer=hs.Trainer(**folder, observers=[Leave()])).fit(PHOTOS, style=STYLE)
    resumed = small(trainer=hs.Trainer(**folder, resume=True)).fit(PHOTOS, style=STYLE)
    whole = small().fit(PHOTOS, style=STYLE)
    np.testing.assert_array_equal(resumed.stylize(CONTENT), whole.stylize(CONTENT))
    with pytest.raises(hs.errors.TrainingError, match="other settings"):
        small(trainer=hs.Trainer(**folder, resume=True)).fit(PHOTOS, style=STYLE[::-1])


def test_pieces_are_cut_from_all_over_and_half_of_them_mirrored() -> None:
    x = torch.arange(12.0).expand(400, 1, 10, 12)
    torch.manual_seed(0)
    cut = pieces(x, 8)
    assert cut.shape == (400, 3, 8, 8)
    steps = cut[:, 0, 0, 1] - cut[:, 0, 0, 0]
    assert steps.abs().eq(1).all()
    assert 150 < (steps < 0).sum() < 250
    assert set(cut[:, 0, 0].amin(1).tolist()) == {0.0, 1.0, 2.0, 3.0, 4.0}


BAD = {
    "no style": ({}, PHOTOS, None, UsageError, "give style="),
    "several styles": ({}, PHOTOS, [STYLE, STYLE], UsageError, "one style"),
    "one colour": ({}, PHOTOS, np.full((40, 40, 3), 7, np.uint8), DataError, "only one colour"),
    "small style": ({"scales": 2}, PHOTOS, STYLE[:20], DataError, "fewer scales"),
    "no photographs": ({}, np.zeros((0, 40, 40, 3), np.uint8), STYLE, DataError, "minimum of 1"),
    "one photograph": ({}, PHOTOS[:1], STYLE, DataError, "at least 2"),
    "no pictures": ({}, np.zeros((9, 4)), STYLE, DataError, "no pictures"),
    "five channels": ({}, np.zeros((4, 40, 40, 5)), STYLE, DataError, "5 channels"),
    "small photographs": ({}, PHOTOS[:, :20], STYLE, DataError, "make crop= smaller"),
    "nowhere": ({}, "no/such/folder", STYLE, DataError, "does not exist"),
    "crop": ({"crop": 20}, PHOTOS, STYLE, UsageError, "crop=20"),
    "crop beyond size": ({"crop": 41}, PHOTOS, STYLE, UsageError, "crop=41"),
    "scales": ({"scales": 3}, PHOTOS, STYLE, UsageError, "scales=3"),
    "steps": ({"steps": 0}, PHOTOS, STYLE, UsageError, "steps=0"),
    "tile": ({"tile": 100}, PHOTOS, STYLE, UsageError, "tile=100"),
    "width": ({"width": 0}, PHOTOS, STYLE, UsageError, "width=0"),
    "blocks": ({"blocks": 1.5}, PHOTOS, STYLE, UsageError, "blocks=1.5"),
    "weight": ({"style_weight": -1}, PHOTOS, STYLE, UsageError, "style_weight=-1"),
    "texture": ({"texture": "cosine"}, PHOTOS, STYLE, UsageError, "texture='cosine'"),
    "layer": ({"style_layers": "relu9"}, PHOTOS, STYLE, UsageError, "relu9"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_makes_no_sense_is_refused_before_any_work(name) -> None:
    settings, photographs, style, error, words = BAD[name]
    model = small(**settings)
    with pytest.raises(error, match=words):
        model.fit(photographs, style=style)
    assert not hasattr(model, "painter_")


@pytest.mark.parametrize(
    ("content", "size", "error"),
    [
        (CONTENT[:10], None, DataError),
        ("nowhere.png", None, DataError),
        (CONTENT, 0, UsageError),
        (CONTENT, 8, DataError),
    ],
)
def test_contents_that_cannot_be_painted(fitted, content, size, error) -> None:
    with pytest.raises(error):
        fitted.stylize(content, size=size)
