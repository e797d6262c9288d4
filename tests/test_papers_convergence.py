"""Descent, Lipschitz constants, conjugates: quantities against oracles, and wrong versions are refuted."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.optimize import minimize

from bounds.exact import exact_array
from simulations.variants.dense import DENSE, softmax
from simulations.variants.normmax import normmax
from simulations.variants.sparse import SPARSE, sparsemax
from simulations.variants.topk import topk
from verify.checkers import forall
from verify.context import Context
from verify.evidence import Evidence
from verify.instances import MODELS, Instances, exact_instance
from verify.papers import cccp2003, convergence, zangwill1969
from verify.papers.arxiv2510_23012 import softmax as lipschitz
from verify.papers.arxiv2510_23012 import sparse_maps
from verify.vocabulary import measure

Array = Any


def batch(seed: int = 0, size: int = 8, count: int = 4, d: int = 3, **scalars: float) -> Instances:
    rng = np.random.default_rng(seed)
    hull = rng.dirichlet(np.ones(count), size)
    memories = rng.standard_normal((size, count, d))
    return Instances(
        size,
        memories=memories,
        query=np.sum(hull[..., None] * memories, axis=-2),
        beta=rng.uniform(0.3, 4.0, size),
        target=rng.integers(0, count, size),
        hull=hull,
        scalars={name: np.full(size, value) for name, value in scalars.items()},
    )


def check(statement: Any, parts: tuple[str, ...] = (), **models: Any) -> Evidence:
    """The evidence of some parts (default: all) of a statement, without its controls."""
    chosen = tuple(p for p in statement.parts if not parts or p.name in parts)
    alone = dataclasses.replace(statement, parts=chosen, controls=())
    return forall.check(alone, Context(models={**MODELS, **models}))


def refuted(evidence: Evidence) -> set[str]:
    return {p.name for p in evidence.parts if p.witness is not None and p.witness.certified}


def numerical_jacobian(function: Any, v: Array, h: float = 1e-6) -> Array:
    columns = [(function(v + h * e) - function(v - h * e)) / (2 * h) for e in np.eye(len(v))]
    return np.stack(columns, axis=-1)


# -- softmax ---------------------------------------------------------------------------------------


def test_softmax_norms_agree_with_a_differenced_jacobian() -> None:
    b = batch()
    v = b.beta[:, None] * np.sum(b.memories * b.query[:, None, :], axis=-1)
    for i in range(b.size):
        jacobian = numerical_jacobian(lambda u: softmax(u, np), v[i])
        assert measure(b, lipschitz.J_2)[i] == pytest.approx(np.linalg.norm(jacobian, 2), rel=1e-7)
        assert measure(b, lipschitz.J_row)[i] == pytest.approx(np.linalg.norm(jacobian, np.inf), rel=1e-7)
        assert measure(b, lipschitz.J_2_squared)[i] <= np.linalg.norm(jacobian, 2) ** 2 + 1e-9


def test_row_sums_keep_their_digits_where_one_weight_is_nearly_one() -> None:
    p = np.array([[1.0, 1e-20, 2e-20]])
    assert lipschitz.largest_row_sum(p)[0] == pytest.approx(6e-20, rel=1e-12)
    assert lipschitz.matrix_norm(batch(), lipschitz.softmax_jacobian(p))[0] == pytest.approx(
        (3 + np.sqrt(3)) * 1e-20, rel=1e-9
    )


def test_two_equal_scores_have_norm_one_half_exactly() -> None:
    point = {
        "memories": [[Fraction(1)], [Fraction(-1)]],
        "query": [Fraction(0)],
        "beta": Fraction(1),
        "target": 0,
    }
    b = exact_instance(point)
    assert measure(b, lipschitz.J_2_squared)[0] == Fraction(1, 4)
    assert measure(b, lipschitz.J_2_at_0)[0] == Fraction(1, 4)
    assert measure(b, lipschitz.J_3_cubed)[0] == measure(b, lipschitz.J_3_at_0)[0] == Fraction(1, 8)
    assert measure(b, lipschitz.J_row)[0] == Fraction(1, 2)


def test_softmax_half_fails_for_two_scores_alone() -> None:
    strict = {
        p.name for p in lipschitz.HALF_LIPSCHITZ.parts if "strictly" in p.name and "n >= 3" not in p.name
    }
    assert refuted(check(lipschitz.HALF_LIPSCHITZ)) == strict


def test_a_steeper_softmax_breaks_the_bounds_of_the_dense_map() -> None:
    def steeper(v: Array, xp: Any) -> Array:
        return softmax(2 * v, xp)

    wrong = dataclasses.replace(
        DENSE, weights=steeper, response=lambda v, xp: (steeper(v, xp), 2 + 0 * v[..., :1])
    )
    parts = ("Jacobian", "diameter", "distances")
    assert refuted(check(lipschitz.DENSE_MAP, parts, dense=wrong)) == set(parts)


# -- sparse maps -----------------------------------------------------------------------------------


def test_slope_of_sparsemax_agrees_with_a_difference() -> None:
    b = batch(seed=3)
    w = 1.0 / np.arange(1, 5)
    v = b.beta[:, None] * np.sum(b.memories * b.query[:, None, :], axis=-1)
    h = 1e-7
    slope = np.sum((sparsemax(v + h * w, np) - sparsemax(v - h * w, np)) * w, axis=-1) / (2 * h)
    assert measure(b, sparse_maps.sparsemax_slope) == pytest.approx(slope, abs=1e-7)
    assert measure(b, sparse_maps.projected_slope) == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize(("order", "n"), [(1.25, 3), (1.5, 3), (1.75, 4), (1.75, 16)])
def test_entmax_constant_is_the_largest_eigenvalue_over_the_simplex(order: float, n: int) -> None:
    def negative(logits: Array) -> float:
        y = softmax(logits, np)
        s = y ** (2 - order)
        return -float(np.linalg.eigvalsh(np.diag(s) - np.outer(s, s) / np.sum(s))[-1])

    rng = np.random.default_rng(0)
    starts = [
        *(2 * rng.standard_normal((6, n))),
        np.r_[3.0, np.zeros(n - 1)],
        np.r_[9.0, 9.0, np.zeros(n - 2)],
    ]
    best = max(-minimize(negative, s, method="BFGS").fun for s in starts)
    b = batch(size=1, count=n, alpha=order, l_small=2.0)
    assert best == pytest.approx(measure(b, sparse_maps.Lip)[0], rel=1e-5)


def test_the_best_equal_split_leaves_l_1_at_n_14_for_alpha_7_4() -> None:
    for n, leaves in ((13, False), (14, True)):
        b = batch(size=1, count=n, alpha=1.75)
        assert (measure(b, sparse_maps.Lip)[0] > 2**-0.25 * (1 + 1e-9)) == leaves


def test_normmax_scores_and_balls() -> None:
    y = np.array([[0.6, 0.3, 0.1]])
    for gamma in (1.5, 2.0, 4.0):
        v = sparse_maps.norm_scores(y, np.array([gamma]))
        assert normmax(v, gamma, np) == pytest.approx(y, abs=1e-9)
    exact = exact_instance({"pull": Fraction(1, 2), "hull": [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]})
    v = exact_array([[Fraction(1), Fraction(3, 4), Fraction(-2)]])
    found = sparse_maps.two_normmax(exact, v)[0]
    assert [float(p) for p in found] == pytest.approx(normmax(v.astype(float), 2.0, np)[0], abs=1e-12)


def test_a_sparsemax_of_half_the_scores_is_refuted() -> None:
    def flat(v: Array, xp: Any) -> Array:
        return sparsemax(v / 2, xp)

    wrong = dataclasses.replace(SPARSE, weights=flat)
    assert "Jacobian" in refuted(check(sparse_maps.SPARSEMAX, ("Jacobian",), sparse=wrong))


# -- the concave-convex procedure ------------------------------------------------------------------


def test_roots_of_the_steps() -> None:
    w = np.array([-8.0, 0.0, 1e-9, 27.0])
    assert cccp2003.cube_root(w) == pytest.approx(np.cbrt(w))
    exact = cccp2003.cube_root(exact_array([-8, 0, 27]))
    assert [float(v) for v in exact] == [-2.0, 0.0, 3.0]
    y = cccp2003.depressed_cubic(w, np.full(4, 1.5))
    assert y**3 + 1.5 * y == pytest.approx(w)
    balls = cccp2003.depressed_cubic(exact_array([-8, 0, 27]), exact_array([Fraction(3, 2)] * 3))
    assert [float(v) for v in balls] == pytest.approx([y[0], 0.0, y[3]])


def test_fall_of_the_log_sum_exp_energy() -> None:
    b = batch(seed=5, size=3)
    rows = softmax(b.memories, np)
    for i in range(3):
        x = b.query[i]
        after = np.log(rows[i].T @ softmax(rows[i] @ x, np))

        def value(s: Array, i: int = i) -> Any:
            return mpmath.log(mpmath.fsum(map(mpmath.exp, s))) - mpmath.log(
                mpmath.fsum(map(mpmath.exp, rows[i] @ s))
            )

        assert measure(b, cccp2003.lse_drop)[i] == pytest.approx(float(value(x) - value(after)), abs=1e-14)


def test_updates_that_are_no_gradients_of_the_energy_are_refuted() -> None:
    warm = dataclasses.replace(DENSE, weights=lambda v, xp: softmax(-v, xp))
    assert refuted(check(cccp2003.QUADRATIC, ("dense",), dense=warm)) == {"dense"}
    parts = ("u quadratic, v dense", "u quartic, v dense")
    assert refuted(check(cccp2003.DESCENT, parts, dense=warm)) == set(parts)
    assert "u quadratic, v dense" in refuted(check(cccp2003.STRONGLY, ("u quadratic, v dense",), dense=warm))


def test_literal_readings_of_the_procedure_fail() -> None:
    literal = tuple(p.name for p in cccp2003.DESCENT.parts if p.name.startswith("literal"))
    assert len(literal) == 2
    assert refuted(check(cccp2003.DESCENT, literal)) == set(literal)


# -- top-K -----------------------------------------------------------------------------------------


def test_selections_at_a_tie() -> None:
    memories = exact_array([[[1, 1], [1, -1], [1, -3]]])
    found = zangwill1969.selections(memories, exact_array([[1, 0]]), exact_array([1]), 2)
    assert [[float(v) for v in t[0]] for t in found] == [[1.0, 0.0], [1.0, -1.0], [1.0, -2.0]]
    sure = zangwill1969.selections(memories, exact_array([[1, Fraction(1, 2)]]), exact_array([1]), 2)
    assert len(sure) == 1
    assert float(sure[0][0][1]) == pytest.approx(np.tanh(0.5))


def test_without_closedness_limit_points_are_no_solutions() -> None:
    found = refuted(check(zangwill1969.ZANGWILL))
    assert found == {p.name for p in zangwill1969.ZANGWILL.parts if not p.headline}


def test_a_continuous_map_does_not_jump_at_the_midpoint() -> None:
    point = {"K_kept": 1, "M_all": 2, "beta": 1, "eps_tie": Fraction(1, 1000)}
    jump = measure(exact_instance(point), zangwill1969.midpoint_jump_squared)[0]
    assert float(jump) == pytest.approx(2, rel=1e-14)
    smooth = dataclasses.replace(topk(1), weights=softmax)
    found = exact_instance(point, models={**MODELS, "topk:k=1": smooth})
    assert float(measure(found, zangwill1969.midpoint_jump_squared)[0]) == pytest.approx(5e-7, rel=1e-3)


# -- exact solutions, conjugates, energies ---------------------------------------------------------


def test_a_pair_at_another_temperature_is_refuted() -> None:
    warm = dataclasses.replace(DENSE, weights=lambda v, xp: softmax(v * 9 / 10, xp))
    assert "dense" in refuted(check(convergence.PAIR, ("dense",), dense=warm))


def test_orthonormal_weights_and_errors_are_those_of_the_whole_update() -> None:
    b = exact_instance({"M": 5, "beta": Fraction(3, 2)})
    memories = np.eye(5)
    found = DENSE.update(memories, memories[0], np.float64(1.5))
    assert float(measure(b, convergence.orthonormal_weight)[0]) == pytest.approx(found[0], rel=1e-14)
    error = float(np.linalg.norm(found - memories[0]))
    assert float(measure(b, convergence.unit_error)[0]) == pytest.approx(error, rel=1e-14)


@pytest.mark.parametrize("name", convergence.NAMES)
def test_conjugates_agree_with_direct_maximisation(name: str) -> None:
    b = batch(seed=2, size=4, alpha=1.7, gamma_order=2.5)
    theta = convergence.scores(b)
    for i in range(b.size):
        one = b.take(np.array([i]))

        def negative(y: Array, one: Instances = one, i: int = i) -> float:
            point = np.maximum(y, 0.0)[None, :]
            return -float(np.sum(point * theta[i]) - convergence.regulariser(one, name, point)[0])

        best = minimize(
            negative,
            np.full(4, 0.25),
            bounds=[(0, 1)] * 4,
            constraints={"type": "eq", "fun": lambda y: np.sum(y) - 1},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        assert convergence.conjugate(one, name)[0] == pytest.approx(-best.fun, abs=2e-6)
        gap = convergence.conjugate_gap(one, name)[0]
        assert gap == pytest.approx(convergence.conjugate(one, name)[0] - np.max(theta[i]), abs=1e-10)


def test_norm_weights_agree_with_normmax() -> None:
    b = batch(seed=4, alpha=1.5, gamma_order=3.0)
    assert convergence.maximiser(b, "norm") == pytest.approx(
        normmax(convergence.scores(b), 3.0, np), abs=1e-7
    )


def test_exact_gap_of_the_norm_energy() -> None:
    point = {
        "memories": [[Fraction(1), Fraction(0)], [Fraction(1, 2), Fraction(1)]],
        "query": [Fraction(1, 3), Fraction(1, 4)],
        "beta": Fraction(3, 2),
        "target": 0,
    }
    floats = Instances(
        1,
        memories=np.array([point["memories"]], dtype=float),
        query=np.array([point["query"]], dtype=float),
        beta=np.array([1.5]),
        target=np.array([0]),
    )
    for symbol, _ in convergence.GAPS.values():
        exact = float(measure(exact_instance(point), symbol)[0])
        assert exact == pytest.approx(measure(floats, symbol)[0], abs=1e-12)


def test_an_energy_that_is_too_low_is_refuted() -> None:
    energy = SPARSE.energy
    assert energy is not None
    low = dataclasses.replace(SPARSE, energy=lambda xi, x, beta: energy(xi, x, beta) - 1 / beta)
    assert refuted(check(convergence.ENERGY_GAP, ("sparse: lower", "sparse: upper"), sparse=low)) == {
        "sparse: upper"
    }
