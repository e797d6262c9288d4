"""gamma-normmax against its optimality conditions at 50 digits, the entmax package and a conic solver."""

import dataclasses
import functools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simplex_checks import (
    check_equivariance,
    check_hard_scores,
    check_namespaces,
    check_retrieval,
    check_single_memory,
    derivative_mismatches,
    draw,
    worst_descent,
)

from simulations.streams import stream
from simulations.variants import VariantError, jacobian, update, variant
from simulations.variants.normmax import _spread, log_normmax, normmax

GAMMAS = [1.05, 1.5, 2.0, 3.0, 5.0, 10.0]
MEMBERS = [variant(f"normmax:gamma={g}") for g in (1.25, 1.5, 2, 3, 5)]
SCORES = st.lists(st.integers(-40, 40).map(lambda k: k / 16), min_size=1, max_size=6)
quick = settings(deadline=None, derandomize=True, max_examples=60)


@functools.lru_cache
def by_bisection(v, gamma):
    """Bisection on u = max v - tau at 50 digits, straight from the definition."""
    with mpmath.workdps(50):
        g = mpmath.mpf(gamma)
        gaps = [mpmath.mpf(max(v)) - mpmath.mpf(x) for x in v]
        low, high = mpmath.mpf(0), mpmath.mpf(1)
        if sum(a < 1 for a in gaps) == 1:
            low = high
        for _ in range(170):
            u = (low + high) / 2
            total = mpmath.fsum((u - a) ** (g / (g - 1)) for a in gaps if a < u)
            low, high = (low, u) if total > 1 else (u, high)
        powers = [(high - a) ** (1 / (g - 1)) if a < high else mpmath.mpf(0) for a in gaps]
        return [p / mpmath.fsum(powers) for p in powers]


def mismatch(weights, v, gamma):
    """Largest difference from the true weights, in units of what a relative 1e-15 of u - a means for them."""
    true = np.array([float(p) for p in by_bisection(tuple(map(float, v)), gamma)])
    got = weights(np.asarray(v, dtype=float), gamma, np)
    if gamma <= 2:
        return float(np.max(np.abs(got - true))) / 1e-15
    # p^(gamma-1) is proportional to v - tau: compare there, where an error of the threshold is no root.
    scale = np.max(true)
    return float(np.max(np.abs((got / scale) ** (gamma - 1) - (true / scale) ** (gamma - 1)))) / 1e-14


@quick
@given(SCORES, st.sampled_from(GAMMAS))
def test_against_the_definition(v, gamma):
    assert mismatch(normmax, v, gamma) < 10


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("size", [2, 5, 60])
def test_random_scores(gamma, size):
    for spread in (1e-3, 0.1, 1.0):
        v = spread * stream(2, "normmax", size, str(spread)).standard_normal(size)
        assert mismatch(normmax, v, gamma) < 10
        log = log_normmax(v, gamma, np)
        np.testing.assert_allclose(np.exp(log), normmax(v, gamma, np), rtol=1e-13)
        single = normmax(v.astype(np.float32), gamma, np)
        assert single.dtype == np.float32


def test_the_oracle_catches_a_wrong_norm():
    v = [0.3, 0.1, -0.2]
    assert mismatch(lambda v, gamma, xp: normmax(v, gamma + 1e-2, xp), v, 2.0) > 1e6
    assert mismatch(lambda v, gamma, xp: normmax(v, gamma / (gamma - 1), xp), v, 3.0) > 1e6


def test_against_the_entmax_package():
    package, torch = pytest.importorskip("entmax"), pytest.importorskip("torch")
    v = draw(6, 20, 30)
    for gamma in (1.5, 2.0, 5.0):
        other = package.normmax_bisect(torch.asarray(v), alpha=gamma, dim=-1, n_iter=100).numpy()
        assert normmax(v, gamma, np) == pytest.approx(other, abs=1e-6)


