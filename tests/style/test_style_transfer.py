import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_sample_images

import hiddenspace as hs
from hiddenspace.errors import DataError, UsageError
from hiddenspace.style.pictures import coarse_to_fine
from hiddenspace.training.play import play

rng = np.random.default_rng(0)
QUIET = hs.Trainer(progress=False)
CONTENT = (255 * np.linspace(0.2, 0.8, 40)[:, None, None] * np.ones((40, 56, 3))).astype(np.uint8)
STYLE = rng.integers(0, 256, (48, 32, 3), np.uint8)
CHECKS = (np.indices((36, 36)).sum(0)[..., None] // 4 % 2 * [255, 128, 0]).astype(np.uint8)


def small(**settings) -> hs.StyleTransfer:
    settings = {
        "features": "random",
        "steps": 6,
        "size": 56,
        "first_size": 32,
        "random_state": 0,
        "trainer": QUIET,
        **settings,
    }
    return hs.StyleTransfer(**settings)


@pytest.mark.parametrize(
    "settings",
    [{}, {"texture": "gram"}, {"optimizer": "lbfgs"}, {"tv_weight": 1.0}, {"init": "noise"}, {"init": "style"}],
    ids=str,
)
def test_what_is_wanted_comes_nearer(settings) -> None:
    fits = [small(steps=steps, first_size=None, content_weight=0.05, **settings) for steps in (1, 40)]
    pictures = [fit.stylize(CONTENT, CHECKS) for fit in fits]
    before, after = (sum(fit.terms_.values()) for fit in fits)
    assert after < 0.85 * before
    assert all(picture.shape == (40, 56, 3) and picture.dtype == np.uint8 for picture in pictures)


def test_lbfgs_may_leave_the_range_on_its_way_and_pays_for_it() -> None:
    fits = [small(optimizer=name, steps=10, first_size=None, content_weight=0.05) for name in ("lbfgs", "adam")]
    for fit in fits:
        fit.stylize(CHECKS, STYLE)
    lbfgs, adam = fits
    assert max(row["train/range"] for row in lbfgs.history_) > 0
    assert lbfgs.terms_["range"] == 0
    assert "range" not in adam.terms_


def test_lbfgs_computes_in_float32_unless_told_otherwise(monkeypatch) -> None:
    monkeypatch.setattr("hiddenspace.training.precision.cpu_multiplies_bfloat16", lambda: True)
    trainers = [hs.Trainer(progress=False, precision=precision) for precision in ("auto", "32", "bf16")]
    auto, float32, bfloat16 = (small(optimizer="lbfgs", trainer=one).stylize(CONTENT, CHECKS) for one in trainers)
    np.testing.assert_array_equal(auto, float32)
    assert (bfloat16 != float32).any()


@pytest.mark.parametrize(("tile", "kept"), [(192, False), (200, True)])
def test_memory_is_kept_where_a_picture_is_not_looked_at_in_tiles(tile, kept, monkeypatch) -> None:
    games: list[bool] = []

    def watched(game, *given, **named):
        games.append(game.keeps_memory)
        return play(game, *given, **named)

    monkeypatch.setattr("hiddenspace.style.style_transfer.play", watched)
    small(size=200, steps=1, first_size=None, tile=tile).stylize(CONTENT, CHECKS)
    assert games == [kept]


def test_the_same_seed_paints_the_same_picture_and_a_clone_as_well() -> None:
    model = small()
    first = model.stylize(CONTENT, STYLE)
    np.testing.assert_array_equal(model.stylize(CONTENT, STYLE), first)
    np.testing.assert_array_equal(clone(model).stylize(CONTENT, STYLE), first)
    assert (small(random_state=1).stylize(CONTENT, STYLE) != first).any()


def test_paths_arrays_tensors_and_pictures_are_the_same(tmp_path) -> None:
    Image.fromarray(CONTENT).save(tmp_path / "content.png")
    tensor = torch.from_numpy(CONTENT).permute(2, 0, 1) / 255
    forms = [tmp_path / "content.png", str(tmp_path / "content.png"), Image.fromarray(CONTENT), CONTENT / 255, tensor]
    wanted = small().stylize(CONTENT, STYLE)
    for form in forms:
        np.testing.assert_array_equal(small().stylize(form, STYLE), wanted)


def test_the_photographs_of_scikit_learn_have_names(tmp_path, monkeypatch) -> None:
    china, flower = load_sample_images().images
    named = small(steps=2).stylize("china.jpg", "flower.jpg")
    np.testing.assert_array_equal(named, small(steps=2).stylize(china, flower))
    monkeypatch.chdir(tmp_path)
    Image.fromarray(CONTENT).save("china.jpg")
    assert small(steps=2).stylize("china.jpg", "flower.jpg").shape == (40, 56, 3)


def test_grey_and_transparent_pictures_are_taken() -> None:
    assert small().stylize(CONTENT[..., 0], STYLE[..., 0]).shape == (40, 56, 3)
    clear = np.dstack([STYLE, np.zeros(STYLE.shape[:2], np.uint8)])
    clear[:20, :, 3] = 255
    assert small().stylize(CONTENT, clear).shape == (40, 56, 3)


@pytest.mark.parametrize(("size", "shape"), [(28, (20, 28, 3)), (None, (40, 56, 3)), (84, (60, 84, 3))])
def test_size_is_the_longer_side_of_the_result(size, shape) -> None:
    assert small(size=size, steps=2).stylize(CONTENT, STYLE).shape == shape


def test_scales_grow_by_the_root_of_two() -> None:
    assert coarse_to_fine((384, 512), 128) == [(96, 128), (136, 181), (192, 256), (272, 362), (384, 512)]
    assert coarse_to_fine((50, 100), 128) == [(50, 100)]
    assert coarse_to_fine((20, 512), 128)[0][0] >= 16


def test_without_a_content_it_makes_texture_and_without_a_style_what_the_content_layers_see() -> None:
    made = hs.texture(CHECKS, size=48, features="random", steps=200, first_size=None, random_state=0, trainer=QUIET)
    assert made.shape == (48, 48, 3)
    assert np.abs(made.mean((0, 1)) - CHECKS.mean((0, 1))).max() < 45
    seen = small(init="noise", steps=150, first_size=None, content_layers="relu1_2").stylize(CONTENT)
    noise = small(init="noise", steps=1, first_size=None, content_layers="relu1_2").stylize(CONTENT)
    errors = [np.abs(picture.astype(float) - CONTENT).mean() for picture in (seen, noise)]
    assert errors[0] < 0.5 * errors[1]


def test_outside_of_the_mask_the_original_stays() -> None:
    mask = np.zeros((40, 56), np.uint8)
    mask[:, 28:] = 255
    made = small().stylize(CONTENT, STYLE, mask=mask)
    np.testing.assert_array_equal(made[:, :28], CONTENT[:, :28])
    assert (made[:, 28:] != CONTENT[:, 28:]).any()
    two = small().stylize(CONTENT, [STYLE, CHECKS], mask=[255 - mask, mask])
    assert (two[:, :28] != CONTENT[:, :28]).any()


def test_without_strength_the_texture_of_the_original_is_what_is_wanted() -> None:
    made = small(steps=12, first_size=None).stylize(CONTENT, STYLE, strength=0)
    strong = small(steps=12, first_size=None).stylize(CONTENT, STYLE)
    changed = [np.abs(picture.astype(float) - CONTENT).mean() for picture in (made, strong)]
    assert changed[0] < 0.5 * changed[1]


def test_the_weights_of_styles_share_the_texture_out() -> None:
    model = small(features=hs.feature_net("random"))
    alone = model.stylize(CONTENT, STYLE)
    assert model.features.network.conv1_1.padding_mode == "zeros"  # a person's own net stays as it was
    mixed = model.stylize(CONTENT, [STYLE, CHECKS], weights=[3, 0])
    assert np.abs(mixed.astype(int) - alone).max() <= 2


@pytest.mark.parametrize("how", [True, "luminance", "histogram"])
def test_colours_of_the_original_are_kept(how) -> None:
    red = np.dstack([np.full((40, 56), 200, np.uint8), rng.integers(20, 60, (40, 56, 2), np.uint8)])
    model = small(steps=30, first_size=None, content_weight=0.0)
    plain, kept = (model.stylize(red, STYLE, keep_color=keep).mean((0, 1)) for keep in (False, how))
    wanted = red.mean((0, 1))
    assert np.abs(kept - wanted).sum() < np.abs(plain - wanted).sum()


def test_an_interrupted_painting_goes_on_as_if_nothing_had_been(tmp_path) -> None:
    class Leave(hs.Observer):
        def __call__(self, event):
            if event.round == 2 and event.rounds == 3 and not left:
                left.append(True)
                raise KeyboardInterrupt

    left: list[bool] = []
    folder = {"folder": tmp_path, "checkpoint_seconds": 0.0, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        small(trainer=hs.Trainer(**folder, observers=[Leave()])).stylize(CONTENT, STYLE)
    resumed = small(trainer=hs.Trainer(**folder, resume=True)).stylize(CONTENT, STYLE)
    np.testing.assert_array_equal(resumed, small().stylize(CONTENT, STYLE))


BAD_PICTURES = {
    "one pixel": (np.zeros((1, 1, 3), np.uint8), "at least 16"),
    "a line": (np.zeros((1, 400, 3), np.uint8), "at least 16"),
    "a batch": (np.zeros((2, 20, 20, 3), np.uint8), "one picture"),
    "empty": (np.zeros((0, 20, 3), np.uint8), "one picture"),
    "too bright": (np.full((20, 20, 3), 2.0), r"\[0, 1\]"),
    "NaN": (np.full((20, 20, 3), np.nan), r"\[0, 1\]"),
    "complex": (np.zeros((20, 20), complex), "give bytes"),
    "no file": ("nowhere.png", "no file"),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_bad_pictures_are_refused_in_either_place(name) -> None:
    picture, said = BAD_PICTURES[name]
    with pytest.raises(DataError, match=said):
        small().stylize(picture, STYLE)
    with pytest.raises(DataError, match=said):
        small().stylize(CONTENT, picture)


def test_a_file_that_is_no_picture_is_refused(tmp_path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(DataError, match="the style cannot be read"):
        small().stylize(CONTENT, tmp_path / "text.png")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"weights": [1, 2]}, "2 weights for 1 styles"),
        ({"weights": [-1]}, "weights"),
        ({"weights": [0]}, "all 0"),
        ({"strength": 1.5}, "strength"),
        ({"keep_color": "yes"}, "keep_color"),
        ({"mask": np.ones((20, 20))}, "20x20 pixels, but the content has 56x40"),
        ({"mask": np.zeros((40, 56))}, "black everywhere"),
        ({"mask": [np.ones((40, 56))] * 2}, "2 masks for 1 styles"),
        ({"style": np.zeros((20, 20, 3), np.uint8)}, "only one colour"),
        ({"style": []}, "empty list"),
        ({"content": None, "strength": 0.5}, "without a content"),
        ({"content": None, "style": None}, "nothing to paint"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_orders_that_make_no_sense_are_refused(given, said) -> None:
    with pytest.raises((UsageError, DataError), match=said):
        small().stylize(**{"content": CONTENT, "style": STYLE, **given})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"steps": 0}, "steps"),
        ({"size": -1}, "size"),
        ({"style_weight": -1}, "style_weight"),
        ({"texture": "mean"}, "texture"),
        ({"init": "black"}, "init"),
        ({"optimizer": "sgd"}, "optimizer"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"tile": 10}, "tile"),
        ({"style_layers": "relu9_9"}, "relu9_9"),
        ({"style_layers": []}, "style_layers"),
        ({"content_layers": {"relu1_2": -1.0}}, "content_layers"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(settings, said) -> None:
    with pytest.raises(UsageError, match=said):
        small(**settings).stylize(CONTENT, STYLE)
