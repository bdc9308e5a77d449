"""`hiddenspace adapt`: from two sources to a run folder, and what can be done with it."""

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import hiddenspace as hs
from hiddenspace.adaptation import domain_adapter, shot, watching
from hiddenspace.cli.main import main
from hiddenspace.runs import adapted_summary, adapting
from hiddenspace.runs.settings import RunSettings

STEPS = 4
TABLE = ["--labels", "my kind", "--method", "coral", "--quiet"]
QUICK = ["--epochs", "1", "--batch-size", "16"]


@pytest.fixture(scope="module", autouse=True)
def short():
    """Epochs of few steps, and maps of few items."""
    patch = pytest.MonkeyPatch()
    for module in (domain_adapter, shot):
        patch.setattr(module, "EPOCH_STEPS", STEPS)
    patch.setattr(adapted_summary, "MAPPED", 15)
    yield
    patch.undo()


def leave_page_out(patch: pytest.MonkeyPatch) -> None:
    """Most of a short run is drawing."""
    patch.setattr(adapting, "summary", lambda *given: None)
    patch.setattr(adapting, "report", lambda *given: None)


@pytest.fixture
def no_page(monkeypatch):
    leave_page_out(monkeypatch)


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Path:
    """Digits with labels and others in negative, and a table with one that is shifted, with labels and without."""
    folder = tmp_path_factory.mktemp("adapt")
    digits = hs.load_dataset("digits")
    items, labels = np.asarray(digits.items), digits.labels
    np.savez(folder / "plain.npz", images=items[:120], labels=labels[:120])
    np.savez(folder / "negative.npz", images=255 - items[120:200])
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
    table["my kind"] = np.where(table["a"] > 0, "up", "down")
    table.to_csv(folder / "table.csv", index=False)
    shifted = table.assign(a=table["a"] + 1)
    shifted.to_csv(folder / "shifted.csv", index=False)
    shifted.drop(columns="my kind").to_csv(folder / "bare.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def run(short, places: Path) -> Path:
    """A run without a page, by items whose labels are nowhere."""
    with pytest.MonkeyPatch.context() as patch:
        leave_page_out(patch)
        assert adapt(places / "table.csv", places / "bare.csv", *TABLE, "--out", places / "run") == 0
    return places / "run"


@pytest.fixture(scope="module")
def judged(short, places: Path) -> Path:
    """The same with labels to judge by, and a page."""
    given = [places / "table.csv", places / "bare.csv", *TABLE, "--evaluate", places / "shifted.csv"]
    assert adapt(*given, "--out", places / "judged") == 0
    return places / "judged"


def adapt(*words) -> int:
    return main(["adapt", *map(str, words), *QUICK])


def results_of(run: Path) -> dict:
    return json.loads((run / "run.json").read_text())


def said_in(run: Path) -> str:
    return " ".join((run / "log.txt").read_text().split())


def test_a_run_leaves_what_it_promises(run, places):
    for name in ("model/config.json", "baseline/config.json", "predictions.csv", "metrics.csv", "log.txt"):
        assert (run / name).stat().st_size > 0, name
    results = results_of(run)
    assert results["settings"]["target"] == str(places / "bare.csv")
    assert [row["name"] for row in results["adapted"]] == ["Source only", "Deep CORAL"]
    assert [row["target_accuracy"] for row in results["adapted"]] == [None, None]
    assert results["items"] == {"labelled": 60, "unlabelled": 60, "judged_by": 0}
    figures = hs.load(run).health_.figures
    told = results["adapted"][1]
    assert told["information"] == figures["information"]
    assert told["distance"] == figures["distance"]
    assert results["verdict"] in said_in(run)
    assert type(hs.load(run / "baseline")).__name__ == "SourceOnly"
    assert len(pd.read_csv(run / "metrics.csv")) == 1


def test_predictions_are_those_of_predict(run, places, tmp_path):
    assert main(["predict", str(run), str(places / "shifted.csv"), "--out", str(tmp_path / "p.csv")]) == 0
    told, model = pd.read_csv(run / "predictions.csv"), hs.load(run)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "p.csv"), told)
    np.testing.assert_array_equal(told["prediction"], model.predict(places / "bare.csv"))
    np.testing.assert_allclose(told[["p(down)", "p(up)"]], model.predict_proba(places / "bare.csv"), atol=1e-6)


