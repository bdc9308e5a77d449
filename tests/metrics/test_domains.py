"""Distances of domains, and what answers say of a classifier without labels, against closed forms."""

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from hiddenspace.errors import DataError
from hiddenspace.metrics.domains import mutual_information, proxy_a_distance, soft_neighbourhood_density

rng = np.random.default_rng(0)


def test_one_domain_twice_cannot_be_told_apart_and_two_far_ones_always():
    x = rng.normal(size=(1_000, 4))
    assert proxy_a_distance(x[:500], x[500:]) < 0.35
    assert proxy_a_distance(x[:500], x[500:] + 20) == 2.0


def test_it_is_that_of_the_error_of_the_best_linear_classifier():
    # two normals a distance of 2 apart: the error is Phi(-1) = 0.1587
    x, y = rng.normal(size=(4_000, 1)), rng.normal(2, 1, size=(4_000, 1))
    assert proxy_a_distance(x, y) == pytest.approx(2 * (1 - 2 * 0.1587), abs=0.06)
    assert proxy_a_distance(x, y, seed=1) == pytest.approx(proxy_a_distance(y, x, seed=1), abs=0.06)


def test_too_few_items():
    with pytest.raises(DataError, match="give at least 4"):
        proxy_a_distance(np.zeros((3, 2)), np.zeros((9, 2)))


def test_information_is_that_of_scikit_learn_where_answers_are_certain():
    items, classes = np.arange(12), np.repeat([0, 1, 2], [2, 4, 6])
    assert mutual_information(np.eye(3)[classes]) == pytest.approx(mutual_info_score(items, classes))
    assert mutual_information(np.full((5, 4), 0.25)) == pytest.approx(0, abs=1e-12)
    assert mutual_information(np.eye(3)[[1, 1, 1]]) == 0


def test_density_is_the_entropy_of_the_neighbours():
    # two clusters of 5 answered alike: each item has 4 equal neighbours, and the rest are exp(-20) as near
    assert soft_neighbourhood_density(np.eye(2)[np.repeat([0, 1], 5)]) == pytest.approx(np.log(4), abs=1e-5)
    assert soft_neighbourhood_density(np.full((6, 3), 1 / 3)) == pytest.approx(np.log(5))
    alone = soft_neighbourhood_density(np.eye(3))  # nobody has a neighbour: the two others are equally far
    assert alone == pytest.approx(np.log(2))
    answers = rng.dirichlet([0.2] * 5, size=300)
    unit = answers / np.linalg.norm(answers, axis=1, keepdims=True)
    logits = unit @ unit.T / 0.05
    np.fill_diagonal(logits, -np.inf)
    assert soft_neighbourhood_density(answers) == pytest.approx(
        entropy(softmax(logits, axis=1), axis=1).mean(), rel=1e-5
    )
    with pytest.raises(DataError, match="at least 3"):
        soft_neighbourhood_density(np.eye(2))
