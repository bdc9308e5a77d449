"""Two gloo ranks: the same end as one process, one writer of files, and no rank left waiting for another."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hiddenspace.errors import TrainingError
from hiddenspace.training.checkpoint import read_checkpoint
from hiddenspace.training.snapshot import Checkpoints

pytestmark = pytest.mark.slow
Results = dict[str, Any]


def ran(what: str, folder: Path, ranks: int) -> list[Results]:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("RANK", "LOCAL_RANK", "WORLD_SIZE")
    }
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("ranks_script.py"), what, folder],
        env={**environment, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return [json.loads((folder / f"{what}-{rank}.json").read_text()) for rank in range(ranks)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def both(folder: Path) -> list[Results]:
    return ran("started", folder, 2)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The same in this one process."""
    spec = importlib.util.spec_from_file_location("ranks_script", Path(__file__).with_name("ranks_script.py"))
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("alone")
    names = ("mean_game", "kernel", "one_held_out_item", "l_bfgs", "estimator")
    return json.loads(json.dumps({name: getattr(script, name)(folder) for name in names}))


def close(a: Any, b: Any, within: float = 1e-6) -> bool:
    """Whether nested figures are equal to rounding."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(close(a[name], b[name], within) for name in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(close(x, y, within) for x, y in zip(a, b, strict=True))
    return a == pytest.approx(b, abs=within)


def test_weights_and_figures_are_those_of_one_process(both, alone):
    first, second = (result["mean_game"] for result in both)
    assert first == second
    assert close(first["rows"], alone["mean_game"]["rows"])
    assert close(first["weights"], alone["mean_game"]["weights"])
    assert first["weights"]["unused.weight"] == alone["mean_game"]["weights"]["unused.weight"]  # not even decayed


def test_gradients_keep_the_order_that_weights_have_in_memory(both, alone):
    assert both[0]["kernel"] == both[1]["kernel"]
    assert close(both[0]["kernel"], alone["kernel"])


def test_a_parameter_without_a_gradient_counts_as_zero(both):
    for result in both:
        assert result["sometimes"] == [[-1.5, -1.5], [-1.5, -1.5]]  # three rounds, half a gradient of one each


def test_a_held_out_set_smaller_than_the_ranks(both, alone):
    figures = [[row["validation/mean"] for row in result["one_held_out_item"]] for result in (*both, alone)]
    assert close(figures[0], figures[2])
    assert close(figures[1], figures[2])


def test_l_bfgs_takes_the_same_steps(both, alone):
    assert both[0]["l_bfgs"] == both[1]["l_bfgs"]
    assert close(both[0]["l_bfgs"], alone["l_bfgs"])


def test_ranks_judge_with_the_same_statistics(both):
    assert both[0]["statistics"] == both[1]["statistics"]
    assert all(both[0]["statistics"])  # where they began, at zero, they would agree as well


def test_only_the_first_rank_writes_files_and_draws(both):
    names, bar = both[0]["files"]
    assert {"metrics", "board", "checkpoints"} <= set(names)
    assert bar
    assert both[1]["files"] == [[], False]


def test_each_rank_draws_noise_of_its_own(both):
    assert both[0]["noise"][0] != both[1]["noise"][0]
    assert both[0]["noise"][1] != both[1]["noise"][1]


def test_ctrl_c_on_one_rank_ends_both_after_the_same_round(both):
    (first, told, same), second = both[0]["interrupted"], both[1]["interrupted"]
    assert first == second[0]
    assert 4 <= first < 9
    assert "interrupted and saved" in told
    assert same
    assert second[2]


def test_a_wish_to_stop_on_one_rank_ends_both_after_the_same_round(both):
    assert both[0]["stopped_by_one"] == both[1]["stopped_by_one"] < 9


@pytest.mark.parametrize(
    ("scenario", "kind", "said"),
    [
        ("not_finite", "DivergedError", "the term 'error' of player 'net' became nan in round"),
        ("full_disk", "TrainingError", "No space left on device"),
        ("another_seed", "UsageError", "the ranks disagree (data: seed 0, now 1)"),
        ("too_small", "UsageError", "batches of 1 are too small for 2 ranks"),
        ("another_folder", "TrainingError", "the ranks see different checkpoints"),
    ],
)
def test_what_fails_on_one_rank_fails_on_both_with_one_sentence(both, scenario, kind, said):
    for result in both:
        assert result[scenario][0] == kind
        assert said in result[scenario][1]


def test_as_many_ranks_must_resume(both, folder):
    there = folder / "there" / "checkpoints"
    settings = read_checkpoint(there).values["settings"]
    with pytest.raises(TrainingError, match="was made with 2 ranks and cannot go on with 1; start as many as before"):
        Checkpoints(there, settings, 0.0).resume(None)


def test_an_estimator_over_ranks_is_that_of_one_process(both, alone):
    assert both[0]["estimator"] == both[1]["estimator"]
    assert close(both[0]["estimator"], alone["estimator"], within=1e-5)


def test_a_trainer_starts_ranks_by_itself(both, alone, tmp_path):
    first, second = ran("launched", tmp_path, 2)
    assert first["mean_game"] == both[0]["mean_game"]
    assert second["mean_game"] == both[0]["mean_game"]
    assert first["estimator"] == both[0]["estimator"]