def test_labels_to_judge_by_change_no_weight(run, judged, places):
    assert hs.load(judged).fingerprint() == hs.load(run).fingerprint()
    assert hs.load(judged / "baseline").fingerprint() == hs.load(run / "baseline").fingerprint()
    truth = pd.read_csv(places / "shifted.csv")["my kind"]
    for row, place in zip(results_of(judged)["adapted"], ("baseline", "model"), strict=True):
        right = hs.load(judged / place).predict(places / "bare.csv") == truth
        assert row["target_accuracy"] == pytest.approx(right.mean())
    assert "Judged by the labels of 60 items of shifted.csv; no training sees them." in said_in(judged)


def test_the_page_shows_what_came_of_it_and_is_written_anew_as_it_was(judged):
    page = (judged / "report.html").read_text()
    assert results_of(judged)["verdict"] in page
    for shown in (
        "features of both domains by Source only",
        "true against predicted classes",
        "source labels, Source",
        "over epochs: ",
    ):
        assert shown in page
    (judged / "report.html").unlink()
    assert main(["report", str(judged)]) == 0
    assert (judged / "report.html").read_text() == page


def test_what_to_do_next_can_be_pasted_into_a_shell(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    steps = [step.partition("`")[2].partition("`")[0] for step in results_of(run)["next_steps"]]
    commands = [shlex.split(step) for step in steps if step.startswith("hiddenspace ")]
    assert [words[1] for words in commands] == ["predict", "transform", "adapt"]
    for words in commands[:2]:
        assert main(words[1:]) == 0
    model = hs.load(run)
    np.testing.assert_allclose(np.load("codes.npy"), model.transform(commands[1][3]), rtol=1e-5, atol=1e-6)


def test_info_says_what_it_is(run, places, capsys):
    assert main(["info", str(run), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["class"], facts["source"]) == ("DeepCORAL", str(places / "table.csv"))
    assert (facts["target"], facts["evaluate"]) == (str(places / "bare.csv"), None)


def test_a_command_that_needs_a_space_says_that_there_is_none(run, capsys):
    assert main(["map", str(run)]) == 2
    assert "is a run of adapt, which stores no space; name the items as well" in capsys.readouterr().err


@pytest.mark.usefixtures("no_page")
def test_the_column_of_labels_is_dropped_from_the_target(run, places, tmp_path, capsys):
    given = [places / "table.csv", places / "shifted.csv", *TABLE[:-1], "--out", tmp_path / "r"]
    assert adapt(*given) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "The column my kind of shifted.csv is left out: labels of the target take no part in training." in said
    assert "To learn by these labels if it helped, add --evaluate" in said
    assert "left out" not in said_in(run)  # of a table that has no such column
    model = hs.load(tmp_path / "r")
    assert list(model.format_.feature_names) == ["a", "b", "c"]
    assert model.fingerprint() == hs.load(run).fingerprint()


def pictures(folder: Path, side: int, count: int, parts=("",), start=0) -> Path:
    """Digits enlarged to squares of this side, in folders of their labels."""
    digits = hs.load_dataset("digits")
    for part in parts:
        for i in range(start, start + count):
            path = folder / part / f"digit {digits.labels[i]}" / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(digits.items[i, ..., 0])).resize((side, side)).save(path)
        start += count
    return folder


def test_unlike_shapes_are_refused_before_anything_is_learned(places, tmp_path, capsys):
    other = pictures(tmp_path / "big", 12, 20)
    assert adapt(places / "plain.npz", other, "--out", tmp_path / "r") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "has images of 8x8x1 (height, width, channels), but big of 12x12x1; add --size 12" in said
    assert not (tmp_path / "r").exists()


@pytest.mark.usefixtures("no_page")
def test_folders_of_unlike_sizes_are_brought_to_one(tmp_path, capsys):
    source = pictures(tmp_path / "small", 8, 60)
    target = pictures(tmp_path / "big", 12, 30, parts=("train", "test"), start=100)
    given = [source, target, "--size", "10", "--method", "coral"]
    assert adapt(*given, "--out", tmp_path / "r") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "The test part of big has labels; to learn by them if it helped, add --evaluate" in said
    assert results_of(tmp_path / "r")["adapted"][1]["target_accuracy"] is None
    assert adapt(*given, "--evaluate", target, "--out", tmp_path / "e", "--quiet") == 0
    assert results_of(tmp_path / "e")["judged_against"] == "30 items of the test part of big"
    model = hs.load(tmp_path / "e")
    assert model.format_.shape == (1, 10, 10)
    tested = hs.load_dataset(target, size=10).test
    assert results_of(tmp_path / "e")["adapted"][1]["target_accuracy"] == pytest.approx(model.score(tested))


@pytest.mark.usefixtures("no_page")
def test_items_without_a_label_and_classes_that_the_source_lacks(places, tmp_path, capsys):
    table = pd.read_csv(places / "table.csv")
    table.loc[:9, "my kind"] = None
    table.to_csv(tmp_path / "some.csv", index=False)
    strange = pd.read_csv(places / "shifted.csv")
    strange.loc[:5, "my kind"] = "sideways"
    strange.to_csv(tmp_path / "strange.csv", index=False)
    given = ["--labels", "my kind", "--method", "source", "--evaluate", tmp_path / "strange.csv"]
    assert adapt(tmp_path / "some.csv", places / "bare.csv", *given, "--out", tmp_path / "r") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "10 items of some.csv have no label and are left out." in said
    assert "6 of them are of classes that some.csv does not have (sideways)" in said
    right = (hs.load(tmp_path / "r").predict(strange[["a", "b", "c"]]) == strange["my kind"]).mean()
    assert results_of(tmp_path / "r")["adapted"][0]["target_accuracy"] == pytest.approx(right)


@pytest.mark.usefixtures("no_page")
def test_the_source_alone_is_one_training(run, places, tmp_path):
    given = [places / "table.csv", places / "bare.csv", *TABLE[:2], "--quiet", "--method", "source"]
    assert adapt(*given, "--out", tmp_path / "alone") == 0
    results = results_of(tmp_path / "alone")
    assert [row["name"] for row in results["adapted"]] == ["Source only"]
    assert results["verdict"].startswith("Nothing was adapted: Source only names ")
    assert not (tmp_path / "alone" / "baseline").exists()
    assert hs.load(tmp_path / "alone").fingerprint() == hs.load(run / "baseline").fingerprint()
    images = [places / "plain.npz", places / "negative.npz", "--quiet", "--method", "source"]  # which are normalised
    assert adapt(*images, "--statistics", "target", "--out", tmp_path / "both") == 0
    assert [row["name"] for row in results_of(tmp_path / "both")["adapted"]] == ["Source only", "Target statistics"]


@pytest.mark.usefixtures("no_page")
@pytest.mark.parametrize("stopped", ["SourceOnly", "SHOT"])
def test_an_interrupted_run_ends_as_one_left_alone(stopped, places, tmp_path, monkeypatch, capsys):
    given = [places / "table.csv", places / "bare.csv", "--labels", "my kind", "--method", "shot", "--quiet"]
    assert adapt(*given, "--out", tmp_path / "whole") == 0
    figures = watching.Watch.figures

    def interrupts(self, row):
        if type(self.model).__name__ == stopped:
            raise KeyboardInterrupt
        return figures(self, row)

    with monkeypatch.context() as patched:
        patched.setattr(watching.Watch, "figures", interrupts)
        assert adapt(*given, "--checkpoint-seconds", "0", "--out", tmp_path / "cut") == 130
    assert f"go on with: hiddenspace adapt --resume {tmp_path / 'cut'}" in " ".join(capsys.readouterr().err.split())
    assert (tmp_path / "cut" / "baseline" / "config.json").exists() == (stopped == "SHOT")
    assert list((tmp_path / "cut").rglob("round-*"))  # which it goes on from
    assert main(["report", str(tmp_path / "cut")]) == 1
    assert f"go on with: hiddenspace adapt --resume {tmp_path / 'cut'}" in " ".join(capsys.readouterr().err.split())
    assert main(["fit", "--resume", str(tmp_path / "cut")]) == 2
    assert "is a run of adapt; go on with: hiddenspace adapt --resume" in " ".join(capsys.readouterr().err.split())
    assert main(["adapt", "--resume", str(tmp_path / "cut"), "--quiet"]) == 0
    for place in ("baseline", "model"):
        assert hs.load(tmp_path / "cut" / place).fingerprint() == hs.load(tmp_path / "whole" / place).fingerprint()
    same = [(tmp_path / name / "predictions.csv").read_bytes() for name in ("cut", "whole")]
    assert same[0] == same[1]


@pytest.mark.usefixtures("no_page")
def test_json_is_all_that_is_printed_and_a_finished_run_is_not_run_again(places, tmp_path, capsys):
    given = [places / "table.csv", places / "bare.csv", "--labels", "my kind", "--method", "source", "--json"]
    assert adapt(*given, "--out", tmp_path / "r") == 0
    results = json.loads(capsys.readouterr().out)
    assert results["folder"] == str(tmp_path / "r")
    assert results["items"]["unlabelled"] == 60
    assert main(["adapt", "--resume", str(tmp_path / "r"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["adapted"] == results["adapted"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plain.npz"], "adapt needs a LABELLED and an UNLABELLED source"),
        (
            ["plain.npz", "negative.npz", "--method", "magic"],
            "--method magic is unknown; use one of source, adversarial",
        ),
        (["plain.npz", "negative.npz", "--method", "shot", "--entropy"], "entropy"),
        (["plain.npz", "negative.npz", "--weight", "-1"], "weight=-1"),
        (["plain.npz", "negative.npz", "--seed", "-1"], "seed"),
        (["plain.npz", "negative.npz", "--augmentation", "Magic(3)"], "Magic"),
        (["negative.npz", "plain.npz"], "negative.npz has no labels; name the column that holds them with --labels"),
        (["plain.npz", "negative.npz", "--evaluate", "negative.npz"], "--evaluate negative.npz has no labels"),
        (["plain.npz", "bare.csv"], "plain.npz holds images, but bare.csv holds a table"),
        (["table.csv", "bare.csv", "--labels", "kind"], "There is no column 'kind'; the table has a, b, c, my kind"),
        (["table.csv", "bare.csv", "--labels", "my kind", "--evaluate", "bare.csv"], "There is no column 'my kind'"),
        (["table.csv", "bare.csv", "--labels", "my kind", "--size", "8"], "size=8 is for images"),
        (["table.csv", "less.csv", "--labels", "my kind"], "less.csv lacks c; give it the columns of table.csv"),
        (["table.csv", "more.csv", "--labels", "my kind"], "columns that the source lacks (d)"),
        (
            ["table.csv", "bare.csv", "--labels", "my kind", "--evaluate", "others.csv"],
            "no label of --evaluate others.csv",
        ),
        (["--resume", "nothing", "--epochs", "3"], "leave --epochs out"),
        (["plain.npz", "--resume", "nothing"], "leave LABELLED out"),
    ],
)
def test_bad_calls_are_told_in_a_sentence(arguments, message, places, monkeypatch, capsys):
    monkeypatch.chdir(places)
    bare = pd.read_csv("bare.csv")
    bare.drop(columns="c").to_csv("less.csv", index=False)
    bare.assign(d=1.0).to_csv("more.csv", index=False)
    bare.assign(**{"my kind": "left"}).to_csv("others.csv", index=False)
    assert main(["adapt", *arguments]) in (1, 2)
    said = capsys.readouterr().err
    assert message in said
    assert said.startswith("hiddenspace: ")
    assert said.count("\n") == 1, said
    assert not list(places.glob("runs/*"))


def test_help_describes_the_options_of_the_method_in_words(capsys):
    main(["adapt", "--method", "shot", "--help"])
    text = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert "--pseudo-labels" in text
    assert "--weight" not in text
    assert "As in" not in text
    assert "Items of each domain in a step; by default 64" in text  # which stands in another class
    assert "`epochs` are those of the second training" in text  # and what this one says of it


def test_objects_are_written_as_text_and_no_augmentation_as_none(places, tmp_path, monkeypatch):
    made = []

    def stops(settings, *given, **how):
        made.append(adapting.make_adapter(settings, hs.Trainer()))
        return {}

    monkeypatch.setattr(adapting, "execute_adapter", stops)
    given = [places / "plain.npz", places / "negative.npz", "--out", tmp_path / "r", "--augmentation"]
    assert adapt(*given, "None") == 0
    assert adapt(*given[:-1], "--augmentation", "GaussianNoise(0.3)") == 0
    assert [model.augmentation for model in made] == [None, hs.GaussianNoise(0.3)]
    assert made[0].epochs == 1
    assert type(made[0]).__name__ == "CDAN"  # where no method is named


def test_settings_of_older_runs_are_read(tmp_path):
    settings = {"source": "digits", "model": "pca", "seed": 3, "params": {}, "trainer": {}, "data": {}}
    (tmp_path / "run.json").write_text(json.dumps({"format": 1, "settings": settings, "status": "done"}))
    read, results = RunSettings.read(tmp_path)
    assert (read.seed, read.target, read.command) == (3, None, "fit")
    assert results == {"format": 1, "status": "done"}
