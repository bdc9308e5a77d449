import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_images

import hiddenspace as hs
from hiddenspace.errors import DataError, UsageError
from hiddenspace.losses.textures import texture_of, wasserstein_distance
from hiddenspace.style import eyes, judging
from hiddenspace.style.colours import in_luma_of, with_colours_of

rng = np.random.default_rng(0)
PHOTO, FLOWER = (
    np.asarray(Image.fromarray(image).resize((72, 48), Image.Resampling.LANCZOS))
    for image in load_sample_images().images
)
CHECKS = (np.indices((48, 48)).sum(0)[..., None] // 4 % 2 * [255, 128, 0]).astype(np.uint8)
BLEND = ((PHOTO.astype(int) + FLOWER) // 2).astype(np.uint8)


@pytest.fixture(autouse=True)
def small_squares(monkeypatch) -> None:
    """On which the random net is made sooner."""
    monkeypatch.setattr("hiddenspace.style.eyes.SIDE", 64)


class Colours(torch.nn.Module):
    """Sees colours as they are, and nothing more."""

    def __init__(self) -> None:
        super().__init__()
        self.shade = torch.nn.Identity()

    def forward(self, x):
        return self.shade(x)


def as_tensor(picture):
    return torch.tensor(picture).permute(2, 0, 1)[None] / 255


def test_distances_are_those_of_the_activations() -> None:
    found = hs.judge_style(BLEND, PHOTO, FLOWER, features=Colours())
    made, photo, flower = map(as_tensor, (BLEND, PHOTO, FLOWER))
    texture = wasserstein_distance(texture_of(made), texture_of(flower))
    plain = wasserstein_distance(texture_of(photo), texture_of(flower))
    assert found.texture == pytest.approx(float(texture), rel=1e-4)
    assert found.plain_texture == pytest.approx(float(plain), rel=1e-4)
    assert found.texture_left == pytest.approx(float(texture / plain), rel=1e-4)
    lost = float((made - photo).square().sum() / (flower - photo).square().sum())
    assert found.content_lost == pytest.approx(lost, rel=1e-4)
    assert found.content == pytest.approx(float((made - photo).square().sum() / photo.square().sum()), rel=1e-4)


def test_the_original_has_all_to_do_and_the_style_has_lost_all() -> None:
    photo, flower = (hs.judge_style(made, PHOTO, FLOWER) for made in (PHOTO, FLOWER))
    assert (photo.texture_left, photo.content_lost) == (pytest.approx(1), pytest.approx(0, abs=1e-9))
    assert (flower.texture_left, flower.content_lost) == (pytest.approx(0, abs=1e-3), pytest.approx(1))


def test_a_painting_is_nearer_to_both_and_strength_brings_it_nearer_to_the_style() -> None:
    settings = {"features": "random", "steps": 20, "size": 72, "first_size": None, "random_state": 0}
    judged = []
    for strength in (0.2, 1.0):
        model = hs.StyleTransfer(**settings, content_weight=0.1, trainer=hs.Trainer(progress=False))
        made = model.stylize(PHOTO, CHECKS, strength=strength)
        judged.append(hs.judge_style(made, PHOTO, CHECKS, painted_with=model.features_))
        assert judged[-1].features != model.features_
    weak, strong = judged
    assert strong.texture_left < 0.97 * weak.texture_left < 0.97
    assert 0 < weak.content_lost < strong.content_lost < 1


def test_two_styles_by_their_weights_and_each_in_its_region() -> None:
    half = np.arange(72)[None].repeat(48, 0) < 36
    made = np.where(half[..., None], FLOWER, BLEND)
    both = {"content": PHOTO, "style": [FLOWER, BLEND], "features": Colours()}
    in_regions = hs.judge_style(made, **both, mask=[half, ~half])
    assert in_regions.texture < hs.judge_style(made[:, ::-1], **both, mask=[half, ~half]).texture
    first, alone = hs.judge_style(made, **both, weights=[1, 0]), hs.judge_style(made, PHOTO, FLOWER, features=Colours())
    assert first.texture == pytest.approx(alone.texture, rel=1e-4)
    assert first.plain_content == pytest.approx(alone.plain_content)


def test_kept_colours_are_not_held_against_it() -> None:
    photo, flower = as_tensor(PHOTO), as_tensor(FLOWER)
    made = with_colours_of(in_luma_of(flower, photo), photo)  # as well as luminance alone can be painted
    of_colours, of_luma = (hs.judge_style(made[0], PHOTO, FLOWER, keep_color=kept) for kept in (False, "luminance"))
    assert of_luma.texture_left < 0.1 < 0.5 < of_colours.texture_left
    assert hs.judge_style(PHOTO, PHOTO, FLOWER, keep_color="luminance").texture_left == pytest.approx(1)


def test_texture_alone_beside_noise() -> None:
    found = hs.judge_style(CHECKS, style=CHECKS)
    assert (found.content, found.plain_content, found.content_lost) == (None, None, None)
    assert found.texture_left == pytest.approx(0, abs=1e-3)
    assert "% as far as noise." in found.sentence()
    noise = rng.integers(0, 256, CHECKS.shape, np.uint8)
    assert hs.judge_style(noise, style=CHECKS).texture_left == pytest.approx(1, rel=0.2)


def test_the_judge_is_a_vgg_where_there_is_one_and_it_did_not_paint(monkeypatch) -> None:
    monkeypatch.setattr(eyes, "is_cached", lambda word: word == "vgg16")
    assert judging._judge("convolutional net of filters found by k-means") == "vgg16"
    assert judging._judge("torchvision's VGG19 of vgg19-dcbb9e9d.pth") == "random"


def test_what_it_says() -> None:
    found = judging.StyleJudgement("a net", 0.1, 0.4, 0.3, 1.2)
    assert found.sentence() == (
        "Judged by a net that did not paint it (a net): from the texture of the style it is 25 % as far as the "
        "original, and from the content of the original 25 % as far as the style itself."
    )


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ((PHOTO, PHOTO, None), UsageError, "no style"),
        (("nowhere.png", PHOTO, FLOWER), DataError, "nowhere.png"),
        ((PHOTO[:, :40], PHOTO, FLOWER), DataError, "40x48 pixels"),
        ((PHOTO, PHOTO, np.zeros_like(PHOTO)), DataError, "only one colour"),
    ],
    ids=["no style", "no file", "other proportions", "flat"],
)
def test_bad_arguments_are_refused(given, error, said) -> None:
    with pytest.raises(error, match=said):
        hs.judge_style(*given)
