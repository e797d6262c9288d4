"""Energies of universal and two-layer networks, random features, loads: oracles, and planted errors."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.special import softmax
from scipy.stats import norm as gauss

from bounds.exact import Real
from simulations import events_energies
from simulations.streams import stream
from simulations.variants import random_features, two_layer
from simulations.variants.random_features import frequencies
from verify.checkers import forall, probability, scaling_law
from verify.context import Context
from verify.decide import decide
from verify.drawing import cells
from verify.instances import Instances, exact_instance, point_of
from verify.papers import arxiv2604_07401, drdam2024, krotov2021
from verify.papers.lucibello2024 import basins, loads, measures, thresholds
from verify.papers.uhn2022 import energies, factorisation, retrieval
from verify.statement import Part
from verify.vocabulary import VOCABULARY, measure

Array = Any
REFUTE = math.log(1e5)


def batches(statement: Any, seed: int = 3) -> list[Instances]:
    return list(cells(statement.arena, "quick", seed, "oracle"))


def part(statement: Any, name: str) -> Part:
    return next(p for p in statement.parts if p.name == name)


def symbol(name: str) -> Any:
    return next(s for s in VOCABULARY if str(s) == name)


def refuted(statement: Any) -> set[str]:
    found = forall.check(statement, Context())
    return {p.name for p in found.parts if p.witness is not None and p.witness.certified}


# -- two-layer networks ------------------------------------------------------------

NETWORKS = {
    **krotov2021.NETWORKS,
    **{f"uhn_{k}": v for k, v in energies.NETWORKS.items()},
}


@pytest.mark.parametrize("name", list(NETWORKS))
def test_energy_rate_in_floats_in_duals_and_as_a_difference(name: str) -> None:
    """Three derivatives: chain rule, dual numbers, and a difference quotient of the energy itself."""
    model, rate, loss = NETWORKS[name], symbol(f"E_rate_{name}"), symbol(f"loss_{name}")
    statement: Any = krotov2021.LYAPUNOV if name in krotov2021.NETWORKS else energies.ENERGY_ODE
    b = batches(statement)[2]
    smooth = np.flatnonzero(measure(b, symbol(f"kink_{name}")) > 0.05)[:4]
    b = b.take(smooth)
    found, lost = measure(b, rate), measure(b, loss)
    assert found == pytest.approx(-lost, rel=1e-9, abs=1e-12)
    assert np.all(found <= 1e-12)
    h = krotov2021.hidden_state(b, model)
    dv, dh = krotov2021.velocity(b, model)
    current, t = krotov2021.driving(b), 1e-6

    def height(t: float) -> Array:
        return two_layer.energy(model, b.memories, b.query + t * dv, h + t * dh, b.beta, current)

    size = 1 + np.abs(height(0.0)) + np.abs(found)
    assert np.max(np.abs((height(t) - height(-t)) / (2 * t) - found) / size) < 1e-4
    exact = measure(exact_instance(point_of(b, 0)), rate)[0]
    assert float(exact) == pytest.approx(float(found[0]), rel=1e-9, abs=1e-12)


def test_energy_falls_along_integrated_trajectories() -> None:
    rng = np.random.default_rng(0)
    for model in (*krotov2021.NETWORKS.values(), two_layer.TwoLayer("lse", "quadratic", "cosine")):
        xi = rng.standard_normal((6, 3, 4))
        steps = 40 if model.similarity == "cosine" else 400
        path = two_layer.integrate(
            model,
            xi,
            rng.standard_normal((6, 4)),
            rng.standard_normal((6, 3)),
            np.full(6, 1.5),
            0.01,
            steps,
        )
        assert np.max(np.diff(path.energy, axis=0)) < 1e-9


def test_a_wrong_field_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visible neurons forget to decay: the energy no longer falls, and not at the stated rate."""
    right = krotov2021.rates

    def wrong(model: Any, xi: Array, v: Array, h: Array, *more: Any) -> tuple[Array, Array]:
        dv, dh = right(model, xi, v, h, *more)
        return dv + 2 * v, dh

    monkeypatch.setattr(krotov2021, "rates", wrong)
    names = ("B_softmax: no rise", "B_softmax: rate")
    parts = tuple(part(krotov2021.LYAPUNOV, n) for n in names)
    assert refuted(dataclasses.replace(krotov2021.LYAPUNOV, parts=parts, controls=())) == set(names)


