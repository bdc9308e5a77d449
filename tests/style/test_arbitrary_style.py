import numpy as np
import pytest
import torch
from PIL import Image

import hiddenspace as hs
from hiddenspace.errors import DataError, ModelError, UsageError

rng = np.random.default_rng(0)
QUIET = hs.Trainer(progress=False)
PHOTOS = rng.integers(0, 256, (5, 36, 44, 3), np.uint8)
CONTENT = (255 * np.linspace(0.2, 0.8, 40)[:, None, None] * np.ones((40, 57, 3))).astype(np.uint8)
CHECKS = (np.indices((40, 40)).sum(0)[..., None] // 4 % 2 * [255, 128, 0]).astype(np.uint8)
LINES = (np.indices((40, 40))[0][..., None] // 3 % 2 * [0, 90, 255]).astype(np.uint8)
STYLES = np.stack([CHECKS, LINES])
torch.manual_seed(0)
EYES = torch.nn.Sequential(
    torch.nn.Conv2d(3, 8, 3, 2, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 12, 3, 2, padding=1), torch.nn.ReLU()
)


def small(**settings) -> hs.ArbitraryStyle:
    settings = {
        "features": EYES,
        "style_layers": ("1", "3"),
        "steps": 3,
        "size": 40,
        "crop": 32,
        "width": 4,
        "random_state": 0,
        "trainer": QUIET,
        **settings,
    }
    return hs.ArbitraryStyle(**settings)


@pytest.fixture(scope="module")
def fitted() -> hs.ArbitraryStyle:
    model = small(steps=200, style_weight=3.0, trainer=hs.Trainer(progress=False, ema=0.0))
    return model.fit(PHOTOS, styles=STYLES)


def test_pictures_come_nearer_to_each_style(fitted) -> None:
    losses = [row["loss"] for row in fitted.history_]
    assert losses[-1] < 0.8 * losses[0]
    assert {name.split()[0] for name in fitted.history_[0] if name.startswith("train/")} == {
        "train/style",
        "train/content",
    }
    checked, lined = (fitted.stylize(PHOTOS[0], style).astype(float).mean((0, 1)) for style in STYLES)
    assert checked[0] - checked[2] > 20  # the one is dark yellow
    assert lined[2] - lined[0] > 20  # and the other blue


def test_several_styles_share_a_picture_by_their_weights(fitted) -> None:
    alone = fitted.stylize(CONTENT, CHECKS)
    np.testing.assert_array_equal(fitted.stylize(CONTENT, [CHECKS, LINES], weights=[2, 0]), alone)
    blue = [fitted.stylize(PHOTOS[0], [CHECKS, LINES], weights=[1 - w, w])[..., 2].mean() for w in (0, 0.5, 1)]
    assert blue[0] < blue[1] < blue[2]


def test_with_less_strength_less_of_the_style_is_seen(fitted) -> None:
    none, some, whole = (fitted.stylize(PHOTOS[0], LINES, strength=s).astype(float) for s in (0, 0.5, 1))
    other = fitted.stylize(PHOTOS[0], CHECKS, strength=0)
    np.testing.assert_array_equal(none, other)
    assert np.abs(some - none).mean() < np.abs(whole - none).mean()


@pytest.mark.parametrize(
    ("size", "shape"), [(None, (40, 57, 3)), (80, (56, 80, 3)), (30, (21, 30, 3))], ids=["its own", "larger", "smaller"]
)
def test_pictures_of_any_size_in_any_form(fitted, size, shape, tmp_path) -> None:
    Image.fromarray(CONTENT).save(tmp_path / "content.png")
    Image.fromarray(LINES).save(tmp_path / "style.png")
    wanted = fitted.stylize(CONTENT, LINES, size=size)
    assert wanted.shape == shape
    assert wanted.dtype == np.uint8
    made = fitted.stylize(tmp_path / "content.png", str(tmp_path / "style.png"), size=size)
    np.testing.assert_array_equal(made, wanted)


def test_a_large_picture_is_painted_in_tiles(fitted) -> None:
    large = np.tile(PHOTOS[0], (8, 8, 1))
    whole = fitted.stylize(large, LINES).astype(float)
    fitted.set_params(tile=192)
    try:
        made = fitted.stylize(large, LINES)
    finally:
        fitted.set_params(tile=2048)
    assert np.abs(made - whole).mean() < 0.1 * whole.std()


def test_equal_seeds_give_equal_nets() -> None:
    one, same, other = (small(random_state=seed).fit(PHOTOS, styles=STYLES) for seed in (0, 0, 1))
    assert one.fingerprint() == same.fingerprint() != other.fingerprint()
    np.testing.assert_array_equal(one.stylize(CONTENT, LINES), same.stylize(CONTENT, LINES))


@pytest.mark.parametrize("features", ["patches", "random"])
def test_a_saved_one_has_its_encoder_with_it(features, tmp_path) -> None:
    model = small(features=features, style_layers=None, size=80, crop=64).fit(
        np.tile(PHOTOS, (1, 2, 2, 1)), styles=np.tile(STYLES, (1, 2, 2, 1))
    )
    assert len(model.adapted_) == 3
    model.save_pretrained(tmp_path)
    again = hs.load(tmp_path)
    np.testing.assert_array_equal(again.stylize(CONTENT, LINES), model.stylize(CONTENT, LINES))
    assert (again.features_, again.adapted_) == (model.features_, model.adapted_)
    assert 'model.stylize("content.jpg", "style.jpg")' in (tmp_path / "README.md").read_text()


def test_an_encoder_of_ones_own_is_given_again(fitted, tmp_path) -> None:
    fitted.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="features"):
        hs.load(tmp_path)
    again = hs.load(tmp_path, features=EYES)
    np.testing.assert_array_equal(again.stylize(CONTENT, LINES), fitted.stylize(CONTENT, LINES))


def test_folders_lists_and_grey_pictures_are_learned_from(tmp_path) -> None:
    for name, pictures in {"photos": PHOTOS, "styles": STYLES}.items():
        (tmp_path / name).mkdir()
        for number, picture in enumerate(pictures):
            Image.fromarray(picture).save(tmp_path / name / f"{number}.png")
    model = small().fit(tmp_path / "photos", styles=tmp_path / "styles")
    assert model.data_["styles"] == {"name": "styles", "items": 2}
    same = small().fit(tmp_path / "photos", styles=[tmp_path / "styles/0.png", tmp_path / "styles/1.png"])
    np.testing.assert_array_equal(same.stylize(CONTENT, LINES), model.stylize(CONTENT, LINES))
    grey = small(batch_size=3).fit(PHOTOS[..., 0] / 255, styles=STYLES[:1, ..., 0])
    assert grey.stylize(CONTENT, LINES).shape == CONTENT.shape


BAD = {
    "no styles": ({}, PHOTOS, None, UsageError, "give styles="),
    "one colour": ({}, PHOTOS, np.full((2, 40, 40, 3), 7, np.uint8), DataError, "only one colour"),
    "small styles": ({}, PHOTOS, STYLES[:, :20], DataError, "the styles have 40x20"),
    "rows as styles": ({}, PHOTOS, np.zeros((9, 4)), DataError, "no pictures"),
    "one photograph": ({}, PHOTOS[:1], STYLES, DataError, "at least 2"),
    "small photographs": ({}, PHOTOS[:, :20], STYLES, DataError, "the photographs have 44x20"),
    "nowhere": ({}, "no/such/folder", STYLES, DataError, "does not exist"),
    "crop": ({"crop": 20}, PHOTOS, STYLES, UsageError, "crop=20"),
    "steps": ({"steps": 0}, PHOTOS, STYLES, UsageError, "steps=0"),
    "weight": ({"content_weight": -1}, PHOTOS, STYLES, UsageError, "content_weight=-1"),
    "texture": ({"texture": "cosine"}, PHOTOS, STYLES, UsageError, "texture='cosine'"),
    "layer": ({"style_layers": "relu9"}, PHOTOS, STYLES, UsageError, "relu9"),
    "full resolution": ({"features": "random", "style_layers": "relu1_2"}, PHOTOS, STYLES, UsageError, "2 or more"),
    "one resolution": ({"content_layers": ("2", "3")}, PHOTOS, STYLES, UsageError, "choose content_layers"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_makes_no_sense_is_refused(name) -> None:
    settings, photographs, styles, error, words = BAD[name]
    model = small(**settings)
    with pytest.raises(error, match=words):
        model.fit(photographs, styles=styles)
    assert not hasattr(model, "decoder_")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"content": CONTENT[:10]}, DataError),
        ({"style": np.zeros((40, 40, 3), np.uint8)}, DataError),
        ({"style": []}, UsageError),
        ({"style": None}, UsageError),
        ({"weights": [1, 2]}, UsageError),
        ({"strength": 1.5}, UsageError),
        ({"size": 0}, UsageError),
    ],
    ids=lambda value: str(value)[:30],
)
def test_orders_that_make_no_sense_are_refused(fitted, given, error) -> None:
    with pytest.raises(error):
        fitted.stylize(**{"content": CONTENT, "style": LINES, **given})
