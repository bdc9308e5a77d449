from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hiddenspace.report import ModelRow, RunSummary, Worst, write_report
from hiddenspace.report.summary import SpaceSummary
from hiddenspace.space.maps import Map

VOID = {"meta", "link", "img", "source", "br", "hr"}


class Page(HTMLParser):
    """A strict reader: every tag is closed in its order, and every attribute is kept."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.words, self.ids = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"
        assert len(self.ids) == len(set(self.ids)), "an id is there twice"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    @property
    def sections(self):
        return [attrs["id"] for tag, attrs in self.tags if tag == "section"]

    def images(self):
        return [
            (Image.open(BytesIO(b64decode(attrs["src"].split(",", 1)[1]))), attrs)
            for tag, attrs in self.tags
            if tag == "img"
        ]


@pytest.fixture
def read(tmp_path):
    """Write a report, and read it as a page."""

    def write_and_read(run):
        return Page(write_report(run, tmp_path / "report.html").read_text(encoding="utf-8"))

    return write_and_read


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def everything(rng):
    """Fields of a run on images that has everything."""
    images = rng.random((20, 8, 8), dtype=np.float32)
    return {
        "title": "digits",
        "source": "digits",
        "kind": "images",
        "data": ["20 images of 8 x 8", "range 0 to 1"],
        "notes": ["Frames were dropped, see `--frames`."],
        "broken": [("a.jpg", "truncated")],
        "models": [
            ModelRow("PCA", 4, 0.5, 0.03, 0.01, 320),
            ModelRow("autoencoder", 4, 0.7, 0.02, 75.0, 123456, winner=True),
        ],
        "verdict": ["The autoencoder won."],
        "next_steps": ["Run `hiddenspace transform RUN digits`."],
        "originals": images,
        "reconstructions": {"PCA": images * 0.5, "autoencoder": images * 0.9},
        "worst": Worst(
            images[:3], {"PCA": images[:3], "autoencoder": images[:3]}, ["x.png", "y", "z"], [0.3, 0.2, 0.1]
        ),
        "history": [
            {"epoch": i, "train/reconstruction": 1 / i, "validation/reconstruction": 1.1 / i, "train/sparsity": 0.1 * i}
            for i in range(1, 6)
        ],
        "best_epoch": 5,
        "baseline_error": 0.3,
        "pca_curve": np.linspace(0.2, 1, 10),
        "filters": {"PCA": rng.normal(size=(4, 8, 8)), "autoencoder": rng.normal(size=(30, 8, 8))},
        "settings": {"autoencoder": {"code": 4, "corruption": None}, "run": {"seed": 0, "torch": "2.13.0"}},
    }


@pytest.fixture
def table(rng):
    """Fields of a run on a table with missing values, a category and a name that is hard to draw."""
    columns = {"age": rng.normal(40, 9, 30).tolist(), "$pay^{": rng.normal(0, 1, 30).tolist()}
    rebuilt = {name: [value * 0.9 for value in values] for name, values in columns.items()}
    columns["$pay^{"][1] = None
    original = {**columns, "town": ["Wien", "東京"] * 15}
    other = {**rebuilt, "town": ["Wien"] * 30}
    return {
        "title": "people",
        "source": "people.csv",
        "kind": "table",
        "originals": original,
        "reconstructions": {"PCA": other, "autoencoder": other},
        "worst": Worst(original, {"PCA": other, "autoencoder": other}, ["row 1", "row 2"], [2.0, 1.0]),
        "columns": list(columns),
        "filters": {"PCA": rng.normal(size=(2, 2))},
        "column_errors": {"PCA": {"age": 0.2, "$pay^{": 0.5}, "autoencoder": {"age": 0.1, "$pay^{": 0.4}},
    }


@pytest.fixture
def as_png():
    def png(image):
        buffer = BytesIO()
        Image.fromarray(image).save(buffer, "PNG")
        return buffer.getvalue()

    return png


@pytest.fixture
def space_of(rng):
    """A space as a report shows it, of any items: what makes so many of them."""

    few_labels = pd.DataFrame(
        [
            ("raw", 64, "linear", 100, 0.612, 0.6, 0.62, 1.0),
            ("raw", 64, "linear", 1000, 0.7, 0.69, 0.71, 1.0),
            ("PCA", 8, "linear", 100, 0.655, 0.65, 0.66, 1.0),
            ("PCA", 8, "linear", 1000, 0.71, 0.70, 0.72, 1.0),
        ],
        columns=["representation", "features", "probe", "labels", "accuracy", "lowest", "highest", "seconds"],
    )
    few_labels.attrs = {"metric": "accuracy", "seeds": 3, "verdict": ["PCA wins."], "notes": []}

    def made(items, thumbnails=None, mapped=30):
        coordinates = rng.normal(size=(mapped, 2)).astype(np.float32)
        labels = pd.DataFrame({"label": np.arange(mapped) % 3})
        return SpaceSummary(
            map=Map(coordinates, np.arange(mapped), labels, thumbnails, "pca", 0.87, 0.87),
            neighbours=[items(8)] * 4,
            neighbour_ids=[["item 7", *(f"near {i}" for i in range(7))]] * 4,
            morphs={f"a to {i}": items(10) for i in range(3)},
            samples=items(30),
            sampler="a mixture",
            few_labels=few_labels,
        )

    return made


@pytest.fixture
def bare():
    """The least that a run can be."""
    return RunSummary(title="nothing", source="none", kind="images")
