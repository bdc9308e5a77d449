"""How alike two domains are in a space, and what answers on unlabelled items say of a classifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from hiddenspace.errors import DataError

Floats = NDArray[np.floating]

TEMPERATURE = 0.05
SMALLEST = 1e-12
AT_MOST = 2_000
"""Items of either domain that are looked at; more change little and take long."""


def proxy_a_distance(source: Floats, target: Floats, seed: int = 0) -> float:
    """2 (1 - 2 e), with e the error of a linear classifier of the domain on items it has not seen (Ben-David 2006).

    Logistic regression on standardised columns learns from half of the items of either domain, at most 2,000 of each
    and as many of one as of the other, and is tested on the other half.

    Parameters
    ----------
    source, target : array (n, d), (m, d)
        Items or features, of at least 4 items each.
    seed : int
        Of the halves.

    Returns
    -------
    float
        From 0, where nobody can tell the domains apart, to 2, where it is done without error.

    Raises
    ------
    DataError
        If there are fewer items.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    count = min(len(source), len(target), AT_MOST)
    if count < 4:
        raise DataError(
            f"domains of {len(source)} and {len(target)} items cannot be compared; give at least 4 of each."
        )
    rng = np.random.default_rng(seed)
    halves = [x[rng.permutation(len(x))[:count]].reshape(count, -1) for x in (source, target)]
    half = count // 2
    seen, unseen = (np.concatenate([x[part] for x in halves]) for part in (slice(half), slice(half, None)))
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=200))
    judge.fit(seen, np.repeat([0, 1], half))
    error = float((judge.predict(unseen) != np.repeat([0, 1], count - half)).mean())
    return 2 * (1 - 2 * min(error, 0.5))


def mutual_information(probabilities: Floats) -> float:
    """H(mean p) - mean H(p) in nats: answers that are sure, and not all alike (Bridle et al. 1991).

    Parameters
    ----------
    probabilities : array (n, k)

    Returns
    -------
    float
        From 0 to log k.
    """
    p = probabilities.astype(np.float64)
    return float(max(entr(p.mean(0)).sum() - entr(p).sum(1).mean(), 0.0))


def soft_neighbourhood_density(probabilities: Floats) -> float:
    """The mean entropy of each item's similarities to all others (Saito et al. 2021, SND); higher is better.

    Items that are answered alike have many near neighbours, so the classes lie in dense clusters. The similarities are
    softmax(p_i . p_j / 0.05) over j other than i, with p scaled to length 1 as in the authors' code.

    Parameters
    ----------
    probabilities : array (n, k)
        Of at least 3 items; of more than 2,000 evenly spaced ones are taken.

    Returns
    -------
    float
        From 0 to log(n - 1).
    """
    p = probabilities.astype(np.float32)
    if len(p) > AT_MOST:
        p = p[np.linspace(0, len(p) - 1, AT_MOST).astype(np.intp)]
    if len(p) < 3:
        raise DataError(f"{len(p)} items have no neighbourhoods; give at least 3.")
    p /= np.maximum(np.linalg.norm(p, axis=1, keepdims=True), SMALLEST)
    logits = p @ p.T / TEMPERATURE  # from 0 to 20, so that no exponential is too large or too small
    likeness = np.exp(logits)
    np.fill_diagonal(likeness, 0)
    total = likeness.sum(1, dtype=np.float64)
    # -sum s log s, with s = likeness / total
    return float((np.log(total) - np.einsum("ij,ij->i", likeness, logits) / total).mean())
