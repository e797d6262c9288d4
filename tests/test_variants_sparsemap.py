"""SparseMAP over k-subsets against enumeration of the faces, a conic solver, and exact rationals."""

import itertools
import math
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simplex_checks import (
    check_contraction,
    check_equivariance,
    check_hard_scores,
    check_namespaces,
    check_retrieval,
    check_single_memory,
    derivative_mismatches,
    draw,
    worst_descent,
)

from bounds.exact import Real, exact_array
from simulations.streams import stream
from simulations.variants import VariantError, jacobian, retrieval_error, update, variant
from simulations.variants.sparse import SPARSE, sparsemax
from simulations.variants.sparsemap import sparsemap

MEMBERS = [variant(f"sparsemap:k={k}") for k in (1, 2, 3)]
rationals = st.fractions(min_value=-3, max_value=3, max_denominator=12)
quick = settings(deadline=None, derandomize=True, max_examples=60)


def objects(values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def by_enumeration(v, k):
    """The nearest point among the minimisers on all faces of {0 <= p <= 1, sum p = k}, in rationals."""
    best = None
    for kinds in itertools.product("01f", repeat=len(v)):
        free = [i for i, kind in enumerate(kinds) if kind == "f"]
        left = k - kinds.count("1")
        if not free and left:
            continue
        shift = (sum(v[i] for i in free) - left) / F(len(free)) if free else F(0)
        p = [v[i] - shift if kind == "f" else F(int(kind)) for i, kind in enumerate(kinds)]
        if min(p) < 0 or max(p) > 1:
            continue
        distance = sum((a - b) ** 2 for a, b in zip(p, v, strict=True))
        if best is None or distance < best[0]:
            best = (distance, p)
    return best[1]


def mismatch(function, v, k):
    true = np.array([float(p) for p in by_enumeration([F(float(x)) for x in v], k)])
    return float(np.max(np.abs(function(np.asarray(v, dtype=float), k, np) - true)))


@quick
@given(st.lists(rationals, min_size=1, max_size=5), st.integers(1, 5))
def test_exact_projection_on_rationals(v, k):
    k = min(k, len(v))
    got = sparsemap(objects(v), k, np)
    assert list(got) == by_enumeration(v, k)
    assert list(sparsemap(exact_array(v), k, np)) == list(got)


@quick
@given(st.lists(st.floats(-4, 4), min_size=1, max_size=5), st.integers(1, 5))
def test_projection_of_floats(v, k):
    assert mismatch(sparsemap, v, min(k, len(v))) < 1e-15


def clipped_sparsemax(v, k, xp):
    """A wrong map: the weights are not held below 1."""
    return k * sparsemax(v / k, xp)


def test_the_oracle_catches_weights_above_one():
    v = [1.4, 0.3, 0.1, -2.0]
    assert mismatch(sparsemap, v, 2) < 1e-15
    assert mismatch(clipped_sparsemax, v, 2) > 0.05


def test_against_a_conic_solver():
    cvxpy = pytest.importorskip("cvxpy")
    for size, k in ((12, 3), (30, 10)):
        v = stream(1, "budget", size).standard_normal(size)
        p = cvxpy.Variable(size)
        cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(p - v)), [p >= 0, p <= 1, cvxpy.sum(p) == k]).solve(
            solver="CLARABEL"
        )
        np.testing.assert_allclose(sparsemap(v, k, np), p.value, atol=1e-6)


def test_large_rows_meet_the_optimality_conditions():
    v = 3 * draw(1, 40, 5000)
    for k in (1, 7, 2500, 4999):
        p = sparsemap(v, k, np)
        assert np.sum(p, axis=-1) == pytest.approx(k, rel=1e-13)
        moving = (p > 0) & (p < 1)
        # At a vertex any threshold between the last score taken, less 1, and the first left out will do.
        last, first = np.partition(v, (-k - 1, -k), axis=-1)[:, [-k, -k - 1]].T
        count = np.maximum(moving.sum(-1), 1)
        tau = np.where(moving.any(-1), np.where(moving, v - p, 0).sum(-1) / count, (last - 1 + first) / 2)
        np.testing.assert_allclose(p, np.clip(v - tau[:, None], 0, 1), atol=1e-13)
        assert np.all(moving.any(-1) | (last - first >= 1))


