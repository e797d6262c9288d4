"""Geometry by brute force; storage verdicts against closed forms, exact predicates and dense sampling."""

import dataclasses
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations import basins, geometry, storage
from simulations.ensembles import ENSEMBLES, directions
from simulations.retrieval import retrieve
from simulations.streams import stream
from simulations.variants import DENSE, SPARSE, jacobian, update


def brute_geometry(x):
    m = len(x)
    pairs = list(itertools.permutations(range(m), 2))
    distance = {(i, j): math.dist(x[i], x[j]) for i, j in pairs}
    dot = {(i, j): float(np.dot(x[i], x[j])) for i, j in pairs}
    others = [[j for j in range(m) if j != i] for i in range(m)]
    return {
        "separations": [float(x[i] @ x[i]) - max(dot[i, j] for j in others[i]) for i in range(m)],
        "rival": [max(others[i], key=lambda j: dot[i, j]) for i in range(m)],
        "nearest": [min(others[i], key=lambda j: distance[i, j]) for i in range(m)],
        "nearest_distance": [min(distance[i, j] for j in others[i]) for i in range(m)],
        "half_min_distance": min(distance.values()) / 2,
        "diameter": max(distance.values()),
        "max_norm": max(math.hypot(*row) for row in x),
        "min_angle": min(
            math.acos(max(-1.0, min(1.0, dot[i, j] / math.hypot(*x[i]) / math.hypot(*x[j]))))
            for i, j in pairs
        ),
    }


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(2, 7), st.integers(1, 5), st.integers(0, 10**6), st.sampled_from([1 << 22, 30]))
def test_geometry_by_brute_force(m, d, seed, block):
    x = stream(seed, "geometry").standard_normal((3, m, d))
    old, geometry.BLOCK = geometry.BLOCK, block
    try:
        for name in brute_geometry(x[0]):
            expected = np.array([brute_geometry(s)[name] for s in x])
            function = getattr(geometry, name)
            np.testing.assert_allclose(
                function(x), expected, rtol=1e-9, atol=2e-7 if name == "min_angle" else 1e-12
            )
            np.testing.assert_allclose(
                function(x[0]), expected[0], rtol=1e-9, atol=2e-7 if name == "min_angle" else 1e-12
            )
    finally:
        geometry.BLOCK = old


def test_large_sets_use_the_same_distances():
    x = stream(1).standard_normal((2, 70, 5))
    whole = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1)
    assert geometry.diameter(x) == pytest.approx(whole.max(axis=(1, 2)))
    whole[:, np.arange(70), np.arange(70)] = np.inf
    np.testing.assert_allclose(geometry.nearest_distance(x), whole.min(axis=-1), rtol=1e-12)


def test_geometry_of_one_memory_copies_and_tiny_angles():
    one = np.ones((2, 1, 3))
    assert np.all(geometry.separations(one) == np.inf)
    assert np.all(geometry.half_min_distance(one) == np.inf)
    assert np.all(geometry.min_angle(one) == np.inf)
    assert np.all(geometry.rival(one) == -1)
    assert np.all(geometry.nearest(one) == -1)
    assert np.all(geometry.diameter(one) == 0)
    copies = np.array([[0.1, 0.7], [0.1, 0.7]])
    assert geometry.half_min_distance(copies) == 0
    assert geometry.separations(copies) == pytest.approx([0, 0], abs=1e-16)
    close = np.array([[1.0, 0.0], [math.cos(1e-9), math.sin(1e-9)]])
    assert geometry.min_angle(close) == pytest.approx(1e-9, rel=1e-6)
    assert geometry.min_angle(np.array([[2.0, 0.0], [-1.0, 0.0]])) == pytest.approx(math.pi, rel=1e-15)
    assert np.isnan(geometry.min_angle(np.array([[0.0, 0.0], [1.0, 0.0]])))


def test_separations_of_rationals_are_exact():
    x = np.array([[Fraction(1, 3), Fraction(0)], [Fraction(1, 7), Fraction(2)]], dtype=object)
    assert list(geometry.separations(x)) == [
        Fraction(1, 9) - Fraction(1, 21),
        Fraction(1, 49) + 4 - Fraction(1, 21),
    ]


def pair_fixed_point(beta):
    x = 1.0
    for _ in range(100_000):
        x = math.tanh(beta * x)
    return x


