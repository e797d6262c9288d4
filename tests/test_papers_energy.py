"""Energy, update and convergence statements: their quantities, and that wrong models are refuted."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from bounds.exact import Real, precision
from simulations.variants import base
from simulations.variants.dense import DENSE, softmax
from verify import orbits
from verify.arena import Patterns
from verify.checkers import forall
from verify.context import Context
from verify.evidence import Evidence
from verify.instances import MODELS, Instances, exact_instance
from verify.papers.ramsauer2021 import energy
from verify.statement import Inequality
from verify.vocabulary import measure, norm

Array = Any


def batch(seed: int = 0, size: int = 6, count: int = 5, d: int = 3, scale: float = 1.0) -> Instances:
    rng = np.random.default_rng(seed)
    return Instances(
        size,
        memories=rng.standard_normal((size, count, d)),
        query=scale * rng.standard_normal((size, d)),
        beta=rng.uniform(0.2, 5.0, size),
        target=rng.integers(0, count, size),
    )


def check(statement: Any, **models: Any) -> Evidence:
    return forall.check(statement, Context(models={**MODELS, **models}))


def refuted(evidence: Evidence) -> set[str]:
    return {p.name for p in evidence.parts if p.witness is not None and p.witness.certified}


def mp_energy(memories: Array, x: list[Any], beta: float) -> Any:
    scores = [beta * mpmath.fsum(mpmath.mpf(a) * c for a, c in zip(row, x, strict=True)) for row in memories]
    largest = max(mpmath.fsum(mpmath.mpf(a) ** 2 for a in row) for row in memories)
    lse = mpmath.log(mpmath.fsum(map(mpmath.exp, scores)))
    squares = mpmath.fsum(c * c for c in x)
    return -lse / beta + squares / 2 + mpmath.log(len(memories)) / beta + largest / 2


def test_energy_slope_agrees_with_numerical_differentiation() -> None:
    b = batch()
    slope = measure(b, energy.E_slope)
    with mpmath.workdps(40):
        for i in range(b.size):

            def along(t: Any, i: int = i) -> Any:
                x = [mpmath.mpf(v) + t / (k + 1) for k, v in enumerate(b.query[i])]
                return mp_energy(b.memories[i], x, float(b.beta[i]))

            assert slope[i] == pytest.approx(float(mpmath.diff(along, 0)), rel=1e-12, abs=1e-12)


def test_exact_and_float_readings_agree() -> None:
    point = {
        "memories": [
            [Fraction(1), Fraction(1, 2)],
            [Fraction(-1, 3), Fraction(2)],
            [Fraction(0), Fraction(-1)],
        ],
        "query": [Fraction(1, 5), Fraction(3, 7)],
        "beta": Fraction(3, 2),
        "target": 1,
    }
    exact = exact_instance(point)
    floats = Instances(
        1,
        memories=np.array([point["memories"]], dtype=float),
        query=np.array([point["query"]], dtype=float),
        beta=np.array([1.5]),
        target=np.array([1]),
    )
    for symbol in (
        energy.E_slope,
        energy.T_along_v,
        energy.x_along_v,
        energy.softmax_along_v,
        energy.shift_along_v,
        energy.log_kernel_mean,
        energy.weight_sum,
        energy.weight_min,
        orbits.late_step,
        orbits.late_diameter,
        orbits.late_energy_drop,
        orbits.path_squares,
    ):
        assert float(measure(exact, symbol)[0]) == pytest.approx(measure(floats, symbol)[0], abs=1e-11), (
            symbol
        )


def test_kernel_mean_survives_small_temperatures_and_far_states() -> None:
    b = batch(size=3, scale=30.0)
    b.beta = np.array([1e-7, 1.0, 200.0])
    found = measure(b, energy.log_kernel_mean)
    with mpmath.workdps(60):
        for i in range(3):
            terms = [
                mpmath.exp(
                    -b.beta[i] * mpmath.fsum((mpmath.mpf(a) - c) ** 2 for a, c in zip(r, q, strict=True)) / 2
                )
                for r, q in ((row, b.query[i]) for row in b.memories[i])
            ]
            assert found[i] == pytest.approx(float(mpmath.log(mpmath.fsum(terms) / len(terms))), rel=1e-13)


def test_path_squares_of_a_single_memory_is_one_step() -> None:
    b = Instances(
        1,
        memories=np.array([[[3.0, 0.0]]]),
        query=np.array([[0.0, 4.0]]),
        beta=np.ones(1),
        target=np.zeros(1, dtype=int),
    )
    assert measure(b, orbits.path_squares)[0] == 25.0
    assert measure(b, orbits.late_diameter)[0] == 0.0


def antipodal(x: float, beta: float) -> Instances:
    return Instances(
        1,
        memories=np.array([[[1.0], [-1.0]]]),
        query=np.array([[x]]),
        beta=np.array([beta]),
        target=np.zeros(1, dtype=int),
    )


def test_a_start_next_to_a_saddle_is_followed_until_it_has_left() -> None:
    """T(x) = tanh(4 x): from 1e-13 a residual below any tolerance is no rest."""
    state = orbits.late_state(antipodal(1e-13, 4.0))
    assert state[0, 0] == pytest.approx(np.tanh(4 * state[0, 0]))
    assert state[0, 0] > 0.99
    assert orbits.late_state(antipodal(0.0, 4.0))[0, 0] == 0.0


def test_boxes_hold_the_orbit_and_come_to_rest() -> None:
    point = {
        "memories": [[Fraction(1)], [Fraction(-1)]],
        "query": [Fraction(1, 10)],
        "beta": Fraction(2),
        "target": 0,
    }
    with precision(256):
        states = list(orbits.orbit(exact_instance(point), exact_instance(point).query, 300))
    assert len(states) == 301
    x = mpmath.mpf(1) / 10
    with mpmath.workdps(60):
        for state in states[:40]:
            assert abs(float(state[0, 0]) - float(x)) < 1e-15
            x = mpmath.tanh(2 * x)
    assert states[-1] is states[-2]
    assert float(states[-1][0, 0]) == pytest.approx(0.9575040240772687)


def test_length_of_a_vanishing_box_is_enclosed_from_zero() -> None:
    tiny = Real.between(Fraction(-1, 10**9), Fraction(1, 10**9))
    found = norm(np.array([[tiny, Real(0)]], dtype=object))[0]
    assert found.lower() <= 0
    assert found.upper() >= Fraction(1, 10**9)
    assert norm(np.array([[Real(3), Real(4)]], dtype=object))[0] == 5


def test_update_of_a_wrong_temperature_is_refuted() -> None:
    wrong = dataclasses.replace(DENSE, weights=lambda v, xp: softmax(2 * v, xp))
    assert {"gradient", "update"} <= refuted(check(energy.eq3_update, dense=wrong))
    assert "mean-shift step" in refuted(check(energy.mean_shift_identity, dense=wrong))


def test_weights_that_do_not_sum_to_one_are_refuted() -> None:
    wrong = dataclasses.replace(
        DENSE,
        weights=lambda v, xp: 1.01 * softmax(v, xp) if v.dtype != object else softmax(v, xp) * 101 / 100,
    )
    assert "weights sum to one" in refuted(check(energy.eq3_update, dense=wrong))


def test_wrong_energies_are_refuted() -> None:
    def shifted(memories: Array, query: Array, beta: Array) -> Array:
        return DENSE.energy(memories, query, beta) - beta / beta if DENSE.energy else None

    def parabola(memories: Array, query: Array, beta: Array) -> Array:
        return np.sum(query * query, axis=-1) / 2

    low = dataclasses.replace(DENSE, energy=shifted)
    assert "lower bound" in refuted(check(energy.lemma_a1, dense=low))
    assert "lower bound" in refuted(check(energy.energy_two_sided, dense=low))
    assert "gradient" in refuted(check(energy.eq3_update, dense=dataclasses.replace(DENSE, energy=parabola)))


def test_an_iteration_that_jumps_between_two_states_is_refuted() -> None:
    """With the sign of the scores turned round, +-a exchange places for ever."""
    wrong = dataclasses.replace(DENSE, weights=lambda v, xp: softmax(-v, xp))

    def small(statement: Any) -> Any:
        return dataclasses.replace(statement, arena=Patterns(max_size=12, search=False))

    assert "steps become short" in refuted(check(small(energy.thm2), dense=wrong))
    assert "the energy does not rise" in refuted(check(small(energy.thm1), dense=wrong))
    assert "decrease" in refuted(check(small(energy.dense_sequence_convergence), dense=wrong))


def test_mean_shift_needs_equal_norms() -> None:
    free = dataclasses.replace(energy.mean_shift_identity, arena=Patterns(max_size=12), hypotheses=())
    assert {"energy", "mean-shift step"} == refuted(check(free))


def test_energy_bound_fails_outside_the_hull_in_closed_form() -> None:
    """One memory: E(x) = |x - xi|^2/2, which exceeds 2 m^2 as soon as x is farther than 2 m away."""
    evidence = check(energy.eq2_energy_bounds)
    assert refuted(evidence) == {"upper bound"}
    witness = next(p.witness for p in evidence.parts if p.witness is not None)
    memories = [[float(v) for v in row] for row in witness.point["memories"]]
    x = [mpmath.mpf(float(v)) for v in witness.point["query"]]
    largest = max(sum(v * v for v in row) for row in memories)
    assert mp_energy(memories, x, float(witness.point["beta"])) > 2 * largest


def test_energy_never_rises_by_an_independent_computation() -> None:
    b = batch(seed=3, size=400, scale=4.0)
    after = base.update(DENSE, b.memories, b.query, b.beta)
    for i in range(0, 400, 40):
        drop = mp_energy(b.memories[i], list(map(mpmath.mpf, b.query[i])), float(b.beta[i])) - mp_energy(
            b.memories[i], list(map(mpmath.mpf, after[i])), float(b.beta[i])
        )
        assert drop >= 0.5 * np.sum((after[i] - b.query[i]) ** 2) - 1e-12


def test_ids_and_papers() -> None:
    assert all(s.source.paper == "ramsauer2021" for s in energy.STATEMENTS)
    assert all(isinstance(s, Inequality) or s.kind == "identity" for s in energy.STATEMENTS)
    assert all(s.controls for s in energy.STATEMENTS)
