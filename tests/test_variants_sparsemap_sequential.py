"""SparseMAP over k-subsets of a sequence, certified over all enumerated structures, and by a conic solver."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simplex_checks import check_equivariance, check_retrieval, derivative_mismatches, draw, worst_descent

from simulations.streams import stream
from simulations.variants import VariantError, jacobian, retrieval_error, update, variant
from simulations.variants.sparse import sparsemax
from simulations.variants.sparsemap import sparsemap
from simulations.variants.sparsemap_sequential import best_structure, sequential, solve

MEMBERS = [
    variant(f"sparsemap-sequential:k={k},reward={r}") for k, r in ((1, 0.5), (2, 0.5), (3, -0.4), (2, 0))
]
quick = settings(deadline=None, derandomize=True, max_examples=60)


def structures(m, k):
    """All k-subsets as rows, and their neighbouring pairs."""
    subsets = list(itertools.combinations(range(m), k))
    rows = np.array([[i in s for i in range(m)] for s in subsets], dtype=float)
    return rows, np.array([sum(b - a == 1 for a, b in itertools.pairwise(s)) for s in subsets], dtype=float)


def optimality_gap(mixture, v, k, reward):
    """How much better some structure is than the mixture at the mixture's own residual; 0 at the optimum."""
    rows, pairs = structures(len(v), k)
    p = mixture.weights
    # The mixture is a mixture of structures, with the pairs it says.
    for y, count in zip(mixture.structures, mixture.pairs, strict=True):
        (place,) = np.nonzero(np.all(rows == y, axis=1))[0]
        assert pairs[place] == count
    assert np.all(mixture.shares >= 0)
    assert np.sum(mixture.shares) == pytest.approx(1, abs=1e-12)
    assert p == pytest.approx(mixture.shares @ mixture.structures, abs=1e-12)
    own = (v - p) @ p + reward * mixture.shares @ mixture.pairs
    return float(np.max(rows @ (v - p) + reward * pairs) - own)


SCORES = st.lists(st.floats(-3, 3), min_size=1, max_size=7)
REWARDS = st.sampled_from([-1.0, -0.3, 0.0, 0.25, 0.5, 1.0, 3.0])


@quick
@given(SCORES, st.integers(1, 4), REWARDS)
def test_the_best_structure_is_that_of_the_enumeration(v, k, reward):
    k, v = min(k, len(v)), np.array(v)
    rows, pairs = structures(len(v), k)
    y = best_structure(v, k, reward)
    assert np.sum(y) == k
    got = v @ y + reward * np.sum(y[1:] & y[:-1])
    assert got == pytest.approx(np.max(rows @ v + reward * pairs), abs=1e-12)


@quick
@given(SCORES, st.integers(1, 4), REWARDS)
def test_optimal_over_all_structures(v, k, reward):
    k, v = min(k, len(v)), np.array(v)
    assert abs(optimality_gap(solve(v, k, reward), v, k, reward)) < 1e-11


@quick
@given(st.lists(st.integers(-6, 6).map(lambda i: i / 4), min_size=2, max_size=6), st.integers(1, 3), REWARDS)
def test_ties_and_degenerate_faces(v, k, reward):
    k, v = min(k, len(v)), np.array(v)
    assert abs(optimality_gap(solve(v, k, reward), v, k, reward)) < 1e-11


def test_the_certificate_catches_the_budget_solution():
    v, k, reward = np.array([0.6, 0.1, 0.5, 0.0]), 2, 0.5
    wrong = solve(v, k, 0.0)
    assert optimality_gap(wrong, v, k, 0.0) == pytest.approx(0, abs=1e-12)
    assert optimality_gap(wrong, v, k, reward) > 0.05


def test_without_reward_it_is_the_budget_and_one_of_a_kind_is_sparsemax():
    v = 1.5 * draw(1, 30, 8)
    for k in (1, 2, 5, 8):
        np.testing.assert_allclose(sequential(v, k, 0.0, np), sparsemap(v, k, np), atol=1e-12)
    np.testing.assert_allclose(sequential(v, 1, 0.7, np), sparsemax(v, np), atol=1e-12)


