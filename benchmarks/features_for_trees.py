"""Adult and HIGGS: does XGBoost do better with a learned code, alone or beside the raw values? Three seeds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from common import data_folder, show, spread
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier

import hiddenspace as hs
from hiddenspace.data.dataset import Dataset
from hiddenspace.space.labelling import read_target, stratified_draw
from hiddenspace.space.representations import learned

SEEDS = (0, 1, 2)
COUNTS = (100, 1000)
DRAWS = {100: 10, 1000: 3}
"""Sets of labels for each seed: with few of them chance is large."""
QUIET = hs.Trainer(progress=False)
MODELS: dict[str, Callable[[int], Any]] = {
    "PCA(8)": lambda seed: hs.PCA(8, scaling="auto"),
    "Autoencoder(8)": lambda seed: hs.Autoencoder(8, random_state=seed, trainer=QUIET),
    "DenoisingAutoencoder(64, MaskingNoise(0.3))": lambda seed: hs.DenoisingAutoencoder(
        64, corruption=hs.MaskingNoise(0.3), random_state=seed, trainer=QUIET
    ),
    "MaskedAutoencoder()": lambda seed: hs.MaskedAutoencoder(random_state=seed, trainer=QUIET),
    "ContrastiveEncoder()": lambda seed: hs.ContrastiveEncoder(random_state=seed, trainer=QUIET),
}
Scores = dict[tuple[str, int], list[tuple[float, float]]]  # (features, labels) -> accuracy and AUC of each seed


def adult(seed: int) -> tuple[Dataset, Dataset]:
    """80 % for training and 20 % for testing, stratified, another split for each seed."""
    data = hs.load_dataset(data_folder("adult") / "adult.csv.gz", labels="ABOVE50K")
    kept, out = train_test_split(np.arange(len(data)), test_size=0.2, stratify=data.labels, random_state=seed)
    return data.take(np.sort(kept)), data.take(np.sort(out))


def higgs(seed: int) -> tuple[Dataset, Dataset]:
    """The split that comes with the data."""
    parts = []
    for name in ("binary.train.tsv", "binary.test.tsv"):
        values = np.loadtxt(data_folder("higgs-small") / name)
        parts.append(Dataset(values[:, 1:].astype(np.float32), "vectors", values[:, 0].astype(int), name))
    return parts[0], parts[1]


def boosted(features: np.ndarray, y: np.ndarray, test: np.ndarray, test_y: np.ndarray) -> tuple[float, float]:
    """Accuracy and area under the ROC curve of 200 trees."""
    model = XGBClassifier(n_estimators=200, learning_rate=0.1, random_state=0).fit(features, y)
    scores = model.predict_proba(test)[:, 1]
    return float(((scores > 0.5) == test_y).mean()), float(roc_auc_score(test_y, scores))


def one_seed(read: Callable[[int], tuple[Dataset, Dataset]], seed: int, scores: Scores) -> tuple[int, int]:
    train, test = read(seed)
    unlabelled, target = replace(train, labels=None), read_target(train.labels)
    draws = {
        n: [stratified_draw(target, np.arange(len(train)), n, 100 * seed + i) for i in range(DRAWS[n])] for n in COUNTS
    }
    draws[len(train)] = [np.arange(len(train))]
    encode = learned("raw", unlabelled, seed, None, None)
    raw = encode(train), encode(test)
    features = {"raw": raw}
    for name, make in MODELS.items():
        model = make(seed).fit(unlabelled)
        code = model.transform(train), model.transform(test)
        features |= {name: code, f"raw + {name}": (np.hstack([raw[0], code[0]]), np.hstack([raw[1], code[1]]))}
    for name, (seen, held_out) in features.items():
        for count, sets in draws.items():
            found = [boosted(seen[i], target.values[i], held_out, test.labels) for i in sets]
            scores.setdefault((name, count), []).append(tuple(np.mean(found, axis=0)))
            print(f"seed {seed}, {name}, {count} labels: {100 * scores[name, count][-1][0]:.2f} %", flush=True)
    return len(train), len(test)


def cells(scores: Scores, name: str, which: int, counts: list[int]) -> list[str]:
    """Mean over seeds with its reach, and how far it is above raw, seed by seed."""
    made = []
    for count in counts:
        mine, raw = (np.array([pair[which] for pair in scores[key, count]]) for key in (name, "raw"))
        gains = 100 * (mine - raw)
        made.append(spread(100 * mine, 2) + ("" if name == "raw" else f", {gains.mean():+.2f}"))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="fewer, for a trial")
    seeds = SEEDS[: parser.parse_args().seeds]
    for title, read, key in (("Adult", adult, "adult"), ("HIGGS (a cut of 7,500)", higgs, "higgs")):
        scores: Scores = {}
        for seed in seeds:
            rows_trained, rows_tested = one_seed(read, seed, scores)
        counts = [*COUNTS, rows_trained]
        names = list(dict.fromkeys(name for name, _ in scores))
        for which, metric in enumerate(("accuracy, %", "area under ROC, %")):
            rows = [[name, *cells(scores, name, which, counts)] for name in names]
            notes = [
                f"Codes are learned from {rows_trained:,} training rows without labels; {rows_tested:,} test rows.",
                f"Seeds {seeds}: mean (lowest to highest), mean difference to raw in points; draws of labels for each "
                f"seed (averaged first): {', '.join(f'{draws} of {count}' for count, draws in DRAWS.items())}.",
                "XGBoost: 200 trees, learning rate 0.1, else its defaults; raw values are standardised and one-hot.",
            ]
            header = [f"XGBoost sees ({metric})", *(f"{count:,} labels" for count in counts)]
            show(
                f"features_for_trees_{key}_{which}", f"{title}: features before XGBoost, {metric}", header, rows, notes
            )


if __name__ == "__main__":
    main()
