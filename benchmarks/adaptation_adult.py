"""Adult with a known shift: incomes of the young carried over to the old, and of short hours to long ones.

python adaptation_adult.py; SEEDS=1 for one seed. Half of the target, drawn once, is adapted to without its labels, the
other half is scored.
"""

from __future__ import annotations

import gzip
import os

import numpy as np
import pandas as pd
from common import data_folder, of_seeds, show

import hiddenspace as hs

SEEDS = int(os.environ.get("SEEDS", "3"))
METHODS = ["source", "dann", "cdan", "coral", "adda", "shot", "adversarial"]
SHIFTS = {
    "age under 35 to 45 and over": ("AGE", lambda age: age < 35, lambda age: age >= 45),
    "up to 40 hours a week to more": ("HOURSPERWEEK", lambda hours: hours <= 40, lambda hours: hours > 40),
}
CASES = {"source": "source only"}


def adult() -> tuple[pd.DataFrame, np.ndarray]:
    """Items and whether the income is above 50,000 dollars."""
    with gzip.open(data_folder("adult") / "adult.csv.gz", "rt") as file:
        table = pd.read_csv(file, skipinitialspace=True)
    label = table.columns[-1]
    return table.drop(columns=label), table[label].to_numpy()


def main() -> None:
    table, income = adult()
    rows, said = [], []
    for name, (column, is_source, is_target) in SHIFTS.items():
        source, target = (np.flatnonzero(part(table[column])) for part in (is_source, is_target))
        order = np.random.default_rng(0).permutation(target)
        seen, test = order[: len(order) // 2], order[len(order) // 2 :]
        result = hs.compare_adaptation(
            table.iloc[source],
            income[source],
            table.iloc[seen],
            methods=METHODS,
            seeds=SEEDS,
            evaluate=(table.iloc[test], income[test]),
            target_training=(table.iloc[seen], income[seen]),
            scoring="balanced_accuracy",
            trainer=hs.Trainer(progress=False),
        )
        print(result.to_string(), flush=True)
        for row in result.to_dict("records"):
            score = f"{100 * row['balanced_accuracy']:.1f} ({100 * row['lowest']:.1f} to {100 * row['highest']:.1f})"
            others = [
                "-" if np.isnan(row[key]) else f"{100 * row[key]:.1f}"
                for key in ("by source", "by information", "by density", "best epoch by target labels")
            ]
            rows.append([name, CASES.get(row["method"], row["method"]), score, *others, f"{row['seconds']:.0f}"])
        said += [f"{name}: {sentence}" for sentence in result.attrs["verdict"]]
        share = [f"{100 * income[part].mean():.0f} %" for part in (source, test)]
        said.append(
            f"{name}: {len(source):,} source items, {share[0]} of them above; {len(test):,} tested, {share[1]}."
        )
    show(
        "adaptation_adult",
        "Adult with a shift",
        ["shift", "method", "balanced accuracy, %", "by source", "by information", "by density", "(by labels)", "s"],
        rows,
        [f"Balanced accuracy on the scored half of the target, {of_seeds(SEEDS)}.", *said],
    )


if __name__ == "__main__":
    main()