def test_against_a_conic_solver():
    cvxpy = pytest.importorskip("cvxpy")
    for seed, (m, k, reward) in enumerate(((6, 2, 0.5), (8, 3, 0.3), (7, 3, -0.5))):
        v = stream(seed, "chain").standard_normal(m)
        rows, pairs = structures(m, k)
        q = cvxpy.Variable(len(rows), nonneg=True)
        aim = (rows @ v + reward * pairs) @ q - cvxpy.sum_squares(rows.T @ q) / 2
        cvxpy.Problem(cvxpy.Maximize(aim), [cvxpy.sum(q) == 1]).solve(solver="CLARABEL")
        np.testing.assert_allclose(sequential(v, k, reward, np), q.value @ rows, atol=1e-6)


def test_neighbours_are_preferred_and_huge_scores_are_harmless():
    v = np.array([1.0, 0.0, 0.9, 0.8])
    # The two pairs of neighbours share the weight: 0.7 q - q^2 - (1 - q)^2 is largest at q = 0.675.
    assert sequential(v, 2, 3.0, np) == pytest.approx([0.325, 0.325, 0.675, 0.675], abs=1e-14)
    assert list(sequential(v + np.array([0, 0, 1, 1]), 2, 3.0, np)) == [0, 0, 1, 1]
    assert list(sequential(np.array([1e300, 0.0, 5.0, -1e300]), 2, 0.5, np)) == [1, 0, 1, 0]
    for far in (1e3, 1e8):
        near = sequential(np.array([9.0, 0.2, 0.3, -9.0, 0.1]), 2, 0.4, np)
        assert sequential(np.array([far, 0.2, 0.3, -far, 0.1]), 2, 0.4, np) == pytest.approx(near, abs=1e-7)
    assert list(sequential(np.zeros(3), 3, 1.0, np)) == [1, 1, 1]
    assert np.any(np.isnan(sequential(np.array([0.0, np.nan, 1.0]), 2, 0.5, np)))
    assert sequential(v.astype(np.float32), 2, 0.5, np).dtype == np.float32


@pytest.mark.parametrize("member", MEMBERS, ids=lambda v: v.name)
@pytest.mark.parametrize("beta", [0.3, 1.0, 3.0])
def test_energy_gradient_jacobian_and_descent(member, beta):
    first, second = derivative_mismatches(member, beta)
    assert first < 1e-8
    assert second < 1e-6
    assert worst_descent(member, beta, count=40) > -1e-13


@pytest.mark.parametrize("member", MEMBERS, ids=lambda v: v.name)
def test_promises_and_batches(member):
    check_equivariance(member, order="permutation" in member.promises, beta=0.2)
    check_retrieval(member)
    memories, x, beta = draw(2, 3, 5, 4), draw(3, 3, 4), np.array([0.5, 1.0, 2.0])
    for a in (memories, x, beta):
        a.flags.writeable = False
    for f in (update, jacobian, lambda v, *a: v.energy(*a)):
        singly = [f(member, memories[i], x[i], float(beta[i])) for i in range(3)]
        np.testing.assert_allclose(f(member, memories, x, beta), np.stack(singly), atol=1e-12)
    target = np.array([0, 1, 2])
    true = np.linalg.norm(update(member, memories[0], x, 1.0) - memories[0][target], axis=-1)
    np.testing.assert_allclose(retrieval_error(member, memories[0], x, 1.0, target), true, rtol=1e-12)


def test_the_weights_are_non_expansive():
    rng = stream(4, "chain")
    for reward in (-0.6, 0.8):
        v = rng.standard_normal((60, 5))
        w = v + 1e-2 * rng.standard_normal((60, 5))
        gap = np.linalg.norm(sequential(v, 2, reward, np) - sequential(w, 2, reward, np), axis=-1)
        ratio = gap / np.linalg.norm(v - w, axis=-1)
        assert 0.7 < np.max(ratio) <= 1 + 1e-9


def test_bad_input_is_refused():
    with pytest.raises(VariantError, match="k: expected at least 1"):
        variant("sparsemap-sequential:k=0")
    with pytest.raises(VariantError, match="reward: expected a finite"):
        variant("sparsemap-sequential:reward=inf")
    with pytest.raises(ValueError, match="at least k = 3 memories"):
        sequential(np.zeros(2), 3, 0.5, np)
    with pytest.raises(ValueError, match="NumPy array of floats"):
        sequential(np.array([1, 2], dtype=object), 1, 0.5, np)
