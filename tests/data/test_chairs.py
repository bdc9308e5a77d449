import numpy as np
import pandas as pd
import pytest

import hiddenspace as hs
from hiddenspace.data.furniture import PIECES, beam, box, mesh, prism
from hiddenspace.data.rasterize import nearest_faces
from hiddenspace.data.rendered_chairs import COLOURS, ELEVATIONS, TYPES, chairs, render_chairs
from hiddenspace.errors import DataError, UsageError

ROW = {"type": "chair", "azimuth": 30.0, "elevation": 20.0, "colour": "red"}


def rows(**columns):
    return pd.DataFrame({**ROW, **columns}, index=range(max(map(len, columns.values()), default=1)))


# the set ------------------------------------------------------------------------------------------------------------


def test_the_seed_decides_on_everything():
    first, again, other = chairs(40, 16, 1), chairs(40, 16, 1), hs.data.chairs(40, 16, 2)
    assert np.array_equal(first.images, again.images)
    assert first.attributes.equals(again.attributes)
    assert not np.array_equal(first.images, other.images)
    assert first.images.shape == (40, 16, 16, 3)
    assert first.images.dtype == np.uint8


def test_attributes_span_their_ranges():
    table = chairs(400, 1).attributes
    assert list(table) == ["type", "azimuth", "elevation", "colour"]
    assert set(table["type"]) == set(TYPES)
    assert set(table["colour"]) == set(COLOURS)
    assert table["azimuth"].between(0, 360).all()
    assert table["azimuth"].max() - table["azimuth"].min() > 340
    assert table["elevation"].between(*ELEVATIONS).all()


def test_pictures_are_those_of_their_rows():
    images, table = chairs(100, 16, shift=0.1)
    assert np.abs(table["shift"]).max() <= 0.1
    assert np.array_equal(render_chairs(table.iloc[::-1], 16), images[::-1])  # whatever stands beside them


def test_a_whole_turn_changes_nothing_and_half_a_turn_much():
    for name in TYPES:
        front, around, back = render_chairs(rows(type=[name] * 3, azimuth=[10.0, 370.0, 190.0]), 32).astype(int)
        assert np.abs(front - around).max() <= 2, name
        assert np.abs(front - back).mean() > 2, name


def test_types_colours_and_elevations_show():
    by_type = render_chairs(rows(type=list(TYPES)), 32).astype(int)
    apart = np.abs(by_type[:, None] - by_type[None]).mean((2, 3, 4)) + 255 * np.eye(len(TYPES))
    assert apart.min() > 5
    red, blue = render_chairs(rows(colour=["red", "blue"]), 32).astype(int)
    assert (red[..., 0] - red[..., 2]).max() > 100
    assert (blue[..., 2] - blue[..., 0]).max() > 100
    low, high = render_chairs(rows(elevation=[5.0, 50.0]), 32).astype(int)
    assert np.abs(low - high).mean() > 5


@pytest.mark.parametrize("name", TYPES)
def test_a_piece_stays_within_a_white_frame(name):
    images = render_chairs(rows(type=[name] * 8, azimuth=list(np.arange(8) * 45.0), elevation=[5, 50] * 4), 32)
    frame = np.ones((32, 32), bool)
    frame[1:-1, 1:-1] = False
    assert (images[:, frame] == 255).all()
    assert (images < 255).any(3).mean((1, 2)).min() > 0.06


def test_shift_moves_the_picture_sideways():
    left, right = render_chairs(rows(shift=[-3 / 32, 4 / 32]), 32).astype(int)
    assert np.abs(np.roll(left, 7, axis=1) - right).mean() < 0.05
    assert np.array_equal(render_chairs(rows(shift=[0.0]), 32), render_chairs(ROW | {"type": ["chair"]}, 32))


def test_edges_are_smooth():
    one, four = render_chairs(rows(), 32).astype(float)[0], render_chairs(rows(), 128).astype(float)[0]
    means = four.reshape(32, 4, 32, 4, 3).mean((1, 3))
    assert np.abs(one - means).mean() < 2  # as many times as many rays give nearly the same


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"type": ["throne"]}, "'throne' is no type"),
        ({"colour": ["black"]}, "'black' is no colour"),
        ({"azimuth": [np.nan]}, "'azimuth'"),
        ({"azimuth": ["left"]}, "'azimuth'"),
        ({"elevation": [91.0]}, "'elevation'"),
    ],
)
def test_what_cannot_be_drawn(change, says):
    with pytest.raises(DataError, match=says):
        render_chairs(rows(**change), 8)