def test_the_bent_activity_has_no_rest_and_its_trajectory_runs_away() -> None:
    """v = h = f(h) has no solution; on the slow manifold v' = a/(1 + v^2), so v^3/3 + v grows like a t."""
    v, h, a, dt = 0.0, 0.0, 1.0, 0.05
    speed = []
    for _ in range(40_000):
        dv, dh = float(krotov2021.bent(a, h)) - v, v - h
        v, h = v + dt * dv, h + dt * dh
        speed.append(v)
    assert speed[-1] > 1.5 * speed[4_000] > 9
    x = np.linspace(-6, 6, 2001)
    assert np.all(np.diff(krotov2021.bent(1.0, x)) > 0)
    low = -math.pi / 2 - 0.5
    for v in (-3.0, 0.0, 5.0, 400.0):
        f = krotov2021.bent(1.0, x)
        e = v * v / 2 + x * f - (x * x / 2 + np.arctan(x)) - f * v
        assert np.min(e) >= low
    assert np.min(krotov2021.bent(1.0, x) - x) > 0


def test_adiabatic_step_is_the_dense_update_plus_the_input() -> None:
    b = batches(krotov2021.ADIABATIC)[4]
    p = softmax(b.beta[:, None] * np.einsum("bmd,bd->bm", b.memories, b.query), axis=-1)
    weights = 1.0 / np.arange(1, b.memories.shape[-1] + 1)
    mapped = np.einsum("bm,bmd,d->b", p, b.memories, weights)
    current = b.scalars["drive"] * np.sum(weights**2)
    assert measure(b, krotov2021.euler_along_v) == pytest.approx(mapped + current, rel=1e-9, abs=1e-12)


# -- universal networks ------------------------------------------------------------


