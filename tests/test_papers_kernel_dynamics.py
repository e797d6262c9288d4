"""Kernelised models: quantities against oracles, closed forms against simulation, wrong versions refuted."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import Real
from simulations.feature_maps import numbered as feature_maps
from simulations.variants.dense import DENSE, softmax
from simulations.variants.kernelized import kernelized
from simulations.variants.sparse import SPARSE
from verify.checkers import forall
from verify.context import Context
from verify.evidence import Evidence
from verify.instances import MODELS, Instances, exact_instance, point_of
from verify.papers.khm2024 import (
    commuting,
    energies,
    error_bounds,
    features,
    kernel,
    ranks,
    separation_conditions,
    storage_balls,
    stored,
)
from verify.papers.wu2024 import convergence, retrieval
from verify.papers.wu2024 import error_bounds as uhop_bounds
from verify.vocabulary import measure, measure_log

Array = Any


def batch(seed: int = 0, size: int = 12, count: int = 4, d: int = 3, **scalars: Any) -> Instances:
    rng = np.random.default_rng(seed)
    hull = rng.dirichlet(np.ones(count), size)
    numbers = rng.integers(0, feature_maps.NUMBER, size).astype(float)
    given_scalars = {"dyn_map": numbers, "alpha": rng.uniform(1, 2, size)} | scalars
    return Instances(
        size,
        memories=rng.standard_normal((size, count, d)),
        query=rng.standard_normal((size, d)),
        beta=rng.uniform(0.3, 4.0, size),
        target=rng.integers(0, count, size),
        hull=hull,
        scalars={k: np.broadcast_to(np.asarray(v, dtype=float), (size,)) for k, v in given_scalars.items()},
    )


def check(statement: Any, parts: tuple[str, ...] = (), **models: Any) -> Evidence:
    """The evidence of some parts (default: all) of a statement, without its controls."""
    chosen = tuple(p for p in statement.parts if not parts or p.name in parts)
    alone = dataclasses.replace(statement, parts=chosen, controls=())
    return forall.check(alone, Context(models={**MODELS, **models}))


def refuted(evidence: Evidence) -> set[str]:
    return {p.name for p in evidence.parts if p.witness is not None and p.witness.certified}


def exactly(b: Instances, symbol: Any, index: int) -> float:
    """The exact reading of a quantity at one instance of a float batch."""
    return float(measure(exact_instance(point_of(b, index), b.model), symbol)[0])


# -- feature maps ----------------------------------------------------------------------------------


def test_every_kind_of_map_has_its_shape_and_rank() -> None:
    d = 4
    shapes = {"double": 8, "fourfold": 16, "half": 2, "one feature": 1}
    for number in range(feature_maps.NUMBER):
        kind = feature_maps.KINDS[number % len(feature_maps.KINDS)]
        w = feature_maps.feature_map(number, d)
        assert w.shape == (shapes.get(kind, d), d)
        rank = sp.Matrix([[sp.Rational(*float(x).as_integer_ratio()) for x in r] for r in w]).rank()
        assert feature_maps.rank_of(number, d) == rank
        if kind == "badly conditioned":
            assert np.linalg.cond(w) == pytest.approx(1e8, rel=1e-4)
        if kind == "deficient":
            assert rank == d - 1


@pytest.mark.parametrize(("number", "d"), [(-1, 3), (feature_maps.NUMBER, 3), (0, 0)])
def test_a_map_outside_the_range_is_refused(number: int, d: int) -> None:
    with pytest.raises(ValueError, match="feature map: expected"):
        feature_maps.feature_map(number, d)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=1, max_size=4))
def test_kernel_vectors_and_square_factors_are_exact(entries: list[list[int]]) -> None:
    rows = [[Fraction(x) for x in row] for row in entries]
    reference = sp.Matrix(entries)
    v = feature_maps.kernel_vector(rows)
    assert all(sum(a * x for a, x in zip(row, v, strict=True)) == 0 for row in rows)
    assert any(v) == (reference.rank() < 3)
    assert feature_maps.exact_rank(rows) == reference.rank()
    gram = feature_maps.exact_gram(rows)
    assert sp.Matrix(gram) == reference.T * reference
    lower, pivots = feature_maps.square_factor(gram)
    assert all(p >= 0 for p in pivots)
    low = sp.Matrix([[sp.Rational(x.numerator, x.denominator) for x in row] for row in lower])
    middle = sp.diag(*[sp.Rational(p.numerator, p.denominator) for p in pivots])
    assert low * middle * low.T == reference.T * reference


def test_an_indefinite_matrix_has_no_square_factor() -> None:
    one, zero = Fraction(1), Fraction(0)
    for gram in ([[-one]], [[zero, one], [one, zero]]):
        with pytest.raises(ValueError, match="positive semidefinite"):
            feature_maps.square_factor(gram)


# -- kernel and update -----------------------------------------------------------------------------


def test_the_kernel_is_a_positive_form_by_algebra() -> None:
    w = sp.Matrix(3, 2, sp.symbols("w0:6"))
    u, v = sp.Matrix(sp.symbols("u0:2")), sp.Matrix(sp.symbols("v0:2"))
    c, e = sp.symbols("c e")
    a = w.T * w
    form = c * c * u.T * a * u + 2 * c * e * u.T * a * v + e * e * v.T * a * v
    both = w * (c * u + e * v)
    for zero in ((w * u).T * (w * v) - u.T * a * v, u.T * a * v - v.T * a * u, form - both.T * both):
        assert sp.expand(zero[0]) == 0


def test_features_and_kernels_agree_with_loops_in_floats_and_exactly() -> None:
    b = batch()
    for i in range(b.size):
        w = feature_maps.feature_map(int(b.scalars["dyn_map"][i]), 3)
        xi, x = b.memories[i, b.target[i]], b.query[i]
        value = (w @ xi) @ (w @ x)
        for symbol in (kernel.K, kernel.K_quadratic, kernel.K_swapped):
            assert measure(b, symbol)[i] == pytest.approx(value, rel=1e-9, abs=1e-12)
            assert exactly(b, symbol, i) == pytest.approx(value, rel=1e-9, abs=1e-12)
        matrix = b.memories[i] @ w.T @ w @ b.memories[i].T
        c = b.memories[i] @ x
        assert measure(b, kernel.K_form)[i] == pytest.approx(c @ matrix @ c, rel=1e-9, abs=1e-12)
        assert measure(b, features.rank)[i] == np.linalg.matrix_rank(w, tol=1e-12)


def test_the_update_is_that_of_the_shipped_kernelised_model() -> None:
    b = batch(1)
    for i in range(b.size):
        w = feature_maps.feature_map(int(b.scalars["dyn_map"][i]), 3)
        k = b.memories[i] @ w.T @ w @ b.query[i]
        plain = softmax(b.beta[i] * k, np) @ b.memories[i]
        assert kernel.kernel_update(b)[i] == pytest.approx(plain, rel=1e-9)
        shipped = kernelized(w, DENSE).update(b.memories[i], b.query[i], b.beta[i])
        assert shipped == pytest.approx(plain, rel=1e-9)


def test_a_model_whose_weights_sum_to_two_leaves_the_hull() -> None:
    wrong = dataclasses.replace(DENSE, weights=lambda v, xp: 2 * DENSE.weights(v, xp))
    assert refuted(check(kernel.UPDATE, dense=wrong)) >= {"in the hull: not beyond the memories along x"}


def test_tsallis_entropy_against_mpmath() -> None:
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.ones(5), 6)
    order = np.array([1.0, 1.0001, 1.25, 1.5, 1.9, 2.0])
    for row, a, found in zip(p, order, kernel.tsallis(p, order), strict=True):
        with mpmath.workdps(30):
            q = [mpmath.mpf(float(x)) for x in row]
            if a == 1:
                expected = -sum(x * mpmath.log(x) for x in q)
            else:
                expected = sum(x - x ** mpmath.mpf(float(a)) for x in q) / (
                    mpmath.mpf(float(a)) * (mpmath.mpf(float(a)) - 1)
                )
        assert found == pytest.approx(float(expected), rel=1e-10)
    exact = np.array([[Real(x) for x in row] for row in p], dtype=object)
    again = kernel.tsallis(exact, np.array([Real(float(a)) for a in order], dtype=object))
    assert [float(v) for v in again] == pytest.approx(kernel.tsallis(p, order), rel=1e-10)


def test_wrong_entmax_weights_are_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    def cold(v: Array, alpha: Any, xp: Any) -> Array:
        return softmax(v * 2, np)

    monkeypatch.setattr(kernel, "entmax", cold)
    found = refuted(check(kernel.ENTMAX))
    assert {"closed form with the threshold", "they maximise <p, z> + H(p)"} <= found


# -- energies --------------------------------------------------------------------------------------


def printed_energy(memories: Array, w: Array, x: Array, beta: float, factor: float) -> float:
    k = memories @ w.T @ w @ x
    return float(x @ w.T @ w @ x / 2 - factor * np.log(np.sum(np.exp(beta * k))))


def test_the_energies_are_the_printed_ones() -> None:
    b = batch(2)
    falls = measure(b, energies.E1) - measure(b, energies.E1_next)
    for i in range(b.size):
        w = feature_maps.feature_map(int(b.scalars["dyn_map"][i]), 3)
        xi, beta, x = b.memories[i], b.beta[i], b.query[i]
        image = softmax(beta * (xi @ w.T @ w @ x), np) @ xi
        assert measure(b, energies.E2)[i] == pytest.approx(printed_energy(xi, w, x, beta, 1.0), rel=1e-9)
        after = printed_energy(xi, w, image, beta, 1.0)
        assert measure(b, energies.E2_next)[i] == pytest.approx(after, rel=1e-9)
        fall = printed_energy(xi, w, x, beta, 1 / beta) - printed_energy(xi, w, image, beta, 1 / beta)
        assert falls[i] == pytest.approx(fall, rel=1e-6, abs=1e-9)


def test_one_memory_shows_that_the_unscaled_energy_rises() -> None:
    """E_2 = x^2/2 - 2 x at beta = 2, xi = 1: from x = 2 (its minimum, -2) to T = 1 (-3/2)."""
    point = {
        "memories": [[Fraction(1)]],
        "query": [Fraction(2)],
        "beta": Fraction(2),
        "target": 0,
        "dyn_map": Fraction(0),
    }
    b = exact_instance(point)
    assert float(measure(b, energies.E2)[0]) == pytest.approx(-2, abs=1e-14)
    assert float(measure(b, energies.E2_next)[0]) == pytest.approx(-1.5, abs=1e-14)


def test_an_update_with_the_sign_turned_round_does_not_descend() -> None:
    wrong = dataclasses.replace(DENSE, weights=lambda v, xp: DENSE.weights(-v, xp))
    assert refuted(check(energies.SCALED, dense=wrong)) == {"descent"}


# -- affine and other maps -------------------------------------------------------------------------


def test_affine_and_componentwise_gaps_against_loops() -> None:
    b = batch(4, dyn_offset=2.5)
    for i in range(b.size):
        n = int(b.scalars["dyn_map"][i])
        w, c = commuting.affine_map(n, 3)[:, :3], commuting.affine_map(n, 3)[:, 3]
        assert np.array_equal(w, feature_maps.feature_map(n, 3))
        rows = b.memories[i] @ w.T + 2.5 * c
        found = commuting.affine(b, b.memories)[i][:, : w.shape[0]]
        assert found == pytest.approx(rows)
        p = b.hull[i] / b.hull[i].sum()
        mixed = w @ (p @ b.memories[i])
        tanh = np.linalg.norm(np.tanh(mixed) - p @ np.tanh(b.memories[i] @ w.T))
        relu = np.linalg.norm(np.maximum(mixed, 0) - p @ np.maximum(b.memories[i] @ w.T, 0))
        assert measure(b, commuting.tanh_gap)[i] == pytest.approx(tanh, abs=1e-12)
        assert measure(b, commuting.relu_gap)[i] == pytest.approx(relu, abs=1e-12)
        half = np.linalg.norm(2.5 * c / 2)
        assert measure(b, commuting.affine_gap_half)[i] == pytest.approx(half, rel=1e-9, abs=1e-12)
    assert np.max(measure(b, commuting.affine_gap)) < 1e-12
    assert np.max(measure(b, commuting.affine_update_gap)) < 1e-10


def test_gram_matrices_of_a_factor_are_those_of_the_symmetric_root() -> None:
    for n, d, count in ((1, 3, 4), (3, 2, 3), (6, 3, 4), (4, 4, 5)):
        own, other, pivot = ranks._grams(n, d, count)
        xi = np.array([[float(x) for x in row] for row in ranks.memory_columns(d, count)])
        w = feature_maps.feature_map(n, d)
        values, vectors = np.linalg.eigh(w.T @ w)
        root = vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T
        expected = xi.T @ root.T @ root @ xi
        for found in (own, other):
            assert np.array([[float(x) for x in row] for row in found]) == pytest.approx(expected, abs=1e-9)
        assert pivot >= 0


# -- unit features ---------------------------------------------------------------------------------


def test_unit_features_have_length_one_and_the_query_its_distance() -> None:
    b = batch(5, dyn_tight=1e-3, dyn_share=0.75, dyn_r=0.2)
    u = features.unit(b)
    assert np.linalg.norm(u.memories, axis=-1) == pytest.approx(1)
    own = u.memories[np.arange(b.size), b.target]
    assert np.linalg.norm(u.query - own, axis=-1) == pytest.approx(0.75 * measure(b, features.R_unit))
    assert np.linalg.norm(features.unit(b, "r").query - own, axis=-1) == pytest.approx(0.15)
    for i in range(b.size):
        gram = u.memories[i] @ u.memories[i].T
        np.fill_diagonal(gram, -2)
        assert measure(b, features.Delta_min)[i] == pytest.approx(1 - gram.max())
        assert measure(b, features.Delta_unit)[i] == pytest.approx(1 - gram[b.target[i]].max())
        assert measure(b, features.R_unit)[i] ** 2 * 2 == pytest.approx(1 - gram.max(), rel=1e-6)
        assert exactly(b, features.Delta_min, i) == pytest.approx(1 - gram.max())


def test_the_least_temperature_meets_the_condition_with_equality() -> None:
    shared = {"dyn_tight": 1e-2, "dyn_share": 0.5, "dyn_r": 0.05}
    for name, separation, length in (
        ("dyn_heat_a", features.Delta_unit, features.R_unit),
        ("dyn_heat_b", features.Delta_min, features.R_unit),
        ("dyn_heat_r", features.Delta_unit, None),
    ):
        b = batch(6, size=40, **shared, **{name: 1.0})
        r = measure(b, length) if length is not None else b.scalars["dyn_r"]
        room = measure(b, separation) - (0 if name == "dyn_heat_b" else 2 * r)
        met = room > 0
        assert met.any()
        beta = measure(b, features.heat)
        assert (beta * room)[met] == pytest.approx(np.log(2 * 3 / r)[met])
        assert np.array_equal(beta[~met], b.beta[~met])


# -- balls and storage at large beta ---------------------------------------------------------------


def test_radius_and_second_distance_against_brute_force() -> None:
    b = batch(7)
    for i in range(b.size):
        w = feature_maps.feature_map(int(b.scalars["dyn_map"][i]), 3)
        y = b.memories[i] @ w.T
        pairs = [np.sum((y[j] - y[k]) ** 2) for j, k in itertools.combinations(range(4), 2)]
        assert measure(b, storage_balls.R_squared)[i] == pytest.approx(min(pairs) / 4, rel=1e-6, abs=1e-12)
        second = np.sort(np.sum((y - w @ b.query[i]) ** 2, axis=-1))[1]
        assert measure(b, storage_balls.second_squared)[i] == pytest.approx(second, rel=1e-9)


def test_a_trap_makes_the_open_ball_of_one_of_a_closest_pair_leak_at_every_temperature() -> None:
    rng = np.random.default_rng(8)
    checked = 0
    for _ in range(20):
        y = rng.standard_normal((3, 2))
        y /= np.linalg.norm(y, axis=-1, keepdims=True)
        b = Instances(1, memories=y[None], query=y[:1], beta=np.ones(1), target=np.zeros(1, dtype=int))
        if measure(b, storage_balls.trap)[0] < 0.05:
            continue
        i, j = (int(k[0]) for k in storage_balls.closest_pair(y[None]))
        rest = ({0, 1, 2} - {i, j}).pop()
        near, far = (i, j) if (y[i] - y[j]) @ y[rest] > 0 else (j, i)
        assert measure(b, storage_balls.trap)[0] == pytest.approx((y[near] - y[far]) @ y[rest])
        sides = sorted(np.sum((y[k] - y[n]) ** 2) for k, n in ((0, 1), (0, 2), (1, 2)))
        assert measure(b, storage_balls.lead)[0] == pytest.approx(sides[1] - sides[0])
        radius = np.linalg.norm(y[i] - y[j]) / 2
        # As near to the midpoint as doubles allow; the leak narrows like exp(-beta).
        start = y[far] + (1 - 1e-9) * (y[near] - y[far]) / 2
        assert np.linalg.norm(start - y[far]) < radius
        beta = np.array([0.5, 3.0, 10.0])
        x = np.tile(start, (3, 1))
        for _ in range(2000):
            x = softmax(beta[:, None] * (x @ y.T), np) @ y
        assert np.all(np.linalg.norm(x - y[far], axis=-1) > radius)
        checked += 1
    assert checked >= 8


def test_an_isosceles_triangle_has_no_trap() -> None:
    y = np.array([[0.6, 0.8], [0.6, -0.8], [-1.0, 0.0]])
    b = Instances(1, memories=y[None], query=y[:1], beta=np.ones(1), target=np.zeros(1, dtype=int))
    assert measure(b, storage_balls.trap)[0] == pytest.approx(0)


def test_a_pair_that_is_not_closest_is_not_certified() -> None:
    y = np.array([[[Real(0)], [Real(1)], [Real(3)]]], dtype=object)
    storage_balls.certify_closest(y, 0, 1)
    with pytest.raises(ArithmeticError, match="not a closest one"):
        storage_balls.certify_closest(y, 1, 2)
    assert [int(k[0]) for k in storage_balls.closest_pair(y)] == [0, 1]


# -- well-separation -------------------------------------------------------------------------------


def test_variant_a_for_all_memories_is_met_by_no_random_unit_set_but_by_a_long_pair() -> None:
    rng = np.random.default_rng(9)
    for d, count in ((1, 2), (2, 2), (2, 3), (3, 4), (8, 5)):
        for _ in range(50):
            y = rng.standard_normal((count, d))
            y /= np.linalg.norm(y, axis=-1, keepdims=True)
            gram = y @ y.T
            np.fill_diagonal(gram, -np.inf)
            least, radius = (
                1 - gram.max(),
                min(np.linalg.norm(a - c) for a, c in itertools.combinations(y, 2)) / 2,
            )
            if radius > 0:
                slack = [
                    b * (least - 2 * radius) - np.log(2 * (count - 1) / radius) for b in (0.1, 1, 1e3, 1e6)
                ]
                assert max(slack) < 0
    m = radius = 10.0
    assert 2 * m * m >= np.log(2 / radius) + 2 * m * radius


@pytest.mark.parametrize("name", [0, 1, 2, 3, 4])
def test_placed_sets_against_floats(name: int) -> None:
    y = np.array([[float(x) for x in row] for row in separation_conditions.witness_set(name)])
    assert np.linalg.norm(y, axis=-1) == pytest.approx(1, abs=1e-15)
    gram = y @ y.T
    np.fill_diagonal(gram, -np.inf)
    b = exact_instance({"dyn_set": Fraction(name), "dyn_beta": Fraction(1)})
    assert float(measure(b, separation_conditions.set_least)[0]) == pytest.approx(1 - gram.max())
    assert float(measure(b, separation_conditions.set_first)[0]) == pytest.approx(1 - gram[0].max())
    radius = min(np.linalg.norm(a - c) for a, c in itertools.combinations(y, 2)) / 2
    assert float(measure(b, separation_conditions.set_R)[0]) == pytest.approx(radius)


def test_the_antipodal_pair_flows_together_although_variant_b_holds() -> None:
    """y = +-1, beta = 1/2: 2 >= ln(2)/beta, and T(y) = tanh(y/2) has the fixed point 0 alone."""
    assert np.log(2) / 0.5 <= 2
    x = 1.0
    for _ in range(200):
        x = np.tanh(x / 2)
    assert abs(x) < 1e-12


def test_three_features_on_a_circle_miss_storage_with_a_certificate() -> None:
    evidence = check(stored.SEP_B_STORED, (stored.OPEN_LIMIT.name,))
    assert refuted(evidence) == {stored.OPEN_LIMIT.name}


# -- a fraction of the radius ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "beta", "rho", "returns"), [(35, 8, 0.9, False), (16, 8, 0.9, True), (35, 8, 0.5, True)]
)
def test_the_reduced_gain_tells_where_an_orthonormal_memory_loses_its_ball(
    count: int, beta: int, rho: float, returns: bool
) -> None:
    assert beta >= 1 + np.log(4 * beta * (count - 1))
    y = np.eye(count)
    direction = (np.sum(y, axis=0) - y[0]) / (count - 1) - y[0]
    x = y[0] + rho / np.sqrt(2) * direction / np.linalg.norm(direction)
    for _ in range(2000):
        x = softmax(beta * x, np) @ y
    assert (np.linalg.norm(x - y[0]) < 1 / (2 * beta)) == returns
    point = {"dyn_M": Fraction(count), "dyn_beta": Fraction(beta), "dyn_rho": Fraction(rho)}
    gain = float(measure(exact_instance(point), stored.inward_gain)[0])
    assert (gain >= 0) == returns


def test_one_update_of_the_reduced_map_is_that_of_all_coordinates() -> None:
    count, beta, gap = 7, 3.0, 0.4
    x = np.full(count, 0.1)
    x[0] += gap
    after = softmax(beta * x, np)
    found = stored.reduced_gain(count, Real(beta), Real(gap))
    assert float(found) == pytest.approx(after[0] - after[1] - gap)


# -- error bounds ----------------------------------------------------------------------------------


def test_crosstalks_and_errors_against_loops() -> None:
    b = batch(10, dyn_tight=1.0, dyn_share=0.5)
    y = b.memories / np.linalg.norm(b.memories, axis=-1, keepdims=True)
    for i in range(b.size):
        mu, x, beta = b.target[i], b.query[i], b.beta[i]
        own, rest = y[i, mu], np.delete(y[i], mu, axis=0)
        r, delta = np.linalg.norm(x - own), 1 - rest @ own
        expected = {
            error_bounds.crosstalk: np.sum(np.exp(-beta * (own - rest) @ x)),
            error_bounds.crosstalk_ball: np.sum(np.exp(-beta * (delta - r * np.sqrt(2 * delta)))),
            error_bounds.crosstalk_far: np.exp(2 * beta * r) * np.sum(np.exp(-beta * delta)),
            error_bounds.error_free: np.linalg.norm(softmax(beta * (y[i] @ x), np) @ y[i] - own),
        }
        for symbol, value in expected.items():
            assert measure(b, symbol)[i] == pytest.approx(value, rel=1e-8)
            assert np.exp(measure_log(b, symbol)[i]) == pytest.approx(value, rel=1e-8)
            assert exactly(b, symbol, i) == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize(
    ("statement", "part"),
    [(error_bounds.ERROR, "error"), (error_bounds.ONE_STEP, "error"), (stored.CENTRE, "image of the centre")],
)
def test_a_hotter_update_breaks_the_error_bounds(statement: Any, part: str) -> None:
    def colder(v: Array, xp: Any) -> Array:
        return DENSE.weights(v / 4, xp)

    def log_colder(v: Array, xp: Any) -> Array:
        return DENSE.log_weights(v / 4, xp)

    wrong = dataclasses.replace(DENSE, weights=colder, log_weights=log_colder, stream=None)
    assert part in refuted(check(statement, dense=wrong))


# -- U-Hop -----------------------------------------------------------------------------------------


def test_the_gradient_of_the_energy_by_differences() -> None:
    b = batch(11, dyn_far=0.5)
    h = 1e-6
    for e in np.eye(3):
        ends = [measure(b.with_query(b.query + s * h * e), retrieval.energy) for s in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * h)
        assert slope == pytest.approx(retrieval.gradient_of(b) @ e, rel=1e-4, abs=1e-5)


def test_a_wrong_gradient_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    right = retrieval.gradient_of
    monkeypatch.setattr(
        retrieval, "gradient_of", lambda b: right(b) + (b.query - b.query[:, :1]) / 4 + b.query / 4
    )
    found = refuted(check(retrieval.ENERGY, tuple(p.name for p in retrieval.GRADIENT_PARTS)))
    assert found


def test_steps_in_the_kernel_of_the_map_change_nothing() -> None:
    b = batch(12, dyn_far=0.5)
    singular = measure(b, features.rank) < 3
    assert singular.any()
    assert not singular.all()
    assert np.array_equal(measure(b, convergence.shift) > 0, singular)
    assert np.max(measure(b, convergence.same_image)) < 1e-9
    assert np.max(measure(b, convergence.same_gradient)) < 1e-9


def test_a_wandering_sparse_update_has_no_short_steps() -> None:
    def turned(v: Array, xp: Any) -> Array:
        return SPARSE.weights(-v, xp)

    wrong = dataclasses.replace(SPARSE, weights=turned, stream=None)
    found = refuted(
        check(convergence.LEMMA21, ("sparsemax: squared steps sum to at most twice the fall",), sparse=wrong)
    )
    assert found == {"sparsemax: squared steps sum to at most twice the fall"}


def _sparsemax(z: list[Fraction]) -> list[Fraction]:
    """Brute force: the support whose threshold is consistent."""
    order = sorted(z, reverse=True)
    for k in range(len(z), 0, -1):
        tau = (sum(order[:k]) - 1) / k
        if order[k - 1] > tau:
            return [max(x - tau, Fraction(0)) for x in z]
    raise AssertionError


def test_integer_sets_are_decided_as_by_brute_force() -> None:
    for point in uhop_bounds.THM22_IFF.arena.points[::7]:
        rows = uhop_bounds.INTEGER_SETS[point["dyn_set"]]
        target, beta = point["dyn_target"], Fraction(point["dyn_beta"])
        w = feature_maps.exact_rows(feature_maps.feature_map(point["dyn_map"], len(rows[0])))
        y = [[sum((a * x for a, x in zip(r, row, strict=True)), Fraction(0)) for r in w] for row in rows]
        z = [sum((a * c for a, c in zip(v, y[target], strict=True)), Fraction(0)) for v in y]
        p = _sparsemax([beta * v for v in z])
        fixed = all(
            sum(q * row[k] for q, row in zip(p, rows, strict=True)) == rows[target][k]
            for k in range(len(rows[0]))
        )
        b = exact_instance({k: Fraction(v) for k, v in point.items()})
        assert bool(measure(b, uhop_bounds.integer_error)[0] == 0) == fixed
        gap = z[target] - max(v for k, v in enumerate(z) if k != target)
        assert measure(b, uhop_bounds.integer_Delta)[0] == gap


def test_zero_between_two_memories_is_fixed_without_a_separation() -> None:
    evidence = check(uhop_bounds.THM22_IFF)
    assert refuted(evidence) == {"only if"}


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        (storage_balls.CLOSED, {"at the midpoint of a closest pair"}),
        (stored.RHO_BALL, {"orthonormal features: the iteration returns from the side of the mean"}),
        (energies.UNSCALED, {"descent"}),
        (commuting.NONLINEAR, {"tanh", "relu"}),
    ],
    ids=lambda v: getattr(v, "id", ""),
)
def test_what_fails_has_a_certified_witness(statement: Any, names: set[str]) -> None:
    assert refuted(check(statement, tuple(names))) == names
