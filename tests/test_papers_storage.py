"""Storage and Jacobian statements: their quantities; wrong models and missing conditions are refuted."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import softmax as reference_softmax

from bounds.exact import spectral_norm
from simulations.variants import base
from simulations.variants.dense import DENSE, softmax
from verify.checkers import forall
from verify.context import Context
from verify.evidence import Evidence
from verify.instances import MODELS, Instances, exact_instance
from verify.papers.ramsauer2021 import balls, spheres, storage
from verify.vocabulary import J_norm, measure, measure_log

Array = Any


def batch(seed: int = 0, size: int = 8, count: int = 5, d: int = 3, **scalars: float) -> Instances:
    rng = np.random.default_rng(seed)
    return Instances(
        size,
        memories=rng.standard_normal((size, count, d)),
        query=rng.standard_normal((size, d)),
        beta=rng.uniform(0.2, 5.0, size),
        target=rng.integers(0, count, size),
        scalars={k: np.full(size, v) for k, v in scalars.items()},
    )


def exact_copy(b: Instances, i: int) -> Instances:
    def fractions(a: Array) -> Any:
        return [fractions(v) for v in a] if np.ndim(a) else Fraction(float(a))

    point = {k: fractions(getattr(b, k)[i]) for k in ("memories", "query", "beta")}
    point |= {k: fractions(v[i]) for k, v in b.scalars.items()}
    return exact_instance({**point, "target": int(b.target[i])})


def refuted(statement: Any, **models: Any) -> set[str]:
    evidence: Evidence = forall.check(statement, Context(models={**MODELS, **models}))
    return {p.name for p in evidence.parts if p.witness is not None and p.witness.certified}


def small(statement: Any) -> Any:
    """The same statement on small memory sets, without a search."""
    arena = dataclasses.replace(statement.arena, max_size=12, search=False)
    return dataclasses.replace(statement, arena=arena)


def test_exact_and_float_readings_agree() -> None:
    b = batch(size=2, count=4, d=2, r_share=0.5)
    one = exact_copy(b, 1)
    for symbol in (
        balls.limit_gap,
        balls.m_max_all,
        balls.mean_gap,
        balls.r_stored,
        balls.ball_image,
        balls.ball_slope,
        balls.score_shift,
        balls.near_dist,
        balls.Delta_near,
        balls.p_rest,
        balls.p_spread,
        balls.Xi_norm2,
        balls.second_moment,
        balls.T_slope,
        balls.variance_v,
        balls.map_gap,
    ):
        assert float(measure(one, symbol)[0]) == pytest.approx(measure(b, symbol)[1], rel=1e-9, abs=1e-12), (
            symbol
        )


def test_weights_and_moments_against_plain_formulas() -> None:
    b = batch(seed=1)
    for i in range(b.size):
        xi, mu = b.memories[i], int(b.target[i])
        p = reference_softmax(b.beta[i] * xi @ b.query[i])
        assert measure(b, balls.p_spread)[i] == pytest.approx(np.max(p * (1 - p)))
        assert measure(b, balls.p_rest)[i] == pytest.approx(1 - p.max())
        moment = np.sum(p * np.sum((xi - xi[mu]) ** 2, axis=-1))
        assert measure(b, balls.second_moment)[i] == pytest.approx(moment)
        log_moment = measure_log(b, balls.second_moment)
        assert log_moment is not None
        assert log_moment[i] == pytest.approx(np.log(moment))
        assert measure(b, balls.Xi_norm2)[i] == pytest.approx(np.linalg.svd(xi)[1][0] ** 2)
        gaps = np.delete(np.linalg.norm(xi - xi[mu], axis=-1), mu)
        assert measure(b, balls.near_dist)[i] == pytest.approx(gaps.min())
        centre = xi.mean(axis=0)
        assert measure(b, balls.m_max_all)[i] == pytest.approx(np.linalg.norm(xi - centre, axis=-1).max())
        near = int(np.argsort(np.linalg.norm(xi - xi[mu], axis=-1))[1])
        z = xi @ xi[near]
        assert measure(b, balls.Delta_near)[i] == pytest.approx(z[near] - np.delete(z, near).max())


def test_slope_of_the_map_against_central_differences() -> None:
    b = batch(seed=2)
    v = 1 / np.arange(1, 4)
    h = 1e-6
    ends = [base.update(DENSE, b.memories, b.query + s * h * v, b.beta) @ v for s in (1, -1)]
    assert measure(b, balls.T_slope) == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-7, abs=1e-8)


def test_bounds_over_a_ball_hold_at_sampled_points() -> None:
    b = batch(seed=3, size=40, r_share=0.6)
    b.beta = b.beta * 4
    r, image, slope = (measure(b, s) for s in (balls.r_stored, balls.ball_image, balls.ball_slope))
    rng = np.random.default_rng(4)
    own = b.memories[np.arange(b.size), b.target]
    for _ in range(30):
        u = rng.standard_normal(own.shape)
        x = own + r[:, None] * u / np.linalg.norm(u, axis=-1, keepdims=True)
        moved = base.update(DENSE, b.memories, x, b.beta)
        assert np.all(np.linalg.norm(moved - own, axis=-1) <= image * (1 + 1e-12))
        assert np.all(measure(b.with_query(x), J_norm) <= slope * (1 + 1e-12))


def test_a_single_memory_is_stored_in_a_sphere_of_its_own_size() -> None:
    b = batch(count=1, r_share=0.5)
    length = np.linalg.norm(b.memories[:, 0], axis=-1)
    assert measure(b, balls.r_stored) == pytest.approx(length / 2)
    assert not np.any(measure(b, balls.ball_image))
    assert not np.any(measure(b, balls.ball_slope))


@pytest.mark.parametrize(
    ("points", "radius"),
    [
        ([[0.0, 0.0], [3.0, 4.0]], 2.5),
        ([[1.0, 0.0], [-0.5, 3**0.5 / 2], [-0.5, -(3**0.5) / 2]], 1.0),
        ([[2.0, 1.0], [2.0, 1.0]], 0.0),
        ([[0.0, 0.0], [2.0, 0.0], [1.0, 0.1]], 1.0),
    ],
)
def test_smallest_enclosing_ball(points: list[list[float]], radius: float) -> None:
    b = batch(size=1, count=len(points), d=2)
    b.memories = np.array([points])
    assert measure(b, balls.rho)[0] == pytest.approx(radius, rel=0.01)
    assert measure(b, balls.rho)[0] >= radius * (1 - 1e-12)
    found = measure(exact_copy(b, 0), balls.rho)[0]
    assert found.lower() <= radius <= found.upper() * Fraction(1 + 1e-12)


def test_limits_of_two_memories_are_roots_of_a_scalar_equation() -> None:
    b = Instances(
        2,
        memories=np.array([[[1.0], [-1.0]]] * 2),
        query=np.array([[0.3], [-0.3]]),
        beta=np.array([1.5, 1.5]),
        target=np.zeros(2, dtype=int),
    )
    root = brentq(lambda x: x - np.tanh(1.5 * x), 0.5, 1.0, xtol=1e-15)
    assert measure(b, balls.limit_gap) == pytest.approx([0.0, 2 * root], abs=1e-10)
    assert measure(b, balls.mean_gap) == pytest.approx([root, root])
    assert float(measure(exact_copy(b, 1), balls.limit_gap)[0]) == pytest.approx(2 * root, abs=1e-12)


def test_concentrated_bound_fails_for_a_tolerance_above_one_half() -> None:
    """Two memories 0 and 1 with weights 1/2: J = beta/4, and eps = 49/50 is a tolerance that 1/2 meets."""
    found = refuted(storage.lemma_a2_concentrated)
    assert {"bound", "eps < 1"} <= found
    assert not found & {"eps = 1 - max p", "eps <= 1/2"}
    eps = mpmath.mpf(49) / 50
    assert mpmath.mpf(1) / 4 > 2 * 2 * (eps - eps**2)
    j = base.jacobian(DENSE, np.array([[[0.0], [1.0]]]), np.zeros((1, 1)), np.ones(1))
    assert j[0, 0, 0] == pytest.approx(0.25)


def test_the_spheres_of_the_proofs_may_meet_at_high_temperature() -> None:
    found = refuted(storage.def3)
    assert found == {"the fixed point lies in it", "spheres do not meet"}


def test_without_its_separation_condition_the_lemma_is_refuted() -> None:
    whole = small(spheres.lemma_a5_a7)
    assert len(refuted(dataclasses.replace(whole, hypotheses=whole.hypotheses[1:2]))) == 3


def test_without_its_separation_condition_ball_storage_is_refuted() -> None:
    whole = small(spheres.ball_storage)
    bare = dataclasses.replace(whole, hypotheses=(whole.hypotheses[0], whole.hypotheses[2]))
    assert {whole.parts[0].name, whole.parts[1].name, whole.parts[2].name} <= refuted(bare)


def test_high_temperature_condition_is_needed_for_one_limit() -> None:
    assert refuted(storage.lemma_a3) == {"one limit without the condition"}


def test_threshold_of_the_sphere_lemma_by_an_independent_scan() -> None:
    """Antipodal memories +-1: where (A2) holds, T maps the end points inwards and contracts."""
    for beta in np.geomspace(1e-4, 50, 4000):
        if 2 * beta < 1 + np.log(4 * beta):
            continue
        r = 1 / (2 * beta)
        for x in (1 - r, 1 + r):
            t = np.tanh(beta * x)
            assert abs(t - 1) <= r
            assert beta * (1 - t * t) < 1


def test_a_hotter_model_breaks_the_margin_bounds() -> None:
    hot = dataclasses.replace(
        DENSE,
        weights=lambda v, xp: softmax(v / 2, xp),
        log_weights=lambda v, xp: DENSE.log_weights(v / 2, xp),
    )
    assert "error" in refuted(small(storage.one_update_margin), dense=hot)
    assert "best memory" in refuted(small(storage.lemma_a4), dense=hot)
    assert "Jacobian" in refuted(small(storage.lemma_a2), dense=hot)
    assert "T maps the ball into its interior" in refuted(small(spheres.ball_storage), dense=hot)


def test_exact_norm_of_the_memories() -> None:
    b = batch(seed=7, size=1, count=3, d=2)
    gram = b.memories[0].T @ b.memories[0]
    assert measure(b, balls.Xi_norm2)[0] == pytest.approx(float(spectral_norm(gram)))


def test_every_statement_has_a_control_and_the_paper_as_its_place() -> None:
    assert all(s.controls and s.source.paper == "ramsauer2021" for s in storage.STATEMENTS)
    assert len({s.id for s in storage.STATEMENTS}) == len(storage.STATEMENTS)