def test_instances_of_the_factorisation_by_loops() -> None:
    b = batches(factorisation.FACTORISATION)[3]
    for i in range(0, b.size, 17):
        xi, x, beta = b.memories[i], b.query[i], b.beta[i]
        v = 1.0 / np.arange(1, len(x) + 1)
        hebb = sum(np.outer(row, row) for row in xi)
        near = [row for row in xi if np.sum(np.sign(row) != np.sign(x)) <= len(x) // 2]
        cube = sum(row * (beta * row @ x) ** 3 for row in xi)
        want = {
            factorisation.uhn_classical: beta * (hebb @ x) @ v,
            factorisation.uhn_distributed: sum(near, np.zeros_like(x)) @ v,
            factorisation.uhn_power: cube @ v,
            factorisation.uhn_softmax: softmax(beta * xi @ x) @ xi @ v,
        }
        for quantity, value in want.items():
            assert measure(b, quantity)[i] == pytest.approx(value, rel=1e-9, abs=1e-12), quantity


def test_manhattan_energy_rises_at_a_memory_on_a_line() -> None:
    """Two memories 0 and 1, x = 0, beta = 1: E(T(0)) > E(0), by hand."""

    def height(x: float) -> float:
        return -math.log((math.exp(-abs(x)) + math.exp(-abs(1 - x))) / 2)

    moved = math.exp(-1) / (1 + math.exp(-1))
    assert height(moved) > height(0.0) + 0.05
    assert refuted(energies.ENERGY_MAP) == {"manhattan"}


def test_max_separation_parts() -> None:
    assert refuted(retrieval.MAX_SEPARATION) == {
        "Manhattan distance, R in the Euclidean metric",
        "inner product, any norms",
    }


def test_equal_norms_are_needed_for_equal_weights() -> None:
    unequal = dataclasses.replace(
        retrieval.DOT_EUCLIDEAN,
        arena=dataclasses.replace(
            retrieval.DOT_EUCLIDEAN.arena, norms="free", families=("unequal",), max_size=20
        ),
        hypotheses=(),
        controls=(),
        symbolic=None,
    )
    assert refuted(unequal) == {"weights", "weights of the two models"}


def test_retrieval_differences_against_exact_success() -> None:
    """One memory is always retrieved by max; the identity with one memory is normalised to it as well."""
    rules = events_energies.RULES
    same = {"d": 6, "M": 1, "spread": 1, "masked": 0, "noise": 0.3}
    first, second = rules.index("dot max"), rules.index("euclidean softmax")
    found = events_energies.retrieval_difference(stream(0, "r"), 50, **same, better=first, worse=second)
    assert np.all(found == 1.0)
    # Two memories, d = 1: nearest-neighbour decoding of +-1 from noise s fails with probability P(g > 1/s)/2.
    draws = events_energies.retrieval_difference(
        stream(0, "s"),
        20_000,
        d=1,
        M=2,
        spread=0,
        masked=0,
        noise=1.0,
        better=rules.index("euclidean max"),
        worse=rules.index("dot power"),
    )
    # An even power of +-x weighs both signs alike and returns 0 where the two memories differ.
    assert np.mean(draws) - 1 == pytest.approx((1 - gauss.sf(1.0)) / 2, abs=0.02)


def test_capacity_comparison_fails_by_a_rule_and_not_by_all() -> None:
    points = retrieval.CAPACITY.points
    better = {events_energies.RULES.index("euclidean max")}
    plain = tuple(p for p in points if p["better"] in better and not p["masked"])
    found = probability.check(dataclasses.replace(retrieval.CAPACITY, points=plain), Context())
    assert decide(found, REFUTE).verdict == "supported"
    masked = tuple(
        p for p in points if p["masked"] and events_energies.RULES[p["better"]] == "euclidean softmax"
    )
    found = probability.check(dataclasses.replace(retrieval.CAPACITY, points=masked), Context())
    assert decide(found, REFUTE).verdict == "refuted"


# -- random features ------------------------------------------------------------


def test_kernel_error_bound_is_above_the_error_and_near_it() -> None:
    for features, number, beta in ((16, 0, 1.0), (64, 2, 5.0)):
        w = frequencies(features, 1, number)[:, 0]
        u = np.linspace(-1, 1, 20_001)
        error = np.abs(np.cos(math.sqrt(beta) * u[:, None] * w).mean(1) - np.exp(-beta * u * u / 2)).max()
        point = {"beta": beta, "Y": features, "seed": number, "x_start": 1, "K": 1, "L": 1, "a_L_C_2": "1/2"}
        bound = float(measure(exact_instance(as_point(point)), drdam2024.kernel_error)[0])
        assert error <= bound <= error + 0.01 * math.sqrt(beta)


def as_point(values: dict[str, Any]) -> dict[str, Any]:
    return {k: Real(v).fraction for k, v in values.items()}


def test_trajectories_by_the_models_own_descent() -> None:
    values = {"beta": 5, "Y": 64, "seed": 2, "x_start": "3/4", "K": 3, "L": 4, "a_L_C_2": "1/2"}
    gap = float(measure(exact_instance(as_point(values)), drdam2024.trajectory_gap)[0])
    xi, beta = np.array([[0.0], [0.125], [0.25]]), 5.0
    size = 0.5 / (4 * (1 + 6 * beta * math.exp(beta / 2)))
    y = random_features.descend(xi, np.array([0.75]), beta, 4, size, 64, 2)
    x = 0.75
    for _ in range(4):
        k = np.exp(-beta * (x - xi[:, 0]) ** 2 / 2)
        x = x - size * np.sum(k * (x - xi[:, 0])) / np.sum(k)
    assert gap == pytest.approx(abs(x - float(y[0])), rel=1e-6)


def test_energy_error_quantities() -> None:
    b = batches(drdam2024.ENERGY_ERROR)[3]
    w = frequencies(drdam2024.FEATURES, b.memories.shape[-1], 0)
    away = b.query[:, None] - b.memories
    estimates = np.cos(np.sqrt(b.beta)[:, None, None] * away @ w.T).mean(-1)
    exact = np.exp(-b.beta[:, None] * (away**2).sum(-1) / 2)
    assert measure(b, drdam2024.S_features) == pytest.approx(estimates.sum(1), abs=1e-9)
    assert measure(b, drdam2024.delta_kernel) == pytest.approx(np.abs(estimates - exact).max(1), abs=1e-9)


def test_half_the_features_error_is_refuted() -> None:
    half = dataclasses.replace(
        drdam2024.ENERGY_ERROR,
        parts=(
            dataclasses.replace(
                drdam2024.ENERGY_ERROR.parts[0],
                relation=sp.Le(
                    sp.Abs(drdam2024.S_features - drdam2024.S_x), drdam2024.M * drdam2024.delta_kernel / 2
                ),
            ),
        ),
        controls=(),
    )
    assert refuted(half) == {"sum"}


@pytest.mark.parametrize("ratio", [0.1, 1.0, 4.0])
def test_variance_of_the_implemented_features(ratio: float) -> None:
    memory, query, values = np.array([[0.0, 0.0]]), np.array([math.sqrt(ratio), 0.0]), []
    for seed in range(1500):
        stored = random_features.remember(memory, 1.0, 8, seed)
        values.append(float(random_features.kernel_sum(stored, query, 1.0, seed)[0]))
    assert np.var(values) == pytest.approx((1 - math.exp(-ratio)) ** 2 / 16, rel=0.2)
    assert float(drdam2024.cos_variance(Real(ratio).fraction)) == pytest.approx(
        (1 - math.exp(-ratio)) ** 2 / 2, rel=1e-12
    )


# -- critical loads ------------------------------------------------------------


def test_a_wrong_closed_form_is_refuted() -> None:
    wrong = measures.load_parts("spoilt", "spherical", measures.SPHERICAL * sp.Rational(3, 2))
    found = refuted(dataclasses.replace(loads.LM_SPHERICAL, parts=wrong[:3], controls=()))
    assert {"spoilt: closed form", "spoilt: retrieved below"} <= found


def test_loads_in_both_regimes_of_the_basin() -> None:
    for temperature, load in basins.BASINS:
        x, a = float(sp.Rational(temperature)), float(sp.Rational(load))
        q = np.linspace(0, 1 - 1e-9, 1_000_001)
        rate = -np.log1p(-q * q) / 2
        phi = np.max((a - rate + x * q)[rate <= a])
        point = as_point({"lambda_": temperature, "alpha": load})
        gaps = [
            float(measure(exact_instance(point), symbol(f"phi_gap_{name}"))[0])
            for name in ("spread", "condensed")
        ]
        assert min(gaps) < 1e-25
        closed = float(
            basins.critical_loads.free_entropy("spherical", Real(load), Real(temperature).fraction)
        )
        assert closed == pytest.approx(phi, abs=1e-5)


def test_a_gap_is_seen_for_gaussian_patterns_and_none_on_the_sphere() -> None:
    """Either law is refuted with the ensembles exchanged."""

    def with_ensemble(statement: Any, number: int, **more: Any) -> Any:
        arguments = {**statement.arguments, "ensemble": sp.Integer(number)}
        return dataclasses.replace(statement, arguments=arguments, controls=(), **more)

    mixed = with_ensemble(thresholds.ALL_SPHERICAL, 1)
    assert decide(scaling_law.check(mixed, Context()), REFUTE).verdict != "supported"
    exchanged = with_ensemble(
        thresholds.ALL_GAUSSIAN,
        0,
        nominal=sp.exp(3 * thresholds.size / 8),
        sizes=(8, 11, 14),
        factors=("1/2", "1", "2"),
    )
    assert decide(scaling_law.check(exchanged, Context()), REFUTE).verdict != "supported"


def test_sharp_kernels_on_the_sphere_retrieve_beyond_one_half() -> None:
    statement = arxiv2604_07401.ALPHA_MAX
    gaussian = tuple(p for p in statement.points if p["ensemble"] == arxiv2604_07401.GAUSSIAN)
    rest = tuple(p for p in statement.points if p["ensemble"] == arxiv2604_07401.SPHERICAL)
    for points, verdict in ((gaussian, "supported"), (rest, "refuted")):
        found = probability.check(dataclasses.replace(statement, points=points), Context())
        assert decide(found, REFUTE).verdict == verdict
