"""The recipe in CONTRIBUTING.md works as it is written."""

import re
from pathlib import Path

import numpy as np
from sklearn.base import clone

PAGE = Path(__file__).resolve().parent.parent / "CONTRIBUTING.md"


def test_a_new_autoencoder_in_one_file() -> None:
    recipe, use = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    world: dict[str, object] = {}
    exec(compile(recipe, "decorrelated.py", "exec"), world)
    exec(compile(use, "use.py", "exec"), world)
    model, codes = world["model"], world["codes"]
    assert codes.shape == (1797, 8)
    assert {"train/reconstruction", "train/correlation"} <= model.history_[-1].keys()

    def correlation(weight: float) -> float:
        fitted = clone(model).set_params(weight=weight).fit("digits")
        return float(np.abs(np.corrcoef(fitted.transform("digits").T) - np.eye(8)).mean())

    assert correlation(1.0) < correlation(0.0)