def test_a_gap_of_one_gives_a_vertex_exactly_whatever_the_other_scores():
    v = np.array([1e300, 5.0, 4.0, 3.0, -1e300])
    assert list(sparsemap(v, 2, np)) == [1, 1, 0, 0, 0]
    assert list(sparsemap(np.array([0.3, 7.1, 0.3 + 1, 0.1]), 2, np)) == [0, 1, 1, 0]
    near = sparsemap(np.array([0.3, 7.1, 0.3 + 1 - 1e-9, 0.1]), 2, np)
    assert 0 < near[0] < 1e-9
    assert list(sparsemap(np.ones(4), 4, np)) == [1] * 4
    assert list(sparsemap(np.ones(4), 2, np)) == [0.5] * 4


@pytest.mark.parametrize("member", MEMBERS, ids=lambda v: v.name)
def test_namespaces_hard_scores_and_promises(member):
    try:
        import torch
    except ImportError:
        torch = None
    k = int(member.name[-1])
    check_namespaces(member, torch)
    check_hard_scores(member, total=float(k)) if k < 3 else None
    check_equivariance(member)
    check_retrieval(member)
    assert check_contraction(member) > 0.9 if k == 1 else member.lipschitz == 1
    if k == 1:
        check_single_memory(member)


def test_one_subset_is_sparsemax():
    memories, x = draw(2, 7, 3), draw(3, 30, 3)
    one = MEMBERS[0]
    np.testing.assert_allclose(one.update(memories, x, 1.5), SPARSE.update(memories, x, 1.5), atol=1e-15)
    np.testing.assert_allclose(one.energy(memories, x, 1.5), SPARSE.energy(memories, x, 1.5), atol=1e-14)
    assert one.promises == SPARSE.promises
    assert one.margin == SPARSE.margin == 1


@pytest.mark.parametrize("member", MEMBERS, ids=lambda v: v.name)
@pytest.mark.parametrize("beta", [0.2, 1.0, 4.0])
def test_energy_gradient_jacobian_and_descent(member, beta):
    first, second = derivative_mismatches(member, beta)
    assert first < 1e-8
    assert second < 1e-7
    assert worst_descent(member, beta) > -1e-14


def test_contraction_of_two_subsets():
    rng = stream(7, "two")
    for size in (3, 5):
        v = rng.standard_normal((300, size))
        w = v + 1e-3 * rng.standard_normal((300, size))
        gap = np.linalg.norm(sparsemap(v, 2, np) - sparsemap(w, 2, np), axis=-1)
        ratio = gap / np.linalg.norm(v - w, axis=-1)
        assert 0.9 < np.max(ratio) <= 1 + 1e-9


def test_distance_to_a_memory_counts_the_further_ones():
    memories, x, member = draw(4, 5, 3), draw(5, 3), MEMBERS[1]
    for target in range(5):
        true = np.linalg.norm(update(member, memories, x, 1.0) - memories[target])
        got = retrieval_error(member, memories, x, 1.0, np.asarray(target))
        assert got == pytest.approx(true, rel=1e-13)
        exact = retrieval_error(member, exact_array(memories), exact_array(x), Real(1), np.asarray(target))
        assert float(exact) == pytest.approx(true, rel=1e-13)


def test_rational_energy_and_jacobian_are_exact():
    memories = np.array([[F(1)], [F(-1)], [F(1, 2)]], dtype=object)
    x, beta, member = objects([F(1, 10)]), F(1), MEMBERS[1]
    p = by_enumeration([F(1, 10), F(-1, 10), F(1, 20)], 2)
    z = [F(1, 10), F(-1, 10), F(1, 20)]
    conjugate = sum(a * b for a, b in zip(p, z, strict=True)) - (sum(a * a for a in p) - 2) / 2
    assert member.energy(memories, x, beta) == F(1, 200) - conjugate
    assert all(0 < a < 1 for a in p)
    mean = F(1, 6)
    assert jacobian(member, memories, x, beta)[0, 0] == sum((F(v) - mean) ** 2 for v in (1, -1, F(1, 2)))


def test_the_jacobian_at_a_vertex_is_zero():
    member, memories = MEMBERS[1], np.array([[3.0], [2.0], [-5.0]])
    assert jacobian(member, memories, np.array([1.0]), 1.0)[0, 0] == 0
    assert update(member, memories, np.array([1.0]), 1.0)[0] == 5


def test_bad_k_is_refused():
    with pytest.raises(VariantError, match="expected at least 1, found 0"):
        variant("sparsemap:k=0")
    with pytest.raises(ValueError, match="at least k = 3 memories, found 2"):
        sparsemap(np.zeros(2), 3, np)
    assert math.isnan(sparsemap(np.array([0.0, math.nan, 1.0]), 2, np)[1])
