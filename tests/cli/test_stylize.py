"""`hiddenspace stylize` and `hiddenspace texture`: what they paint, say and leave behind, and what they refuse."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

import hiddenspace as hs
from hiddenspace.cli import painting
from hiddenspace.cli.canvas import ENDINGS, Canvas
from hiddenspace.cli.main import main
from hiddenspace.style.preview import Preview

SETTINGS = {"features": "random", "steps": 2, "size": 56, "first_size": 36}
SMALL = ["--features", "random", "--steps", "2", "--size", "56", "--first-size", "36"]
PHOTO, FLOWER = (
    Image.fromarray(image).resize(size)
    for image, size in zip(load_sample_images().images, ((60, 40), (48, 48)), strict=True)
)
HALF = (np.arange(60) < 30)[None].repeat(40, 0)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Everything that was printed, on one line."""
    captured = capsys.readouterr()
    return " ".join((captured.out + captured.err).split())


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A photograph, two styles, and masks, in the folder in which everything is done."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hiddenspace.style.eyes.SIDE", 64)  # the random net is made sooner
    PHOTO.save("photo.png")
    FLOWER.save("flower.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)).save("noise.png")
    Image.fromarray((255 * HALF).astype(np.uint8)).save("left.png")
    Image.fromarray((255 * ~HALF).astype(np.uint8)).save("right.png")


def stylized(style: object = "flower.png", **how: object) -> np.ndarray:
    return hs.StyleTransfer(**SETTINGS, random_state=0).stylize("photo.png", style, **how)


@pytest.mark.parametrize(
    ("given", "how"),
    [
        (
            ["noise.png", "--weights", "0.7,0.3", "--strength", "0.4", "--keep-color"],
            {
                "style": ["flower.png", "noise.png"],
                "weights": [0.7, 0.3],
                "strength": 0.4,
                "keep_color": "luminance",
            },
        ),
        (["--keep-color", "histogram", "--mask", "left.png"], {"keep_color": "histogram", "mask": "left.png"}),
        (
            ["noise.png", "--mask", "left.png", "--mask", "right.png"],
            {"style": ["flower.png", "noise.png"], "mask": ["left.png", "right.png"]},
        ),
    ],
    ids=str,
)
def test_the_picture_is_that_of_the_estimator(given: list[str], how: dict[str, object]) -> None:
    assert main(["stylize", "photo.png", "flower.png", *given, *SMALL, "-o", "new/painted.png", "--quiet"]) == 0
    np.testing.assert_array_equal(pixels(Path("new/painted.png")), stylized(**how))
    assert names(Path("new")) == ["painted.png"]  # and nothing beside it


def test_flags_reach_the_estimator() -> None:
    flags = ["--style-layers", "relu1_2,relu2_2", "--content-weight", "0", "--tv-weight", "2", "--texture", "gram"]
    assert (
        main(["stylize", "photo.png", "flower.png", *SMALL, *flags, "--init", "style", "--seed", "3", "--quiet"]) == 0
    )
    wanted = hs.StyleTransfer(
        **SETTINGS,
        style_layers=["relu1_2", "relu2_2"],
        content_weight=0,
        tv_weight=2,
        texture="gram",
        init="style",
        random_state=3,
    ).stylize("photo.png", "flower.png")
    np.testing.assert_array_equal(pixels(Path("stylized.png")), wanted)


def test_it_says_what_is_left_and_what_looked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stylize", "photo.png", "flower.png", *SMALL, "--tv-weight", "0.5"]) == 0
    model = hs.StyleTransfer(**SETTINGS, tv_weight=0.5, random_state=0)
    model.stylize("photo.png", "flower.png")
    text = said(capsys)
    assert {"style relu1_2", "patches relu4_2", "content relu3_2", "total variation"} <= set(model.terms_)
    for name, term in model.terms_.items():
        assert f"{name} │ {term / model.weights_[name]:.4f} │" in text
        assert f"│ {term:.4f} │" in text
    assert f"{sum(model.terms_.values()):.4f}" in text
    assert f"Looked at by: {model.features_}." in text
    assert "Judged by a net that did not paint it (random" in text
    assert text.endswith("stylized.png")


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_is_written(ending: str) -> None:
    canvas = Canvas(Path(f"made{ending}"))
    canvas.check([])
    canvas.begin(resume=False)
    assert not canvas.is_finished
    canvas.finish(np.full((20, 30, 3), 77, np.uint8))
    assert canvas.is_finished
    np.testing.assert_allclose(pixels(canvas.path), np.full((20, 30, 3), 77), atol=1)


def test_texture_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["texture", "flower.png", *SMALL]) == 0
    np.testing.assert_array_equal(pixels(Path("texture.png")), hs.texture("flower.png", **SETTINGS, random_state=0))
    assert "% as far as noise" in said(capsys)


