import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

import hiddenspace as hs
from hiddenspace.style.preview import Preview

PHOTO, FLOWER = (np.asarray(Image.fromarray(image).resize((60, 40))) for image in load_sample_images().images)
LEFT = np.arange(60)[None].repeat(40, 0) < 30


@pytest.fixture(autouse=True)
def small_squares(monkeypatch) -> None:
    """On which the random net is made sooner."""
    monkeypatch.setattr("hiddenspace.style.eyes.SIDE", 64)


def painted(*observers, steps=20, **how) -> tuple[hs.StyleTransfer, np.ndarray]:
    trainer = hs.Trainer(progress=False, observers=observers)
    settings = {"features": "random", "steps": steps, "size": 60, "first_size": 36, "random_state": 0}
    model = hs.StyleTransfer(**settings, trainer=trainer)
    return model, model.stylize(PHOTO, FLOWER, **how)


@pytest.mark.parametrize("how", [{}, {"keep_color": True, "mask": LEFT}], ids=str)
def test_the_last_preview_is_the_picture(tmp_path, how) -> None:
    _, picture = painted(Preview(tmp_path / "now.png", seconds=0), **how)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "now.png")), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["now.png"]


def test_it_is_not_written_more_often_than_every_few_seconds(tmp_path, monkeypatch) -> None:
    written = []
    monkeypatch.setattr("hiddenspace.style.preview.write_picture", lambda pixels, path: written.append(pixels.shape))
    painted(Preview(tmp_path / "now.png", seconds=1000))
    assert written == [(28, 42, 3)]


def test_a_painting_does_not_end_because_it_cannot_be_watched(tmp_path) -> None:
    _, picture = painted(Preview(tmp_path / "nowhere" / "now.png", seconds=0), steps=2)
    assert picture.shape == (40, 60, 3)


def test_steps_are_counted_over_all_scales_and_terms_have_their_weights() -> None:
    model, _ = painted(steps=30)
    assert [(row["step"], row["width"]) for row in model.history_] == [(10, 42), (25, 60)]
    assert set(model.weights_) == set(model.terms_)
    kinds = {"style": 1.0, "patches": 1.0, "content": 0.6}
    for kind, total in kinds.items():
        of_kind = [weight for name, weight in model.weights_.items() if name.startswith(kind)]
        assert sum(of_kind) == pytest.approx(total)