@pytest.mark.parametrize(("beta", "count"), [(0.5, 1), (0.9, 1), (1.2, 2), (5.0, 2)])
def test_pair_has_two_limits_above_the_bifurcation(beta, count):
    limits = storage.distinct_limits(DENSE, np.array([[1.0], [-1.0]]), beta)
    assert limits.count.tolist() == [count]
    assert np.all(limits.converged)
    assert abs(limits.state[0, 0, 0]) == pytest.approx(pair_fixed_point(beta), abs=1e-10)


def test_limits_by_hand():
    x = np.array([[[1.0, 0], [0, 1.0], [1.0, 0], [-1.0, 0]], [[1.0, 0], [0, 1.0], [0, -1.0], [-1.0, 0]]])
    limits = storage.distinct_limits(SPARSE, x, np.array([2.0, 2.0]))
    assert limits.label.tolist() == [[0, 1, 0, 2], [0, 1, 2, 3]]
    assert limits.count.tolist() == [3, 4]


def test_grouping_does_not_depend_on_the_coordinate():
    rng = stream(4)
    centres = rng.standard_normal((20, 3))
    index = rng.integers(0, 20, 200)
    label = storage._grouped(centres[index] + 1e-10 * rng.standard_normal((200, 3)), 1e-7)
    assert np.all((label[:, None] == label) == (index[:, None] == index))
    assert label[0] == 0
    # Equal in one coordinate is not equal.
    assert storage._grouped(np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 1.0]]), 1e-7).tolist() == [0, 1, 0]


@pytest.mark.parametrize("beta", [0.5, 1.05, 1.5, 3.0, 20.0])
def test_stored_pair_against_the_closed_form(beta):
    """For +-1 every point of (0, 1) flows to the positive root, so storage depends on its place only."""
    pair = np.array([[1.0], [-1.0]])
    root = pair_fixed_point(beta)
    for radius in (0.1, 0.5, 0.9, 1 - 1e-9):
        true = 1 if 1 - root < radius and root > 1e-6 else 0
        got = storage.stored(DENSE, pair, beta, radius, 6, stream(1))
        assert np.all((got == true) | (got == -1)), (radius, got)
        if beta == 20.0 and radius <= 0.9:
            assert np.all(got == true)
        if beta == 0.5:
            assert np.all(got == 0)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.5, 40), st.floats(0.05, 0.999))
def test_certificates_and_refusals_survive_sampling(seed, beta, share):
    rng = stream(seed, "stored")
    name = ("sphere", "gaussian", "clusters", "unequal")[seed % 4]
    x = ENSEMBLES[name](rng, 2, 6, 3)
    radius = share * geometry.half_min_distance(x)
    for variant in (DENSE, SPARSE):
        verdict = storage.stored(variant, x, beta, radius, 5, stream(seed, "starts"))
        for s, mu in np.ndindex(verdict.shape):
            aims = directions(rng, 60, 3) * (radius[s] * rng.random((60, 1)) ** (1 / 3))
            starts = np.concatenate([x[s, mu] + aims, x[s, mu][None]])
            ends = retrieve(variant, x[s], starts, beta, max_steps=50_000).state
            outside = np.linalg.norm(ends - x[s, mu], axis=1) > radius[s] * (1 + 1e-6)
            apart = np.linalg.norm(ends - ends[-1], axis=1) > 1e-5
            if verdict[s, mu] == 1:
                assert not np.any(outside | apart)


def test_ball_storage_condition_is_certified():
    """beta Delta >= 1 + log(4 beta m^2 (M-1)) with 4 beta m^2 (M-1) > 1 and r = 1/(2 beta m)."""
    met = 0
    for seed in range(30):
        x = ENSEMBLES["sphere"](stream(seed, "ball"), 20, 8, 6)
        for beta in (6.0, 12.0, 25.0):
            condition = beta * geometry.separations(x) >= (1 + math.log(28 * beta)) * (1 + 1e-7)
            sure, _, slope = storage.certified_basin(DENSE, x, beta, 1 / (2 * beta))
            assert np.all(sure[condition])
            assert np.all(slope[sure] < 1)
            met += condition.sum()
    assert met > 500


