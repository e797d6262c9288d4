"""Variants against brute force over supports, 50 digits, closed forms, finite differences and a QP solver."""

import dataclasses
import itertools
import math
from fractions import Fraction

import array_api_strict
import mpmath
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.streams import stream
from simulations.variants import (
    DENSE,
    SPARSE,
    VariantError,
    jacobian,
    log_retrieval_error,
    retrieval_error,
    scores,
    update,
)
from simulations.variants import base as base_module
from simulations.variants import variant as find_variant
from simulations.variants.dense import softmax
from simulations.variants.sparse import energy as sparse_energy
from simulations.variants.sparse import printed_energy, sparsemax

SHIPPED = (DENSE, SPARSE)
quick = settings(deadline=None, derandomize=True, max_examples=60)
rationals = st.fractions(min_value=-3, max_value=3, max_denominator=12)


def exact(values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def brute_force_projection(v):
    """The nearest point of the simplex among the minimisers on all faces, in rational arithmetic."""
    best = None
    for size in range(1, len(v) + 1):
        for face in itertools.combinations(range(len(v)), size):
            shift = (sum(v[i] for i in face) - 1) / Fraction(size)
            p = [v[i] - shift if i in face else Fraction(0) for i in range(len(v))]
            if min(p) < 0:
                continue
            distance = sum((a - b) ** 2 for a, b in zip(p, v, strict=True))
            if best is None or distance < best[0]:
                best = (distance, p)
    return best[1]


def off_by_one_sparsemax(v, xp):
    """A wrong map: the threshold of one score too many in the support."""
    v = v - xp.max(v, axis=-1, keepdims=True)
    order = xp.flip(xp.sort(v, axis=-1), axis=-1)
    total = xp.cumulative_sum(order, axis=-1)
    k = min(v.shape[-1], int(np.sum(np.arange(1, v.shape[-1] + 1) * order > total - 1)) + 1)
    return xp.maximum(v - (total[..., k - 1 : k] - 1) / k, xp.zeros_like(v))


def fractions_of(v):
    return [Fraction(float(x)) for x in v]


def projection_mismatch(function, v):
    oracle = np.array([float(p) for p in brute_force_projection(fractions_of(v))])
    return float(np.max(np.abs(function(np.asarray(v, dtype=float), np) - oracle)))


@quick
@given(st.lists(rationals, min_size=1, max_size=5))
def test_sparsemax_is_the_exact_projection_on_rationals(v):
    got = sparsemax(exact(v), np)
    assert list(got) == brute_force_projection(v)
    assert sum(got) == 1


@quick
@given(st.lists(st.floats(-4, 4), min_size=1, max_size=5))
def test_sparsemax_of_floats_is_the_projection(v):
    assert projection_mismatch(sparsemax, v) < 1e-15


def test_the_projection_oracle_catches_an_off_by_one_support():
    v = [0.9, 0.4, -0.2]
    assert projection_mismatch(sparsemax, v) < 1e-15
    assert projection_mismatch(off_by_one_sparsemax, v) > 0.01


@pytest.mark.parametrize("size", [3, 8, 20])
def test_sparsemax_solves_the_quadratic_program(size):
    v = stream(1, "qp", size).standard_normal(size)
    found = scipy.optimize.minimize(
        lambda p: 0.5 * np.sum((p - v) ** 2),
        np.full(size, 1 / size),
        jac=lambda p: p - v,
        bounds=[(0, 1)] * size,
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1, "jac": lambda p: np.ones(size)},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    np.testing.assert_allclose(sparsemax(v, np), found.x, atol=1e-6)


def test_sparsemax_unit_vector_exactly_at_margin_one():
    assert list(sparsemax(np.array([1e5 + 1, 1e5]), np)) == [1.0, 0.0]
    below = sparsemax(np.array([1.0, np.nextafter(0.0, 1.0) + 1e-15]), np)
    assert below[1] > 0
    assert list(sparsemax(exact([Fraction(7, 3), Fraction(4, 3)]), np)) == [1, 0]
    assert sparsemax(exact([Fraction(7, 3), Fraction(4, 3) + Fraction(1, 10**40)]), np)[1] > 0


def test_sparsemax_resolves_ties_evenly_and_never_hides_nan():
    assert list(sparsemax(exact([Fraction(1)] * 4), np)) == [Fraction(1, 4)] * 4
    assert np.all(np.isnan(sparsemax(np.array([1.0, np.nan, 0.0]), np)))
    assert np.all(np.isnan(softmax(np.array([1.0, np.nan, 0.0]), np)))


@quick
@given(st.lists(st.floats(-700, 700), min_size=1, max_size=6))
def test_softmax_against_fifty_digits(v):
    with mpmath.workdps(50):
        e = [mpmath.exp(mpmath.mpf(x)) for x in v]
        logs = [mpmath.log(a / mpmath.fsum(e)) for a in e]
        weights = [float(a / mpmath.fsum(e)) for a in e]
    np.testing.assert_allclose(softmax(np.array(v), np), weights, rtol=1e-12, atol=0)
    got = DENSE.log_weights(np.array(v), np)
    np.testing.assert_allclose(got, [float(x) for x in logs], rtol=1e-14, atol=4e-16)


class Power:
    """A tiny number whose exponential is exact: a polynomial in t = exp(1), which cannot be compared."""

    def __init__(self, value):
        self.value = value

    def exp(self):
        return Power(math.exp(self.value))

    def __add__(self, other):
        return Power(self.value + getattr(other, "value", other))

    def __mul__(self, other):
        return Power(self.value * getattr(other, "value", other))

    def __truediv__(self, other):
        return Power(self.value / getattr(other, "value", other))

    __radd__, __rmul__ = __add__, __mul__

    def refuse(self, other):
        raise ArithmeticError("undecided")

    __lt__ = __gt__ = __le__ = __ge__ = refuse


def test_softmax_and_update_of_objects_make_no_comparison():
    v = np.array([0.3, -1.2, 2.0])
    got = softmax(exact([Power(float(x)) for x in v]), np)
    np.testing.assert_allclose([g.value for g in got], softmax(v, np), rtol=1e-15)
    memories = np.array([[1.0, 0.5], [-0.5, 0.25]])
    query = np.array([0.2, -0.4])
    objects = np.vectorize(Power, otypes=[object])
    moved = update(DENSE, objects(memories), objects(query), 2)
    np.testing.assert_allclose([a.value for a in moved], update(DENSE, memories, query, 2.0), rtol=1e-14)


@quick
@given(st.floats(0.01, 30), st.floats(0.1, 2), st.floats(-3, 3))
def test_pair_closed_form(beta, a, x):
    memories = np.array([[a], [-a]])
    got = update(DENSE, memories, np.array([x]), beta)[0]
    np.testing.assert_allclose(got, a * math.tanh(beta * a * x), rtol=1e-12, atol=1e-15)
    assert jacobian(DENSE, memories, np.array([x]), beta)[0, 0] == pytest.approx(
        beta * a * a / math.cosh(beta * a * x) ** 2, rel=1e-9, abs=1e-300
    )
    # The sparse pair is the clipped linear map.
    sparse = a * min(1.0, max(-1.0, 2 * beta * a * x))
    np.testing.assert_allclose(
        update(SPARSE, memories, np.array([x]), beta)[0], sparse, rtol=1e-12, atol=1e-15
    )


def test_the_closed_form_catches_beta_squared():
    wrong = dataclasses.replace(DENSE, weights=lambda v, xp: softmax(1.7 * v, xp))
    memories, query = np.array([[1.0], [-1.0]]), np.array([0.3])
    assert abs(update(DENSE, memories, query, 1.7)[0] - math.tanh(1.7 * 0.3)) < 1e-15
    assert abs(update(wrong, memories, query, 1.7)[0] - math.tanh(1.7 * 0.3)) > 0.05


def draw(seed, *shape):
    return stream(5, "test", seed).standard_normal(shape)


def gradient(function, x, h=1e-6):
    steps = h * np.eye(len(x))
    return np.array([(function(x + s) - function(x - s)) / (2 * h) for s in steps])


@pytest.mark.parametrize("variant", [DENSE, SPARSE], ids=lambda v: v.name)
@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_energy_gradient_and_jacobian_by_finite_differences(variant, beta):
    memories, x = draw(1, 6, 4), draw(2, 4) / (4 * max(beta, 1.0))
    slope = gradient(lambda y: float(variant.energy(memories, y, beta)), x)
    moved = update(variant, memories, x, beta)
    np.testing.assert_allclose(slope, x - moved, atol=1e-8)
    numeric = gradient(lambda y: update(variant, memories, y, beta), x)
    np.testing.assert_allclose(jacobian(variant, memories, x, beta), numeric, atol=2e-8)
    # A wrong variant (its own temperature squared) is not the gradient of the energy.
    wrong = update(variant, memories, x, beta * beta)
    assert beta == 1.0 or np.max(np.abs(slope - (x - wrong))) > 1e-3


def test_printed_energy_has_the_gradient_x_minus_beta_T():
    memories, x = draw(3, 5, 3), draw(4, 3)
    slope = gradient(lambda y: float(printed_energy(memories, y, 2.5)), x)
    np.testing.assert_allclose(slope, x - 2.5 * update(SPARSE, memories, x, 2.5), atol=1e-8)
    assert printed_energy(memories, x, 1.0) == pytest.approx(
        float(sparse_energy(memories, x, 1.0)), abs=1e-15
    )


def test_sparse_energies_exactly():
    memories = np.array([[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]], dtype=object)
    x, beta = exact([Fraction(3, 4), Fraction(1, 2)]), Fraction(2)
    p = brute_force_projection([beta * Fraction(3, 4), beta * Fraction(1, 2)])
    conjugate = beta * (p[0] * x[0] + p[1] * x[1]) - (p[0] ** 2 + p[1] ** 2 - 1) / 2
    square = (x[0] ** 2 + x[1] ** 2) / 2
    assert sparse_energy(memories, x, beta) == square - conjugate / beta
    assert printed_energy(memories, x, beta) == square - conjugate


@pytest.mark.parametrize("beta", [1e-6, 1e-2, 1.0, 50.0, 1e5])
def test_dense_energy_against_fifty_digits(beta):
    memories, x = draw(5, 7, 3), draw(6, 3)
    with mpmath.workdps(50):
        z = [
            mpmath.fsum(mpmath.mpf(float(a)) * mpmath.mpf(float(b)) for a, b in zip(r, x, strict=True))
            for r in memories
        ]
        b = mpmath.mpf(beta)
        lse = mpmath.log(mpmath.fsum(mpmath.exp(b * v) for v in z))
        norms = [mpmath.fsum(mpmath.mpf(float(a)) ** 2 for a in r) for r in memories]
        square = mpmath.fsum(mpmath.mpf(float(a)) ** 2 for a in x)
        true = float(-lse / b + square / 2 + mpmath.log(7) / b + max(norms) / 2)
    assert float(DENSE.energy(memories, x, beta)) == pytest.approx(true, abs=2e-14)


@pytest.mark.parametrize("beta", [0.1, 3.0, 50.0, 2000.0])
def test_dense_log_error_against_fifty_digits(beta):
    memories = np.concatenate([draw(7, 5, 3), draw(7, 5, 3)[:1] + 1e-3])
    target = np.arange(6)
    got = log_retrieval_error(DENSE, memories, memories, beta, target)
    for mu in target:
        with mpmath.workdps(80):
            rows = [[mpmath.mpf(float(a)) for a in r] for r in memories]
            z = [
                mpmath.mpf(beta) * mpmath.fsum(a * b for a, b in zip(r, rows[mu], strict=True)) for r in rows
            ]
            e = [mpmath.exp(v - z[mu]) for v in z]
            total = mpmath.fsum(e)
            gap = [
                mpmath.fsum(w * (r[k] - rows[mu][k]) for w, r in zip(e, rows, strict=True)) / total
                for k in range(3)
            ]
            true = float(mpmath.log(mpmath.sqrt(mpmath.fsum(g * g for g in gap))))
        assert got[mu] == pytest.approx(true, abs=1e-11 + 1e-14 * beta, rel=1e-13)
    linear = retrieval_error(DENSE, memories, memories, beta, target)
    np.testing.assert_allclose(linear, np.exp(got), rtol=1e-12)


def test_log_error_does_not_underflow_behind_a_copy():
    memories = np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    got = log_retrieval_error(DENSE, memories, memories[0], 1e4, np.asarray(0))
    assert got == pytest.approx(-2e4 + math.log(2) - math.log(2), rel=1e-15)
    assert retrieval_error(DENSE, memories, memories[0], 1e4, np.asarray(0)) == 0.0


def test_error_is_minus_infinity_only_where_it_is_zero():
    memories = np.eye(3)
    query = np.array([[1.0, 0.0, 0.0], [1.0, 1e-12, 0.0]])
    got = log_retrieval_error(SPARSE, memories, query, 1.0, np.zeros(2, dtype=int))
    assert got[0] == -np.inf
    assert got[1] == pytest.approx(math.log(math.sqrt(2) * 0.5e-12), rel=1e-4)
    for variant in (DENSE, SPARSE):
        alone = log_retrieval_error(variant, np.ones((1, 2)), np.ones(2), 1.0, np.asarray(0))
        assert alone == -np.inf


def test_log_error_of_exact_elements():
    memories = np.array([[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]], dtype=object)
    recovered = log_retrieval_error(SPARSE, memories, memories[0], Fraction(1), np.asarray(0))
    assert recovered == -math.inf


def strict(a):
    return array_api_strict.asarray(np.array(a))


@pytest.mark.parametrize("variant", SHIPPED, ids=lambda v: v.name)
def test_strict_array_api_read_only_input_and_batches_agree(variant):
    memories, query, target = draw(8, 3, 5, 4), draw(9, 3, 4), np.array([0, 4, 2])
    beta = np.array([0.5, 2.0, 7.0])
    for a in (memories, query, target, beta):
        a.flags.writeable = False
    functions = {
        "update": lambda m, q, b, t: update(variant, m, q, b),
        "energy": lambda m, q, b, t: variant.energy(m, q, b),
        "jacobian": lambda m, q, b, t: jacobian(variant, m, q, b),
        "error": lambda m, q, b, t: retrieval_error(variant, m, q, b, t),
        "log": lambda m, q, b, t: log_retrieval_error(variant, m, q, b, t),
        "bounds": lambda m, q, b, t: variant.pair_bounds(scores(m, q, b), base_module.array_namespace(m))[0],
    }
    for name, f in functions.items():
        whole = f(memories, query, beta, target)
        singly = [f(memories[i], query[i], float(beta[i]), np.asarray(target[i])) for i in range(3)]
        np.testing.assert_allclose(whole, np.stack(singly), rtol=1e-12, atol=1e-14, err_msg=name)
        other = f(strict(memories), strict(query), strict(beta), strict(target))
        np.testing.assert_allclose(np.asarray(other), whole, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("variant", SHIPPED, ids=lambda v: v.name)
def test_shared_memories_blocks_and_grouped_queries(variant, monkeypatch):
    memories, query = draw(10, 6, 3), draw(11, 2, 5, 3)
    target = np.arange(10).reshape(2, 5) % 6
    beta = np.array([0.7, 3.0])[:, None] * np.ones((2, 5))
    own = np.broadcast_to(memories, (2, 5, 6, 3))
    grouped = np.broadcast_to(memories, (2, 1, 6, 3))
    expected = log_retrieval_error(variant, own, query, beta, target)
    slopes = jacobian(variant, own, query, beta)
    monkeypatch.setattr(base_module, "BLOCK", 40)
    for shared in (memories, grouped):
        got = log_retrieval_error(variant, shared, query, beta, target)
        np.testing.assert_allclose(got, expected, rtol=1e-12)
        np.testing.assert_allclose(jacobian(variant, shared, query, beta), slopes, atol=1e-14)
        np.testing.assert_allclose(
            update(variant, shared, query, beta), update(variant, own, query, beta), atol=1e-14
        )
    assert variant.update(memories, query, beta).shape == (2, 5, 3)
    assert variant.scores(memories, query, beta).shape == (2, 5, 6)


@quick
@given(st.integers(0, 10**6), st.floats(0.1, 20))
def test_pair_bounds_hold(seed, beta):
    rng = stream(seed, "pairs")
    memories, x = rng.standard_normal((5, 2)), rng.standard_normal(2)
    for variant in SHIPPED:
        p = variant.weights(scores(memories, x, beta), np)
        away = memories - memories[0]
        share, slope = variant.pair_bounds(-beta * (away @ x), np)
        assert np.all(p[1:] <= share[1:] * (1 + 1e-12))
        steep = beta * np.sum(slope * np.sum(away**2, axis=1))
        assert np.linalg.norm(jacobian(variant, memories, x, beta), 2) <= steep * (1 + 1e-9)


def test_jacobian_keeps_its_relative_accuracy_when_one_weight_is_nearly_one():
    memories = np.array([[1.0], [-1.0]])
    got = jacobian(DENSE, memories, np.array([1.0]), 100.0)[0, 0]
    assert got == pytest.approx(100.0 * 4 * math.exp(-200.0), rel=1e-12)


def test_rational_jacobian_is_exact():
    memories = np.array([[Fraction(1)], [Fraction(-1)], [Fraction(1, 2)]], dtype=object)
    got = jacobian(SPARSE, memories, exact([Fraction(1, 10)]), Fraction(1))
    mean = Fraction(1, 6)
    moments = [(Fraction(v) - mean) ** 2 for v in (1, -1, Fraction(1, 2))]
    assert got[0, 0] == sum(moments)


def test_variants_are_found_by_name_and_bad_names_say_what_was_expected():
    assert find_variant("sparse") is SPARSE
    for name, expected in (("no-such", "expected one of dense"), ("dense:k=2", "expected no parameters")):
        with pytest.raises(VariantError, match=expected):
            find_variant(name)
