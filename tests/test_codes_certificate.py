"""Certificates of the largest cosine, contact graphs, and codes up to isometry."""

from fractions import Fraction
from itertools import combinations

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulations.codes import (
    Code,
    certify_max_cosine,
    construct,
    contacts,
    cosine_counts,
    distinct,
    isometric,
    max_cosine_within,
    rattlers,
    same_spectrum,
)
from simulations.codes.graphs import embedding
from simulations.streams import stream


def brute(points):
    """The largest cosine of the float directions, to 60 digits."""
    with mpmath.workdps(80):
        rows = [[mpmath.mpf(float(c)) for c in row] for row in points]
        return max(
            mpmath.fdot(x, y) / mpmath.sqrt(mpmath.fdot(x, x) * mpmath.fdot(y, y))
            for x, y in combinations(rows, 2)
        )


def number(q):
    return mpmath.mpf(q.numerator) / q.denominator


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(
        st.lists(st.floats(-10, 10, allow_subnormal=False), min_size=3, max_size=3), min_size=2, max_size=7
    )
)
def test_enclosure_contains_the_largest_cosine(rows):
    points = np.array(rows)
    assume(np.abs(points).max(axis=1).min() > 1e-90)
    low, high = certify_max_cosine(points)
    assert high - low <= Fraction(1, 2**150)
    with mpmath.workdps(80):
        s = brute(points)
        assert number(low) - mpmath.mpf(10) ** -60 <= s <= number(high) + mpmath.mpf(10) ** -60
    assert max_cosine_within(points, low, high)


def test_exact_cosines_are_points():
    points = np.array([[3.0, 4.0], [4.0, 3.0], [-5.0, 0.0]])
    assert max_cosine_within(points, Fraction(24, 25), Fraction(24, 25))
    low, high = certify_max_cosine(points)
    assert low <= Fraction(24, 25) <= high
    assert certify_max_cosine(np.array([[1.0, 0], [-2.0, 0]])) == (-1, -1)
    assert certify_max_cosine(np.array([[1.0, 0], [0, 0.5], [-1, -1]])) == (0, 0)


def test_wrong_certificates_are_rejected():
    points = construct("icosahedron").points
    low, high = certify_max_cosine(points)
    tiny = Fraction(1, 2**100)
    assert max_cosine_within(points, low - tiny, high + tiny)
    assert not max_cosine_within(points, low - tiny, low - tiny)  # the code is worse than claimed
    assert not max_cosine_within(points, high + tiny, high + 2 * tiny)  # and not worse than it is
    moved = points.copy()
    moved[0, 1] += 1e-9
    assert not max_cosine_within(moved, low - tiny, high + tiny)
    negative = construct("simplex-4").points
    low, high = certify_max_cosine(negative)
    assert high < 0
    assert not max_cosine_within(negative, low, high - tiny)
    assert not max_cosine_within(negative, high + tiny, Fraction(0))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros((3, 2)), "zero"),
        (np.array([[1.0, np.nan], [1, 2]]), "finite"),
        (np.ones((1, 3)), "shape"),
        (np.ones(3), "shape"),
        (np.array([[1e-200, 0], [0, 1.0]]), "1e-100"),
    ],
)
def test_bad_codes(points, message):
    with pytest.raises(ValueError, match=message):
        certify_max_cosine(points)


def test_equal_points_have_cosine_one():
    assert certify_max_cosine(np.array([[0.1, 0.7], [0.1, 0.7], [-1.0, 0]])) == (1, 1)


def test_contact_graph_of_the_snub_cube():
    code = construct("snub-cube")
    pairs = contacts(code)
    assert len(pairs) == 60
    assert np.all(np.bincount(pairs.ravel()) == 5)
    assert np.all(pairs[:, 0] < pairs[:, 1])
    assert len(rattlers(code)) == 0


def test_rattlers_have_no_contacts():
    points = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [-0.6, -0.8, 0]])
    code = Code("three axes and one more", points, 0.0, None, None)
    assert contacts(code).tolist() == [[0, 1], [0, 2], [1, 2], [2, 3]]
    code = Code("one more elsewhere", np.vstack([points[:3], -np.ones(3) / 3**0.5]), 0.0, None, None)
    assert rattlers(code).tolist() == [3]


def test_cosine_counts_of_floats():
    assert [count for _, count in cosine_counts(construct("E8"))] == [120, 6720, 15120, 6720]


@pytest.mark.parametrize(
    "name", ["icosahedron", "snub-cube", "24-cell", "half-5-cube", "schlaefli", "petersen"]
)
def test_copies_are_recognised(name):
    points = construct(name).points
    random = stream(0, "test.codes.isometry", name)
    turn = np.linalg.qr(random.standard_normal((points.shape[1],) * 2))[0]
    copy = (points @ turn)[random.permutation(len(points))]
    mirror = copy * np.where(np.arange(points.shape[1]) == 0, -1.0, 1.0)
    assert isometric(points, copy)
    assert isometric(points, mirror)
    spoiled = copy.copy()
    spoiled[0] = spoiled[0] + 1e-4
    spoiled /= np.linalg.norm(spoiled, axis=1, keepdims=True)
    assert not isometric(points, spoiled)
    assert distinct([points, copy, spoiled, mirror]) == [0, 2]


def test_random_codes_are_isometric_to_their_copies_only():
    random = stream(0, "test.codes.isometry.random")
    codes = random.standard_normal((3, 9, 4))
    codes /= np.linalg.norm(codes, axis=-1, keepdims=True)
    turn = np.linalg.qr(random.standard_normal((4, 4)))[0]
    assert isometric(codes[0], codes[0][::-1] @ turn)
    assert not isometric(codes[0], codes[1])
    assert not isometric(codes[0], codes[0][:8])


def test_equal_spectra_do_not_suffice():
    # Two sets of integers with the same differences (Golomb's homometric pair), wrapped on a circle.
    first, second = ([0, 1, 4, 10, 12, 17], [0, 1, 8, 11, 13, 17])
    a, b = (np.stack([np.cos(np.array(k) / 6), np.sin(np.array(k) / 6)], axis=1) for k in (first, second))
    assert same_spectrum(a, b)
    assert not isometric(a, b)


def test_equal_views_from_every_point_do_not_suffice():
    # Two strongly regular graphs (16, 6, 2, 2): rook moves on a 4 x 4 board, and Shrikhande's.
    cells = [(i, j) for i in range(4) for j in range(4)]
    steps = {(1, 0), (3, 0), (0, 1), (0, 3), (1, 1), (3, 3)}
    rook = np.array([[int((a == c) != (b == d)) for c, d in cells] for a, b in cells])
    torus = np.array([[int(((a - c) % 4, (b - d) % 4) in steps) for c, d in cells] for a, b in cells])
    a, b = (embedding(graph).points() for graph in (rook, torus))
    assert a.shape == b.shape == (16, 9)
    assert np.allclose(np.sort(a @ a.T, axis=1), np.sort(b @ b.T, axis=1), atol=1e-12)
    assert same_spectrum(a, b)
    assert not isometric(a, b)
    assert isometric(b, b[::-1])


def test_points_in_a_subspace():
    flat = np.pad(construct("polygon-7").points, ((0, 0), (0, 2)))
    random = stream(0, "test.codes.isometry.flat")
    turn = np.linalg.qr(random.standard_normal((4, 4)))[0]
    assert isometric(flat, flat[::-1] @ turn)