def test_certified_basins_are_mapped_into_themselves():
    x = ENSEMBLES["sphere"](stream(1), 40, 6, 4)
    radius = 0.5 * geometry.half_min_distance(x)
    for variant, beta in ((DENSE, 12.0), (SPARSE, 4.0)):
        sure, inner, slope = basins.certified_basin(variant, x, beta, radius)
        assert 20 < sure.sum() < sure.size
        edge = x[:, :, None] + radius[:, None, None, None] * directions(stream(2), 40, 6, 50, 4)
        points = edge.reshape(40, 300, 4)
        moved = update(variant, x[:, None], points, beta).reshape(edge.shape)
        assert np.all(
            np.linalg.norm(moved - x[:, :, None], axis=-1).max(axis=-1)[sure]
            <= np.repeat(radius[:, None], 6, 1)[sure]
        )
        limit = retrieve(variant, x[:, None], x, beta).state
        assert np.all(np.linalg.norm(limit - x, axis=-1)[sure] <= inner[sure] + 1e-12)
        steep = np.linalg.norm(jacobian(variant, x[:, None], limit, beta), 2, axis=(-2, -1))
        assert np.all(steep[sure] <= slope[sure] + 1e-12)


def test_a_variant_with_understated_bounds_is_caught_by_the_basin_test():
    wrong = dataclasses.replace(DENSE, pair_bounds=lambda g, xp: DENSE.pair_bounds(3 * g, xp))
    x = ENSEMBLES["sphere"](stream(1), 40, 6, 4)
    sure, inner, _ = basins.certified_basin(wrong, x, 4.0, 0.9 * geometry.half_min_distance(x))
    limit = retrieve(DENSE, x[:, None], x, 4.0).state
    assert np.any(np.linalg.norm(limit - x, axis=-1)[sure] > inner[sure] + 1e-6)


def test_sparse_tolerance_radius_decides_certainty():
    """T = xi_mu on B(xi_mu, r) iff <xi_mu, xi_mu - xi_nu> - r |xi_mu - xi_nu| >= 1/beta for all nu."""
    x = ENSEMBLES["simplex"](stream(1), 1, 4, 3)
    overlap, distance = 4 / 3, math.sqrt(8 / 3)
    for beta in (2.0, 5.0):
        edge = (overlap - 1 / beta) / distance
        for r in (0.999 * edge, min(edge, distance / 2) * (1 - 1e-6)):
            assert np.all(storage.stored(SPARSE, x, beta, r, 2, stream(1)) == 1)
        assert not np.any(storage.stored(SPARSE, x, beta, 0.6 * distance, 2, stream(1)))


def test_stored_by_hand():
    copies = np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    got = storage.stored(DENSE, copies, 20.0, 0.2, 3, stream(1))
    assert got.tolist() == [0, 0, 1]
    for variant in (DENSE, SPARSE):
        single = np.array([[[0.3, 0.4]], [[0.0, 0.0]]])
        assert storage.stored(
            variant, single, 1.0, geometry.half_min_distance(single), 2, stream(1)
        ).tolist() == [[1], [1]]
        # A pattern at the centre of a simplex is a fixed point by symmetry, and a saddle for large beta.
        triangle = ENSEMBLES["simplex"](stream(1), 1, 3, 2)[0]
        centre = np.concatenate([triangle, np.zeros((1, 2))])
        verdict = storage.stored(variant, centre, 60.0, 0.49, 12, stream(1))
        assert verdict[:3].tolist() == [1, 1, 1]
        assert verdict[3] == 0


def test_batches_with_their_own_temperature_and_radius():
    x = ENSEMBLES["sphere"](stream(1), 3, 5, 4)
    beta, radius = np.array([0.3, 10.0, 60.0]), 0.8 * geometry.half_min_distance(x)
    whole = storage.stored(DENSE, x, beta, radius, 0, stream(1))
    for s in range(3):
        alone = storage.stored(DENSE, x[s], float(beta[s]), float(radius[s]), 0, stream(1))
        np.testing.assert_array_equal(whole[s], alone)
    assert not np.any(whole[0])
    assert np.all(whole[2] == 1)


def test_blocks_do_not_change_the_verdict(monkeypatch):
    x = ENSEMBLES["sphere"](stream(1), 3, 9, 3)
    radius = geometry.half_min_distance(x) * (1 - 1e-9)
    whole = storage.stored(DENSE, x, 9.0, radius, 4, stream(2))
    monkeypatch.setattr(geometry, "BLOCK", 20)
    monkeypatch.setattr(storage, "BLOCK", 20)
    np.testing.assert_array_equal(storage.stored(DENSE, x, 9.0, radius, 4, stream(2)), whole)