def test_a_page_is_written() -> None:
    assert main(["stylize", "photo.png", "flower.png", "noise.png", *SMALL, "--report", "p/page.html", "--quiet"]) == 0
    page = Path("p/page.html").read_text()
    for word in ("photo.png", "flower.png", "noise.png", "Judged by another net", "relu4_2", "first_size"):
        assert word in page


def test_a_folder_is_painted_picture_by_picture(capsys: pytest.CaptureFixture[str]) -> None:
    frames = Path("frames")
    frames.mkdir()
    for number, shift in enumerate((0, 10)):
        Image.fromarray(np.roll(pixels(Path("photo.png")), shift, 1)).save(
            frames / f"{number}.{'png' if shift else 'gif'}"
        )
    (frames / "notes.txt").write_text("no picture")
    assert main(["stylize", "frames", "flower.png", "-o", "painted", *SMALL]) == 0
    assert names(Path("painted")) == ["0.png", "1.png"]
    assert "2 of 2" in said(capsys)
    one = hs.StyleTransfer(**SETTINGS, random_state=0).stylize("frames/1.png", "flower.png")
    np.testing.assert_array_equal(pixels(Path("painted/1.png")), one)
    Path("painted/1.png").unlink()
    before = Path("painted/0.png").stat().st_mtime_ns
    assert main(["stylize", "frames", "flower.png", "-o", "painted", *SMALL, "--resume"]) == 0
    assert said(capsys).count("already done") == 1
    assert Path("painted/0.png").stat().st_mtime_ns == before
    np.testing.assert_array_equal(pixels(Path("painted/1.png")), one)


