"""Queries: distance, direction and reach of each, by hand and on random sets."""

import numpy as np
import pytest

from simulations import geometry
from simulations.ensembles import ENSEMBLES
from simulations.queries import QUERIES, hull_weights, hull_with_weights
from simulations.streams import stream

# The nearest to (2, 0) is (1, 0.5); its rival by inner product is (3, 3).
HAND = np.array([[[2.0, 0.0], [1.0, 0.5], [3.0, 3.0]]])
R = np.sqrt(1.25) / 2
FIRST = np.array([0])


def unit(v):
    return np.asarray(v) / np.linalg.norm(v)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pattern", [2, 0]),
        ("towards_nearest", [2, 0] + 0.6 * R * unit([-1, 0.5])),
        ("away", [2, 0] - 0.6 * R * unit([-1, 0.5])),
        ("towards_rival", [2, 0] + 0.6 * R * unit([1, 3])),
        ("along_rival", [2, 0] + 0.6 * R * unit([1, 1])),
        ("midpoint", [1.5, 0.25]),
        ("origin", [0, 0]),
    ],
)
def test_by_hand(name, expected):
    np.testing.assert_allclose(QUERIES[name](stream(1), HAND, FIRST, 0.6)[0], expected, atol=1e-15)


def test_random_directions_have_the_stated_length():
    x = ENSEMBLES["sphere"](stream(1), 200, 5, 3, 2.0)
    target = np.arange(200) % 5
    own, half = x[np.arange(200), target], geometry.half_min_distance(x)
    rho = np.linspace(0.05, 0.99, 200)
    noise = QUERIES["noise"](stream(2), x, target, rho) - own
    np.testing.assert_allclose(np.linalg.norm(noise, axis=1), rho * half, rtol=1e-9)
    assert np.linalg.norm(np.mean(noise / np.linalg.norm(noise, axis=1, keepdims=True), axis=0)) < 0.2
    shell = np.linalg.norm(QUERIES["shell"](stream(2), x, target, rho) - own, axis=1) / (rho * half)
    assert np.all((shell > 1 - 1.1e-6) & (shell < 1 + 1e-9))
    far = np.linalg.norm(QUERIES["far"](stream(2), x, target, rho), axis=1)
    assert far.max() < 20.0 < far.max() * 1.1
    assert far.min() < 1.0


def test_hull_points_come_with_their_weights():
    for size in (1, 2, 10, 1000):
        w = hull_weights(stream(3), 50, size)
        assert np.all(w >= 0)
        np.testing.assert_allclose(w.sum(axis=1), 1.0, rtol=1e-12)
        assert np.median(w.max(axis=1)) > 0.2
    x = ENSEMBLES["gaussian"](stream(1), 6, 4, 3)
    points, weights = hull_with_weights(stream(4), x, np.zeros(6, dtype=int), 0.5)
    np.testing.assert_allclose(points, np.einsum("nm,nmd->nd", weights, x), atol=1e-15)
    np.testing.assert_array_equal(points, QUERIES["hull"](stream(4), x, np.zeros(6, dtype=int), 0.5))


@pytest.mark.parametrize("name", list(QUERIES))
def test_single_memories_copies_and_zero_memories(name):
    sets = [
        ENSEMBLES["sphere"](stream(1), 3, 1, 4),
        ENSEMBLES["duplicates"](stream(1), 3, 2, 4),
        np.zeros((3, 1, 4)),
        np.zeros((3, 2, 4)),
    ]
    for x in sets:
        got = QUERIES[name](stream(2), x, np.zeros(3, dtype=int), 0.5)
        assert got.shape == (3, 4)
        assert np.all(np.isfinite(got))
    single = QUERIES[name](stream(2), 2 * sets[0], np.zeros(3, dtype=int), 0.5)
    if name in ("noise", "towards_nearest", "towards_rival", "along_rival", "away", "shell"):
        distance = np.linalg.norm(single - 2 * sets[0][:, 0], axis=1)
        np.testing.assert_allclose(distance, 1.0, rtol=1e-5)


@pytest.mark.parametrize("name", list(QUERIES))
def test_input_is_left_alone(name):
    x, target = HAND.copy(), FIRST.copy()
    x.flags.writeable = target.flags.writeable = False
    QUERIES[name](stream(1), x, target, 0.3)