def test_a_missing_column():
    with pytest.raises(DataError, match="lack the column 'colour'"):
        render_chairs(rows().drop(columns="colour"))


@pytest.mark.parametrize("wrong", [{"n": 0}, {"size": 0}, {"random_state": -1}, {"shift": 0.5}, {"shift": -0.1}])
def test_numbers_that_make_no_sense(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        chairs(**{"n": 2, "size": 8, **wrong})


# furniture: surfaces are closed and look outwards -------------------------------------------------------------------


def volume_of(quads):
    """By the divergence theorem, each face being two triangles; and the sum of all area vectors."""
    corners = np.array([face for face, _ in quads]) if isinstance(quads, list) else quads
    volume, area = 0.0, np.zeros(3)
    for second, third in ((1, 2), (2, 3)):
        a, b, c = corners[:, 0], corners[:, second], corners[:, third]
        volume += np.einsum("fi,fi->", a, np.cross(b, c)) / 6
        area += np.cross(b - a, c - a).sum(0) / 2
    return volume, area


@pytest.mark.parametrize(
    ("quads", "volume"),
    [
        (box(0.3, -1, 2, (2, 3, 4), 0), 24),
        (box(0, 0, 0, (1, 1, 2), 0, lean=0.7), 2),
        (prism(1, 1, 0, (1, 1), 2, 0), 2 * 12 * np.sin(np.pi / 6) / 2),
        (beam((0, 0, 0), (1, 2, 2), 0.1, 0), 3 * 0.01),
    ],
)
def test_solids(quads, volume):
    found, area = volume_of(quads)
    assert found == pytest.approx(volume)
    assert area == pytest.approx(np.zeros(3), abs=1e-12)


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_stands_on_the_floor(name):
    corners, paints = mesh(name)
    assert -1e-9 < corners[..., 2].min() < 0.02
    assert corners[..., 2].max() < 2.1
    assert 0 in paints
    assert volume_of(corners)[1] == pytest.approx(np.zeros(3), abs=1e-9)


# pixels -------------------------------------------------------------------------------------------------------------


def seen(faces, nearness, side=8):
    faces = np.array(faces, float)
    return nearest_faces(faces, np.array(nearness, float), np.zeros(len(faces), np.int64), 1, side)[0]


def square(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def test_a_square_covers_the_pixels_whose_middles_it_holds():
    expected = np.full((8, 8), -1)
    expected[2:5, 1:7] = 0
    assert np.array_equal(seen([square(1, 1.6, 6.9, 5.2)], [[0.5] * 4]), expected)


def test_the_nearer_face_wins_and_what_leaves_the_picture_is_cut():
    picture = seen([square(-5, -5, 5, 20), square(3, 0, 20, 3)], [[0.3] * 4, [0.4] * 4])
    assert (picture[:3, 3:] == 1).all()
    assert (picture[3:, :5] == 0).all()
    assert (picture[3:, 5:] == -1).all()


def test_faces_that_cut_through_each_other():
    slope = [0.0, 0.8, 0.8, 0.0]  # nearer and nearer to the right
    picture = seen([square(0, 0, 8, 8), square(0, 0, 8, 8)], [slope, [0.4] * 4])
    assert (picture[:, :4] == 1).all()
    assert (picture[:, 4:] == 0).all()


def test_pixels_count_the_area_of_a_face():
    rng = np.random.default_rng(0)
    for _ in range(20):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 4))
        corners = 100 + 90 * np.stack([np.cos(angles), np.sin(angles)], 1)
        area = (
            np.abs(
                np.sum(
                    np.cross(np.pad(corners, ((0, 0), (0, 1))), np.pad(np.roll(corners, -1, 0), ((0, 0), (0, 1))))[:, 2]
                )
            )
            / 2
        )
        assert (seen([corners], [[0.5] * 4], 200) == 0).sum() == pytest.approx(area, abs=200)


def test_faces_of_several_pictures_stay_apart():
    faces = np.array([square(0, 0, 4, 4), square(0, 0, 2, 2)], float)
    pictures = nearest_faces(faces, np.full((2, 4), 0.5), np.array([1, 0]), 3, 4)
    assert (pictures[1] == 0).all()
    assert (pictures[0] == 1).sum() == 4
    assert (pictures[2] == -1).all()
