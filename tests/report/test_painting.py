from html.parser import HTMLParser

import numpy as np
import pytest

from hiddenspace.errors import HiddenspaceError
from hiddenspace.report.painting import PaintedPicture, write_painting
from hiddenspace.style.judging import StyleJudgement

WEIGHTS = {"style relu1": 0.5, "style relu2": 0.5, "content relu2": 0.25, "total variation": 2.0}
HISTORY = [
    {"step": 10.0 * n, "height": 48 * scale, "width": 64 * scale, **{f"train/{t}": w / n for t, w in WEIGHTS.items()}}
    for n, scale in ((1, 1), (2, 1), (3, 2), (4, 2))
]


@pytest.fixture
def painted(rng):
    def picture(height):
        return rng.integers(0, 256, (height, 60, 3), np.uint8)

    return PaintedPicture(
        name="<photo>.png",
        made=picture(90),
        content=picture(91),
        styles=[("waves.png", picture(92)), ("night & day.png", picture(93))],
        terms={name: weight * 0.125 for name, weight in WEIGHTS.items()},
        weights=WEIGHTS,
        history=HISTORY,
        features="a net of its own",
        judged=StyleJudgement("another net", 0.1, 0.4, 0.3, 1.2),
        settings={"painting": {"steps": 40, "size": None}},
    )


class Page(HTMLParser):
    """Its words, its tables and its pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.pictures, self.rows = "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        if tag == "img":
            self.pictures.append(dict(attrs))
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag) -> None:
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data) -> None:
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip().replace("\u202f", " ")


def test_the_page_shows_what_there_is(painted, tmp_path) -> None:
    text = write_painting(painted, tmp_path / "page.html").read_text()
    page = Page(text)
    assert [int(shown["height"]) for shown in page.pictures[:4]] == [91, 92, 93, 90]  # sources, then the picture
    assert len(page.pictures) == 4 + 3  # and the curves of each kind
    assert all(shown["src"].startswith("data:image/") and shown["alt"] for shown in page.pictures)
    assert "http" not in text.replace("http-equiv", "")
    for words in ("<photo>.png", "night & day.png", "a net of its own", "another net"):
        assert words in page.text
    rows = {row[0]: row[1:] for row in page.rows if row}
    assert rows["texture · relu1"] == ["0.125", "0.5", "0.0625"]
    assert rows["content · relu2"] == ["0.125", "0.25", "0.0312"]
    assert rows["total variation"] == ["0.125", "2", "0.250"]
    assert rows["all"] == ["", "", "0.406"]
    assert rows["the texture of the style"] == ["0.100", "0.400the original itself", "25.0 %"]
    assert rows["the content of the original"] == ["0.300", "1.20the style itself", "25.0 %"]
    assert rows["steps"] == ["40"]


def test_texture_alone_has_no_content(painted, tmp_path) -> None:
    alone = PaintedPicture(
        name="texture",
        made=painted.made,
        styles=painted.styles[:1],
        terms={"style relu1": 0.1},
        weights=WEIGHTS,
        history=[],
        features="a net",
        judged=StyleJudgement("another net", 0.1, 0.4),
    )
    page = Page(write_painting(alone, tmp_path / "page.html").read_text())
    assert len(page.pictures) == 2
    assert "as far from it as noise" in page.text
    assert "the content of the original" not in page.text
    assert "Step by step" not in page.text


def test_a_page_that_cannot_be_written_is_told(painted, tmp_path) -> None:
    with pytest.raises(HiddenspaceError, match="cannot be written"):
        write_painting(painted, tmp_path / "nowhere" / "page.html")