def test_against_a_conic_solver():
    cvxpy = pytest.importorskip("cvxpy")
    for gamma in (1.5, 2.0, 3.0):
        v = stream(3, "cone").standard_normal(8)
        p = cvxpy.Variable(8)
        cvxpy.Problem(cvxpy.Maximize(v @ p - cvxpy.pnorm(p, gamma)), [p >= 0, cvxpy.sum(p) == 1]).solve(
            solver="CLARABEL"
        )
        np.testing.assert_allclose(normmax(v, gamma, np), p.value, atol=2e-4)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_the_margin_is_one_for_every_gamma(gamma):
    assert variant(f"normmax:gamma={gamma}").margin == 1
    for gap in (1.0, 1 + 1e-15, 1e9):
        assert list(normmax(np.array([gap, 0.0, -9.0]), gamma, np)) == [1.0, 0.0, 0.0]
    assert log_normmax(np.array([1 - 1e-12, 0.0, -9.0]), gamma, np)[1] > -math.inf
    true = by_bisection((1 - 2.0**-10, 0.0), gamma)[1]
    assert log_normmax(np.array([1 - 2.0**-10, 0.0]), gamma, np)[1] == pytest.approx(
        float(mpmath.log(true)), rel=1e-11
    )


@pytest.mark.parametrize("member", MEMBERS, ids=lambda v: v.name)
def test_namespaces_hard_scores_and_promises(member):
    try:
        import torch
    except ImportError:
        torch = None
    check_namespaces(member, torch, tol=1e-10)
    check_hard_scores(member)
    check_single_memory(member)
    check_equivariance(member)
    check_retrieval(member)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda v: v.name)
@pytest.mark.parametrize("beta", [0.2, 0.5, 1.0])
def test_energy_gradient_jacobian_and_descent(member, beta):
    first, second = derivative_mismatches(member, beta)
    assert first < 1e-8
    assert second < 1e-6
    assert worst_descent(member, beta) > -1e-14


def test_the_energy_is_the_conjugate_of_the_norm():
    memories, x = draw(11, 6, 3), draw(12, 3)
    for gamma in (1.5, 2.0, 3.0):
        p, z = normmax(2 * memories @ x, gamma, np), memories @ x
        conjugate = 2 * p @ z - (np.sum(p**gamma) ** (1 / gamma) - 1)
        got = variant(f"normmax:gamma={gamma}").energy(memories, x, 2.0)
        assert float(got) == pytest.approx(x @ x / 2 - conjugate / 2, rel=1e-13)


def test_a_jacobian_without_the_drift_of_means_is_caught():
    member = variant("normmax:gamma=1.5")
    inner = dataclasses.replace(member, jacobian=None, response=lambda v, xp: _spread(v, 1.5, xp))
    assert derivative_mismatches(member, 0.5)[1] < 1e-7
    assert derivative_mismatches(inner, 0.5)[1] > 1e-3


def test_the_jacobian_keeps_its_accuracy_where_one_weight_is_nearly_one():
    # Two memories a and -a, gamma = 2: x = (c, s) on the circle, c - s = margin, p_2 = s/(c + s).
    member, gap = variant("normmax"), 1 - 1e-6
    got = jacobian(member, np.array([[1.0], [-1.0]]), np.array([gap / 2]), 1.0)[0, 0]
    with mpmath.workdps(40):
        slope = mpmath.diff(lambda g: -2 / (1 + _long(g) / _short(g)), mpmath.mpf(gap))
    assert got == pytest.approx(float(2 * slope), rel=1e-8)


def _short(gap):
    return (mpmath.sqrt(2 - gap**2) - gap) / 2


def _long(gap):
    return _short(gap) + gap


def test_no_lipschitz_constant_holds_for_every_number_of_memories():
    member = variant("normmax")
    assert "contraction" not in member.promises
    assert member.lipschitz is None
    for size in (3, 10, 30):
        v = np.concatenate([[0.0], np.full(size - 1, -1 + 1e-7)])
        w = np.concatenate([[0.0], np.full(size - 1, -1 + 2e-7)])
        slope = np.linalg.norm(member.weights(v, np) - member.weights(w, np)) / np.linalg.norm(v - w)
        assert slope == pytest.approx(math.sqrt(size), rel=1e-3)


def test_bad_input_is_refused():
    with pytest.raises(VariantError, match="above 1, found 1"):
        variant("normmax:gamma=1")
    with pytest.raises(ValueError, match="floats"):
        normmax(np.array([1, 2], dtype=object), 2.0, np)
    assert np.all(np.isnan(update(variant("normmax"), np.eye(2), np.array([math.nan, 1.0]), 1.0)))
