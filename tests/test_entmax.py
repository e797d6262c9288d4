"""alpha-entmax against its definition at 50 digits, the entmax package, exact numbers and closed forms."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction as F

import mpmath
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

from bounds.exact import Real, exact_array, precision
from simulations.streams import stream
from simulations.variants import VariantError, jacobian, scores, variant
from simulations.variants.dense import DENSE, softmax
from simulations.variants.entmax import entmax, log_entmax
from simulations.variants.sparse import SPARSE, sparsemax
from simulations.variants.threshold import ROWS, by_rows
from verify.instances import Instances, exact_instance
from verify.papers.hu2023.entmax_quantities import rest_alpha, top_low
from verify.vocabulary import measure

ALPHAS = [1.001, 1.1, 1.25, 1.5, 1.75, 1.999, 2.0, 2.5, 3.0, 4.0, 10.0]
MEMBERS = [variant(f"entmax:alpha={a}") for a in (1, 1.001, 1.25, 1.5, 2, 3)]
SCORES = st.lists(st.integers(-40, 40).map(lambda k: k / 8), min_size=1, max_size=6)
quick = settings(deadline=None, derandomize=True, max_examples=40)
name_of = lambda v: v.name  # noqa: E731


def by_bisection(v, alpha, digits=50):
    """Bisection on u = (alpha - 1)(max v - tau), straight from the definition; mpmath numbers."""
    with mpmath.workdps(digits):
        s = mpmath.mpf(alpha) - 1
        gaps = [s * (mpmath.mpf(float(max(v))) - mpmath.mpf(float(x))) for x in v]
        low, high = mpmath.mpf(0), mpmath.mpf(1)
        if sum(a < 1 for a in gaps) == 1:
            low = high
        for _ in range(int(3.5 * digits)):
            u = (low + high) / 2
            total = mpmath.fsum((u - a) ** (1 / s) for a in gaps if a < u)
            low, high = (low, u) if total > 1 else (u, high)
        return [(high - a) ** (1 / s) if a < high else mpmath.mpf(0) for a in gaps]


def mismatch(weights, v, alpha):
    true = by_bisection(v, alpha)
    return float(np.max(np.abs(weights(np.asarray(v, dtype=float), alpha, np) - [float(p) for p in true])))


@quick
@given(SCORES, st.sampled_from(ALPHAS))
def test_against_the_definition(v, alpha):
    assert mismatch(entmax, v, alpha) < 4e-16


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("size", [2, 5, 60])
def test_weights_and_logarithms_to_the_last_bits(alpha, size):
    for spread in (1e-3, 0.1, 1.0, 10.0):
        v = spread * stream(2, "entmax", size, str(spread)).standard_normal(size)
        true = by_bisection(v, alpha)
        assert mismatch(entmax, v, alpha) < 4e-16
        log = log_entmax(v, alpha, np)
        for got, p in zip(log, true, strict=True):
            assert (got == -math.inf) == (p == 0)
            if p > 1e-6 or (p > 0 and alpha < 1.01):
                assert got == pytest.approx(float(mpmath.log(p)), rel=4e-15, abs=2e-14)


@pytest.mark.parametrize("alpha", [1.25, 1.5, 1.9, 2.0, 3.0, 10.0])
def test_single_precision(alpha):
    v = draw(3, 8).astype(np.float32)
    got = entmax(v, alpha, np)
    assert got.dtype == np.float32
    assert got == pytest.approx([float(p) for p in by_bisection(v, alpha)], abs=4e-7)


def test_the_oracle_catches_a_wrong_power_and_a_wrong_support():
    v = [0.9, 0.4, -0.2, -1.4]
    assert mismatch(lambda v, alpha, xp: entmax(v, alpha + 1e-3, xp), v, 1.5) > 1e-5
    assert mismatch(lambda v, alpha, xp: entmax(xp.where(v > 0, v, -9.0), alpha, xp), v, 1.5) > 1e-5


@quick
@given(SCORES)
def test_softmax_and_sparsemax_are_its_end_points(v):
    a = np.array(v)
    assert list(entmax(a, 1.0, np)) == list(softmax(a, np))
    assert list(entmax(a, 2.0, np)) == list(sparsemax(a, np))
    # The limits are reached continuously, through the other branches.
    assert entmax(a, 1 + 1e-9, np) == pytest.approx(softmax(a, np), abs=1e-7)
    for beside in (2 - 1e-9, 2 + 1e-9):
        assert entmax(a, beside, np) == pytest.approx(sparsemax(a, np), abs=1e-7)


@pytest.mark.parametrize("alpha", [1.25, 1.5, 2.0, 3.0, 10.0])
def test_the_vector_is_a_unit_vector_exactly_from_the_margin_on(alpha):
    margin = variant(f"entmax:alpha={alpha}").margin
    assert margin == pytest.approx(1 / (alpha - 1))
    for gap in (margin * (1 + 1e-15), 2 * margin, 1e9):
        assert list(entmax(np.array([gap, 0.0, -9.0]), alpha, np)) == [1.0, 0.0, 0.0]
    below = np.array([0.0, -margin * (1 - 1e-12), -9.0])
    assert entmax(below, alpha, np)[1] > 0
    assert log_entmax(below, alpha, np)[1] > -math.inf


def test_logarithms_survive_where_weights_underflow():
    v = np.array([0.0, -999.0])
    assert entmax(v, 1.001, np)[1] == 0
    true = by_bisection(v, 1.001)[1]
    assert log_entmax(v, 1.001, np)[1] == pytest.approx(float(mpmath.log(true)), rel=1e-10)


def test_an_alpha_for_each_row():
    v, alpha = draw(4, 3, 4, 6), np.array([1.0, 1.25, 1.5, 2.0, 3.0, 1.001, 2.5, 1.0, 4.0, 1.5, 2.0, 1.1])
    alpha = alpha.reshape(3, 4)
    for function in (entmax, log_entmax):
        singly = [[function(v[i, j], float(alpha[i, j]), np) for j in range(4)] for i in range(3)]
        np.testing.assert_allclose(function(v, alpha, np), np.array(singly), atol=1e-15)


@pytest.mark.parametrize("alpha", [1.25, 1.5, 3.0])
def test_blocks_of_rows_and_compact_candidates_do_not_change_a_row(alpha):
    v = 6 * draw(5, 90, 2000)
    assert v.size > ROWS
    many = entmax(v, alpha, np)
    for i in (0, 64, 65, 66, 89):
        assert many[i] == pytest.approx(entmax(v[i], alpha, np), abs=1e-15)
        assert np.count_nonzero(many[i]) < 2000 / 3
        assert many[i] == pytest.approx(entmax(v[i, ::-1].copy(), alpha, np)[::-1], abs=1e-15)
    assert by_rows(lambda rows: rows, v, np).shape == v.shape


@pytest.mark.parametrize("alpha", [1.001, 1.25, 1.5, 1.9, 3.0])
def test_long_rows_whatever_a_sample_of_their_scores_says(alpha):
    spike = np.zeros(4000)
    spike[5] = 0.5
    rows = [0.3 * draw(11, 4000), np.sort(0.5 * draw(12, 4000)), np.zeros(4000), spike, 1e6 * spike]
    rows.append(np.where(np.arange(4000) % 16 == 0, 0.0, -0.3))
    for v, p in zip(rows, entmax(np.stack(rows), alpha, np), strict=True):
        assert np.sum(p) == pytest.approx(1, abs=1e-13)
        # (alpha - 1)(v - tau) = p^(alpha - 1) with one tau on the support, and v <= tau off it.
        tau = v - p ** (alpha - 1) / (alpha - 1)
        inside = p > 0
        assert np.ptp(tau[inside]) < 1e-12 / (alpha - 1) * (1 + abs(tau[inside][0]) * 1e-4)
        assert np.all(v[~inside] <= tau[inside][0] + 1e-12)
    assert list(np.nonzero(entmax(1e6 * spike, alpha, np))[0]) == [5]
    assert entmax(1e6 * spike, alpha, np)[5] == 1


def test_many_kinks_do_not_slow_the_search_down():
    # Gaps that shrink geometrically: each plain Newton step passes few of them.
    v = -(1 - 0.5 ** np.arange(1, 50))
    v = np.concatenate([[0.0], np.sort(v)[::-1]])
    for alpha in (1.9, 1.5, 3.0):
        assert mismatch(entmax, list(v), alpha) < 4e-16


def test_against_the_entmax_package():
    package, torch = pytest.importorskip("entmax"), pytest.importorskip("torch")
    v = 2 * draw(6, 20, 30)
    tensor = torch.asarray(v)
    assert entmax(v, 1.5, np) == pytest.approx(package.entmax15(tensor, dim=-1).numpy(), abs=1e-12)
    assert entmax(v, 2.0, np) == pytest.approx(package.sparsemax(tensor, dim=-1).numpy(), abs=1e-12)
    for alpha in (1.1, 1.75, 2.5):
        other = package.entmax_bisect(tensor, alpha=alpha, dim=-1, n_iter=100).numpy()
        assert entmax(v, alpha, np) == pytest.approx(other, abs=1e-9)


@pytest.mark.parametrize("member", MEMBERS, ids=name_of)
def test_namespaces_batches_and_hard_scores(member):
    try:
        import torch
    except ImportError:
        torch = None
    check_namespaces(member, torch)
    check_hard_scores(member)
    check_single_memory(member)
    check_equivariance(member)
    check_retrieval(member)


@pytest.mark.parametrize("member", MEMBERS, ids=name_of)
@pytest.mark.parametrize("beta", [0.2, 1.0, 4.0])
def test_energy_gradient_jacobian_and_descent(member, beta):
    first, second = derivative_mismatches(member, beta)
    assert first < 1e-8
    assert second < 1e-7
    assert worst_descent(member, beta) > -1e-14


def test_an_energy_without_its_temperature_and_a_wrong_jacobian_are_caught():
    right = variant("entmax")
    energy = dataclasses.replace(
        right,
        energy=lambda m, q, b: np.sum(q * q, axis=-1) / 2 + b * (right.energy(m, q, b) - np.sum(q * q) / 2),
    )
    assert derivative_mismatches(energy, 4.0)[0] > 1e-2
    response = dataclasses.replace(right, response=lambda v, xp: DENSE.response(v, xp))
    assert derivative_mismatches(response, 0.2)[1] > 1e-2


@pytest.mark.parametrize("member", MEMBERS, ids=name_of)
def test_lipschitz_constants_and_pair_bounds(member):
    if member.lipschitz is None:
        assert "contraction" not in member.promises
        assert member.pair_bounds is None
        return
    assert check_contraction(member) > 0.49
    for seed in range(60):
        rng = stream(seed, "pairs")
        memories, x, beta = rng.standard_normal((5, 2)), rng.standard_normal(2), float(rng.uniform(0.1, 6))
        p = member.weights(scores(memories, x, beta), np)
        away = memories - memories[0]
        share, steep = member.pair_bounds(-beta * (away @ x), np)
        assert np.all(p[1:] <= share[1:] + 1e-15)
        bound = beta * np.sum(steep * np.sum(away**2, axis=1))
        assert np.linalg.norm(jacobian(member, memories, x, beta), 2) <= bound * (1 + 1e-9) + 1e-13


def test_the_lipschitz_constant_is_approached_by_one_heavy_and_many_light_weights():
    light = 1e-7 * np.ones(100_000)
    p = np.concatenate([[1 - np.sum(light)], light])
    member = variant("entmax")
    v = 2 * np.sqrt(p)
    assert member.weights(v, np) == pytest.approx(p, rel=1e-9)
    w, k = member.response(v, np)
    # The curvature in the direction of the heavy weight, e^T (diag(k w) - k w w^T) e.
    assert 0.95 < k[0] * w[0] * (1 - w[0]) < member.lipschitz


def test_the_pair_bound_is_attained_by_two_memories_and_keeps_its_slope_where_it_underflows():
    share, _ = variant("entmax").pair_bounds(np.array([0.5, -0.5]), np)
    assert share == pytest.approx([1 - share[1], 1 - share[0]])
    assert share[0] == pytest.approx(float(by_bisection([0.5, 0.0], 1.5)[1]))
    # Below the smallest float the weight is 0, its power 2 - alpha is not.
    nearly = variant("entmax:alpha=1.01")
    share, steep = nearly.pair_bounds(np.array([100 - 1e-3]), np)
    true = by_bisection([100 - 1e-3, 0.0], 1.01)[1]
    assert share[0] == pytest.approx(float(true), rel=1e-6, abs=1e-300)
    assert steep[0] == pytest.approx(float(true ** (1 - mpmath.mpf(0.01))), rel=1e-6, abs=1e-300)


def test_alpha_below_one_is_refused():
    for bad in (0.5, math.nan, math.inf):
        with pytest.raises(ValueError, match="at least 1"):
            entmax(np.array([1.0]), bad, np)
    with pytest.raises(ValueError, match="at least 1"):
        entmax(np.array([[1.0]]), np.array([0.5]), np)
    with pytest.raises(ValueError, match="at least 1"):
        entmax(exact_array([1]), F(1, 2), np)
    with pytest.raises(ValueError, match="enclosures, found Fraction"):
        entmax(np.array([F(1), F(1, 2)], dtype=object), 1.5, np)
    with pytest.raises(VariantError, match="at least 1"):
        variant("entmax:alpha=0.5")


# Exact and ball numbers


@settings(deadline=None, derandomize=True, max_examples=40)
@given(SCORES, st.sampled_from(["1", "5/4", "3/2", "2", "3"]))
def test_enclosures_hold_the_weights(v, order):
    alpha = F(order)
    enclosed = entmax(exact_array([F(x) for x in v]), Real(alpha), np)
    with mpmath.workdps(50):
        if alpha == 1:
            e = [mpmath.exp(mpmath.mpf(x)) for x in v]
            true = [a / mpmath.fsum(e) for a in e]
        else:
            true = by_bisection(v, mpmath.mpf(alpha.numerator) / alpha.denominator)
        for got, p in zip(enclosed, true, strict=True):
            low, high = Real(got).outward()
            assert low - 1e-16 <= float(p) <= high + 1e-16
            assert high - low < 1e-14
    assert Real(sum(enclosed)).contains(1)


def test_three_halves_is_exact_where_its_root_is_rational():
    got = entmax(exact_array([F(1), F(1), F(1), F(1)]), Real("3/2"), np)
    assert list(got) == [F(1, 4)] * 4
    # Gaps 0 and 2: the second score is exactly at the threshold, its weight exactly 0.
    assert list(entmax(exact_array([F(2), F(0)]), Real("3/2"), np)) == [1, 0]
    # Halved scores 3/5, 3/5 - (3/5 - 4/5 ..): u = 4/5, gaps 0 and 1/5 give 16/25 + 9/25 = 1.
    assert list(entmax(exact_array([F(2, 5), F(0)]), 1.5, np)) == [F(16, 25), F(9, 25)]


def test_balls_are_taken_and_ties_of_balls_decided():
    with precision(128):
        root = Real(2).sqrt()
        tied = np.array([root, root + 0, root - 1], dtype=object)
        for alpha in (Real("3/2"), 2):
            got = entmax(tied, alpha, np)
            assert float(got[0]) == pytest.approx(
                float(entmax(np.array([1.0, 1.0, 0.0]), float(alpha), np)[0])
            )
        got = entmax(np.array([root, root - F(1, 2)], dtype=object), Real("5/4"), np)
        true = by_bisection([math.sqrt(2), math.sqrt(2) - 0.5], 1.25)
        assert float(got[0]) == pytest.approx(float(true[0]), abs=1e-15)


@pytest.mark.parametrize("member", MEMBERS, ids=name_of)
def test_exact_energy_and_response_hold_the_float_ones(member):
    memories, x = draw(7, 4, 3), draw(8, 3)
    exact = [exact_array(a) for a in (memories, x)]
    assert float(member.energy(*exact, Real(2))) == pytest.approx(
        float(member.energy(memories, x, 2.0)), rel=1e-13
    )
    got = jacobian(member, *exact, Real(2))
    assert got.astype(float) == pytest.approx(jacobian(member, memories, x, 2.0), abs=1e-12)
    assert ("rational" in member.supports) == (member.margin == 1)


def test_quantities_of_the_sparse_paper_use_the_orders_of_the_batch():
    point = {
        "memories": [[F(1), F(0)], [F(0), F(1)], [F(-1), F(1, 4)]],
        "query": [F(1, 2), F(1, 4)],
        "beta": F(1),
        "target": 0,
        "alpha": F(5, 4),
    }
    b = exact_instance(point)
    floats = Instances(
        2,
        memories=np.array([point["memories"]] * 2, dtype=float),
        query=np.array([point["query"]] * 2, dtype=float),
        beta=np.ones(2),
        target=np.zeros(2, int),
        scalars={"alpha": np.array([1.25, 3.0])},
    )
    v = [0.5, 0.25, -0.4375]
    for i, alpha in enumerate((1.25, 3.0)):
        true = [float(p) for p in by_bisection(v, alpha)]
        assert measure(floats, top_low)[i] == pytest.approx(max(true), abs=1e-15)
        assert measure(floats, rest_alpha)[i] == pytest.approx(1 - true[0], abs=1e-15)
    assert float(measure(b, top_low)[0]) == pytest.approx(measure(floats, top_low)[0], abs=1e-15)
    assert float(measure(b, rest_alpha)[0]) == pytest.approx(measure(floats, rest_alpha)[0], abs=1e-15)


def test_sparse_and_entmax_two_are_one_model():
    two = variant("entmax:alpha=2")
    memories, x = draw(9, 6, 3), draw(10, 3)
    assert list(two.update(memories, x, 1.5)) == list(SPARSE.update(memories, x, 1.5))
    assert float(two.energy(memories, x, 1.5)) == pytest.approx(
        float(SPARSE.energy(memories, x, 1.5)), rel=1e-14
    )
    assert two.promises == SPARSE.promises


def test_equal_exact_scores_share_the_mass_exactly():
    for alpha in (1.25, 3.0):
        p = entmax(exact_array([3, 3, 3]), alpha, np)
        assert all(x.is_exact or abs(x - 1 / 3) < 1e-30 for x in p)
        assert all(3 * x == 1 or abs(3 * x - 1).upper() < 1e-30 for x in p)
