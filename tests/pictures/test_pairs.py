"""Pairs of pictures."""

import numpy as np

from hiddenspace.pictures.pairs import pairs


def test_the_two_of_a_pair_touch():
    left, right = np.zeros((4, 32, 32), np.uint8), np.full((4, 32, 32), 255, np.uint8)
    picture = np.asarray(pairs(left, right, columns=2))
    assert picture.shape[:2] == (2 * 64 + 8, 2 * 128 + 8)
    assert (picture[:64, :64, 0] == 0).all()
    assert (picture[:64, 64:128, 0] == 255).all()
    assert (picture[:, 128:136, -1] == 0).all()


def test_about_square_by_default():
    colour = np.zeros((32, 16, 16, 3), np.uint8)
    height, width = np.asarray(pairs(colour, colour)).shape[:2]
    assert 0.7 < height / width < 1.4
