"""What a run was asked for, as a file in its folder, so that it can go on after any interruption."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from hiddenspace.errors import TrainingError, writing
from hiddenspace.params import params_as_json, value_from_json
from hiddenspace.runs.folder import MEND
from hiddenspace.runs.values import value_from_text
from hiddenspace.training.checkpoint import write_durably
from hiddenspace.training.trainer import Trainer

FILE = "run.json"
FORMAT = 1


@dataclass(frozen=True)
class RunSettings:
    """Everything that decides how a run ends.

    Parameters
    ----------
    source : str
        Path or name of the data; of an adaptation, those with labels.
    model : str
        What the command line calls the estimator, see `names.MODELS`; of an adaptation the method, see
        `names.ADAPTERS`.
    seed : int
        Of everything random.
    params : dict
        Hyperparameters of the estimator.
    trainer : dict
        Arguments of the Trainer, as JSON.
    data : dict
        Arguments of `load_dataset`.
    held_out : float
        The part that no model sees, where the source does not come split.
    target : str, optional
        Of an adaptation, path or name of the data without labels.
    evaluate : str, optional
        Of an adaptation, labelled data like the target that it is judged by, and nothing else.
    """

    source: str
    model: str = "autoencoder"
    seed: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    trainer: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    held_out: float = 0.1
    target: str | None = None
    evaluate: str | None = None

    @property
    def command(self) -> str:
        """Which one started the run."""
        return "fit" if self.target is None else "adapt"

    @property
    def name(self) -> str:
        """What the data are called in the names of folders."""
        places = (self.source,) if self.target is None else (self.source, self.target)
        return "-to-".join(Path(place).name for place in places)

    def estimator(self, kind: type, trainer: Trainer) -> Any:
        """An unfitted one of this class, with the hyperparameters that were asked for."""
        params = {name: value_from_text(value) for name, value in self.params.items()}
        return kind(**params, random_state=self.seed, trainer=trainer)

    def goes_on(self, folder: Path) -> str:
        """What to type after an interruption."""
        return f"hiddenspace {self.command} --resume {shlex.quote(str(folder))}"

    def write(self, folder: Path, **results: Any) -> None:
        """Puts the settings, and what came of them so far, into a run folder.

        Raises
        ------
        TrainingError
            If the operating system refuses to write.
        """
        settings = asdict(self) | {"params": params_as_json(self.params)}  # which keeps the names of objects of ours
        content = {"format": FORMAT, "settings": settings, **results}
        draft = folder / f".{FILE}"
        with writing(folder / FILE, MEND):
            write_durably(draft, json.dumps(content, indent=1).encode())
            draft.replace(folder / FILE)

    @classmethod
    def read(cls, folder: Path) -> tuple[Self, dict[str, Any]]:
        """The settings of a run folder, and its results.

        Raises
        ------
        TrainingError
            If it is no run folder, damaged, or one of a newer version.
        """
        try:
            content = json.loads((folder / FILE).read_bytes())
            return cls._from_json(folder, content)
        except FileNotFoundError:
            raise TrainingError(
                f"{folder} is no run folder, it has no {FILE}; give one that fit or adapt has made."
            ) from None
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise TrainingError(f"{folder / FILE} cannot be read ({error!r}); start a new run.") from error

    @classmethod
    def read_finished(cls, folder: Path) -> tuple[Self, dict[str, Any]]:
        """The same of a run that came to its end.

        Raises
        ------
        TrainingError
            If it did not, or as `read` does.
        """
        settings, results = cls.read(folder)
        if results["status"] != "done":
            raise TrainingError(f"{folder} is not finished; go on with: {settings.goes_on(folder)}")
        return settings, results

    @classmethod
    def _from_json(cls, folder: Path, content: dict[str, Any]) -> tuple[Self, dict[str, Any]]:
        if content.get("format", 0) > FORMAT:
            raise TrainingError(f"{folder} was made by a newer hiddenspace; upgrade it.")
        known = {item.name for item in fields(cls)}
        settings = content.pop("settings")
        settings["params"] = {name: value_from_json(name, value) for name, value in settings["params"].items()}
        return cls(**{name: value for name, value in settings.items() if name in known}), content
