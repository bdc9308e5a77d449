"""What a training went through, as figures, and named troubles with what to try."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong.

    Attributes
    ----------
    name : str
        Such as 'mode collapse' or 'negative transfer'.
    finding : str
        What was seen, with figures.
    mend : str
        What to try.
    """

    name: str
    finding: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.finding}; {self.mend}."


@dataclass(frozen=True)
class Health:
    """How a trained model is.

    Attributes
    ----------
    figures : dict
        What was measured, by name; which figures there are says the estimator.
    troubles : list of Trouble
        Empty where nothing was found.
    judged_by : str
        What the features are by which it was measured, where there are any.
    """

    figures: dict[str, float]
    troubles: list[Trouble] = field(default_factory=list)
    judged_by: str = ""

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in self.figures.items())
        over = [f"over {self.judged_by}"] if self.judged_by else []
        return "\n".join([numbers, *over, *(map(str, self.troubles) if self.troubles else ["nothing found wrong"])])

    def config(self) -> dict[str, Any]:
        """JSON."""
        return {
            "figures": self.figures,
            "troubles": [asdict(trouble) for trouble in self.troubles],
            "judged_by": self.judged_by,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Health:
        """From what `config` gave."""
        troubles = [Trouble(**trouble) for trouble in config["troubles"]]
        return cls(dict(config["figures"]), troubles, str(config.get("judged_by", "")))