class Leaves(Preview):
    """Shows every row of steps, and presses Ctrl-C at the first."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, seconds=0.0)

    def __call__(self, event: object) -> None:
        super().__call__(event)  # type: ignore[arg-type]
        if self.path.exists():
            raise KeyboardInterrupt


def test_an_interrupted_painting_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save("out.png")  # from an earlier day
    call = ["stylize", "photo.png", "flower.png", *SMALL, "-o", "out.png", "--checkpoint-seconds", "0"]
    with monkeypatch.context() as patched:
        patched.setattr(painting, "Preview", Leaves)
        assert main(call) == 130
    assert "--resume" in said(capsys)
    assert pixels(Path("out.preview.png")).shape == (26, 40, 3)  # that of the first scale
    assert pixels(Path("out.png")).shape == (9, 9, 3)
    assert Path(".out.png.painting").is_dir()
    assert main([*call, "--resume", "--quiet"]) == 0
    wanted = stylized()
    np.testing.assert_array_equal(pixels(Path("out.png")), wanted)
    assert not Path("out.preview.png").exists()
    assert not Path(".out.png.painting").exists()
    assert main([*call, "--resume"]) == 0
    assert "already done" in said(capsys)


def test_without_resume_it_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["stylize", "photo.png", "flower.png", *SMALL, "-o", "out.png", "--checkpoint-seconds", "0", "--quiet"]
    with monkeypatch.context() as patched:
        patched.setattr(painting, "Preview", Leaves)
        assert main(call) == 130
    assert main([*call, "--seed", "1"]) == 0  # which the checkpoints that lie there would refuse
    wanted = hs.StyleTransfer(**SETTINGS, random_state=1).stylize("photo.png", "flower.png")
    np.testing.assert_array_equal(pixels(Path("out.png")), wanted)


MISTAKES = {
    "no style": (["photo.png"], 2, "a CONTENT and a STYLE"),
    "nothing": ([], 2, "a CONTENT and a STYLE"),
    "no such content": (["nowhere.png", "flower.png"], 1, "nowhere.png"),
    "no such style": (["photo.png", "nowhere.png"], 1, "hiddenspace: the style 'nowhere.png' is no file"),
    "no such style for a folder": (["bad", "nowhere.png"], 1, "hiddenspace: the style 'nowhere.png' is no file"),
    "no picture": (["text.png", "photo.png"], 1, "cannot be read"),
    "one colour": (["photo.png", "flat.png"], 1, "only one colour"),
    "another ending": (["photo.png", "flower.png", "-o", "out.svg"], 2, ".png"),
    "no ending": (["photo.png", "flower.png", "-o", "out"], 2, ".png"),
    "out is a folder": (["photo.png", "flower.png", "-o", "empty.png"], 2, "is a folder"),
    "out is below a file": (["photo.png", "flower.png", "-o", "text.png/out.png"], 1, "cannot write"),
    "out is the content": (["photo.png", "flower.png", "-o", "photo.png"], 2, "would replace photo.png"),
    "out is a style": (["photo.png", "flower.png", "-o", "./flower.png"], 2, "would replace flower.png"),
    "out is a mask": (["photo.png", "flower.png", "--mask", "left.png", "-o", "left.png"], 2, "would replace left.png"),
    "folder into a file": (["some", "flower.png", "-o", "out.png"], 2, "/ for a folder"),
    "folder onto itself": (["some", "flower.png", "-o", "some"], 2, "would replace"),
    "an empty folder": (["empty.png", "flower.png"], 1, "no pictures"),
    "two of a name": (["twice", "flower.png", "-o", "made"], 2, "two pictures would come to"),
    "a bad one in a folder": (["bad", "flower.png", "-o", "made"], 1, "bad/b.png"),
    "report of a folder": (["some", "flower.png", "-o", "made", "--report", "r.html"], 2, "--report"),
    "report of another kind": (["photo.png", "flower.png", "--report", "r.pdf"], 2, ".html"),
    "report is a folder": (["photo.png", "flower.png", "--report", "folder.html"], 2, "is a folder"),
    "words for weights": (["photo.png", "flower.png", "--weights", "much"], 2, "--weights much"),
    "too many weights": (["photo.png", "flower.png", "--weights", "1,2"], 2, "2 weights for 1 styles"),
    "mask of another size": (["photo.png", "flower.png", "--mask", "flower.png"], 1, "same size"),
    "too many masks": (["photo.png", "flower.png", "--mask", "left.png", "--mask", "left.png"], 2, "2 masks"),
    "no such color": (["photo.png", "flower.png", "--keep-color=none"], 2, "keep-color"),
    "strength": (["photo.png", "flower.png", "--strength", "2"], 2, "strength"),
    "size": (["photo.png", "flower.png", "--size", "0"], 2, "size=0"),
    "too small": (["photo.png", "flower.png", "--size", "20"], 1, "at least 16"),
    "steps": (["photo.png", "flower.png", "--steps", "-1"], 2, "steps=-1"),
    "seed": (["photo.png", "flower.png", "--seed", "-1"], 2, "0 or more"),
    "texture": (["photo.png", "flower.png", "--texture", "knitted"], 2, "knitted"),
    "device": (["photo.png", "flower.png", "--accelerator", "abacus"], 2, "abacus"),
    "features": (["photo.png", "flower.png", "--features", "nonsense"], 2, "nonsense"),
    "layers": (["photo.png", "flower.png", "--style-layers", "relu99"], 2, "relu99"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_end_in_one_sentence_before_any_work(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    given, code, named = MISTAKES[name]
    Path("text.png").write_text("no picture")
    Image.new("RGB", (40, 40), "red").save("flat.png")
    for folder, inside in {"some": ["a.png"], "bad": ["a.png", "b.png"], "twice": ["a.gif", "a.png"]}.items():
        Path(folder).mkdir()
        for file in inside:
            Image.open("photo.png").save(Path(folder, file))
    Path("bad/b.png").write_bytes(Path("photo.png").read_bytes()[:300])
    for folder in ("empty.png", "folder.html"):
        Path(folder).mkdir()
    before = {path: path.is_file() and path.read_bytes() for path in sorted(Path().rglob("*"))}
    features = [] if "--features" in given else ["--features", "random"]
    assert main(["stylize", *given, *features]) == code
    captured = capsys.readouterr()
    assert named in " ".join(captured.err.split())
    assert captured.err.count("\n") == 1, captured.err
    assert captured.out == ""
    assert {path: path.is_file() and path.read_bytes() for path in sorted(Path().rglob("*"))} == before


def test_texture_wants_a_style(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["texture"]) == 2
    assert "a STYLE" in said(capsys)
