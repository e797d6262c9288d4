"""Storage, optimal codes and growth of the kernelised model: oracles, and wrong versions refuted."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.special import iv, lambertw, softmax

from bounds import expr
from bounds.exact import Real
from bounds.packing import best_angle_bounds
from simulations.codes.catalogue import construct
from simulations.events_spherical_storage import crosstalk_too_large, fixed_points_coincide
from simulations.streams import stream
from simulations.variants.entmax import entmax
from verify.checkers import forall
from verify.context import Context
from verify.instances import Instances, exact_instance
from verify.papers.khm2024 import (
    STATEMENTS,
    crosstalk,
    finite_beta,
    growth,
    optimal_codes,
    random_codes,
    random_coding,
    rivals,
    storage,
    symmetric,
    universal,
)
from verify.vocabulary import measure, measure_log

Array = Any
BY_ID = {s.id: s for s in STATEMENTS}


def point(**values: Any) -> Instances:
    return exact_instance({k: Fraction(str(v)) for k, v in values.items()})


def value(symbol: Any, **values: Any) -> float:
    return float(measure(point(**values), symbol)[0])


def unit_batch(
    seed: int, size: int, count: int, d: int, betas: tuple[float, float] = (0.2, 8.0)
) -> Instances:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((size, count, d))
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    return Instances(
        size,
        memories=rows,
        query=rows[:, 0] + 0.1 * rng.standard_normal((size, d)),
        beta=rng.uniform(*betas, size),
        target=np.zeros(size, dtype=int),
    )


def exact_copy(b: Instances, i: int) -> Instances:
    def fractions(a: Array) -> Any:
        return [fractions(v) for v in a] if np.ndim(a) else Fraction(float(a))

    fields = {k: fractions(getattr(b, k)[i]) for k in ("memories", "query", "beta")}
    return exact_instance({**fields, "target": int(b.target[i])})


def refuted(statement: Any) -> set[str]:
    evidence = forall.check(statement, Context())
    return {p.name for p in evidence.parts if p.witness is not None and p.witness.certified}


# -- quantities ----------------------------------------------------------------------------------------------


def test_crosstalk_and_gap_against_a_loop() -> None:
    b = unit_batch(1, 5, 6, 3)
    for i in range(5):
        rows, beta = b.memories[i], b.beta[i]
        gaps = 1 - rows @ rows.T
        each = [sum(math.exp(-beta * gaps[m, k]) for k in range(6) if k != m) for m in range(6)]
        assert measure(b, crosstalk.worst_crosstalk)[i] == pytest.approx(max(each), rel=1e-12)
        assert measure(b, storage.X)[i] == pytest.approx(each[0], rel=1e-12)
        assert measure_log(b, storage.X)[i] == pytest.approx(math.log(each[0]), abs=1e-12)
        np.fill_diagonal(gaps, np.inf)
        assert measure(b, crosstalk.gap)[i] == pytest.approx(gaps.min(), rel=1e-12)
        assert measure(b, storage.Delta)[i] == pytest.approx(gaps[0].min(), rel=1e-12)


def test_exact_and_float_readings_agree() -> None:
    b = unit_batch(2, 2, 3, 2)
    b.scalars = {}
    for symbol in (
        crosstalk.gap,
        crosstalk.worst_crosstalk,
        crosstalk.best_gap,
        storage.X,
        storage.Delta,
        storage.apart,
        finite_beta.own_weight,
        finite_beta.padded_shift,
    ):
        one = measure(exact_copy(b, 1), symbol)[0]
        assert float(one) == pytest.approx(float(measure(b, symbol)[1]), rel=1e-9, abs=1e-12), symbol


def test_apart_is_zero_for_a_contraction_and_the_gap_of_tanh_above() -> None:
    rows = np.array([[[1.0], [-1.0]]] * 2)
    beta = np.array([0.9, 2.0])
    b = Instances(2, memories=rows, query=rows[:, 0], beta=beta, target=np.zeros(2, dtype=int))
    root = brentq(lambda x: math.tanh(2 * x) - x, 0.5, 1)
    assert measure(b, storage.apart) == pytest.approx([0.0, 2 * root], abs=1e-9)


@pytest.mark.parametrize(
    ("n", "size"), [(2, 7), (3, 4), (3, 5), (3, 6), (3, 8), (3, 12), (5, 16), (6, 27), (4, 120)]
)
def test_best_cosines_lie_between_the_packing_bounds(n: int, size: int) -> None:
    found = float(crosstalk.best_cosine(n, size))
    if size < 120:
        bounds = best_angle_bounds(n, size, methods=("rankin", "circle", "levenshtein", "fejes-toth"))
        assert float(bounds.lower) <= found + 1e-12
    name = crosstalk.universal_name(n, size)
    if name:
        assert found == pytest.approx(construct(name).max_cosine, abs=1e-12)


def test_no_closed_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="not known in closed form"):
        crosstalk.best_cosine(3, 7)


@given(st.fractions(Fraction(1, 50), Fraction(9)))
@settings(deadline=None, derandomize=True, max_examples=30)
def test_crosstalk_capacity_is_where_the_simplex_stops(beta: Fraction) -> None:
    most = crosstalk.crosstalk_capacity(beta)

    def simplex(count: int) -> float:
        return float((count - 1) * mpmath.exp(-mpmath.mpf(float(beta)) * count / (count - 1)))

    assert most == 1 or simplex(most) <= 1 + 1e-9
    assert simplex(most + 1) > 1 - 1e-9


# -- optimal codes -------------------------------------------------------------------------------------------


def test_gradient_of_the_soft_crosstalk() -> None:
    x = np.random.default_rng(0).standard_normal((2, 5, 3))
    _, slope = rivals.soft_worst(x, 3.0, 7.0)
    for index in ((0, 1, 2), (1, 4, 0)):
        step = np.zeros_like(x)
        step[index] = 1e-6
        up, down = rivals.soft_worst(x + step, 3.0, 7.0)[0], rivals.soft_worst(x - step, 3.0, 7.0)[0]
        assert (up - down)[index[0]] / 2e-6 == pytest.approx(slope[index], abs=1e-7)


def test_descent_finds_the_best_square_pyramid() -> None:
    beta = 4.0

    def pyramid(h: float) -> float:
        ring = 1 - h * h
        base = math.exp(-beta * (1 + h)) + 2 * math.exp(-beta * ring) + math.exp(-2 * beta * ring)
        return max(4 * math.exp(-beta * (1 + h)), base)

    best = minimize_scalar(pyramid, bounds=(0.0, 0.5), method="bounded").fun
    found = float(rivals.measured(rivals.rival(3, 5, Fraction(4)), 4)[0])
    assert found <= best * (1 + 1e-4)
    assert best < float(optimal_codes.optimal_crosstalk(3, 5, 4))


def test_every_optimal_code_of_five_points_has_the_stated_crosstalk() -> None:
    # Two poles and three points on the equator, 90 degrees apart at least.
    rng = np.random.default_rng(3)
    for _ in range(20):
        cut = np.pi / 2 + rng.dirichlet([1, 1, 1]) * np.pi / 2
        turn = np.concatenate([[0], np.cumsum(cut)[:2]])
        ring = np.stack([np.cos(turn), np.sin(turn), np.zeros(3)], axis=1)
        rows = np.concatenate([ring, [[0, 0, 1], [0, 0, -1]]])
        gram = rows @ rows.T - 2 * np.eye(5)
        assert gram.max() <= 1e-12
        kernel = np.exp(3.0 * (rows @ rows.T - 1)) - np.eye(5)
        assert kernel.sum(axis=1).max() >= float(optimal_codes.optimal_crosstalk(3, 5, 3)) - 1e-12


@pytest.mark.parametrize("beta", [3, 7, 50])
def test_one_ball_covers_all_later_pyramids(beta: int) -> None:
    claimed = value(optimal_codes.pyramid_crosstalk, start=beta)
    for later in (beta, 2 * beta, 10 * beta):
        h = 1 / (2 * later)
        rows = [[0.0, 0.0, 1.0]]
        radius = math.sqrt(1 - h * h)
        rows += [[radius * c, radius * s, -h] for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]
        kernel = np.exp(later * (np.array(rows) @ np.array(rows).T)) - np.exp(later) * np.eye(5)
        if later < 300:
            assert kernel.sum(axis=1).max() <= claimed * (1 + 1e-9)


def test_antiprism_is_the_optimal_code_of_eight_points() -> None:
    high = 1 / (1 + 2 * math.sqrt(2))
    ring, level = math.sqrt(1 - high), math.sqrt(high)
    turn = np.arange(8) * np.pi / 4
    rows = np.stack([ring * np.cos(turn), ring * np.sin(turn), level * (-1.0) ** np.arange(8)], axis=1)
    gram = rows @ rows.T
    kernel = np.exp(2.0 * (gram - 1)) - np.eye(8)
    assert np.max(gram - 2 * np.eye(8)) == pytest.approx(float(crosstalk.best_cosine(3, 8)), abs=1e-12)
    assert kernel.sum(axis=1) == pytest.approx(float(optimal_codes.optimal_crosstalk(3, 8, 2)), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "name"), [(3, "icosahedron"), (5, "half-5-cube"), (2, "polygon-5"), (4, "simplex-4")]
)
def test_interpolant_lies_below_the_potential_and_touches_it(n: int, name: str) -> None:
    nodes = [c for c, _ in construct(name).exact.distribution(0)]
    h = universal.interpolant(
        n, [Real.between(Fraction(str(c.evalf(40))), Fraction(str(c.evalf(40)))) for c in nodes], 3
    )

    def poly(t: float) -> float:
        p = [1.0, t]
        for k in range(1, len(h)):
            p.append(((2 * k + n - 2) * t * p[k] - k * p[k - 1]) / (k + n - 2))
        return sum(float(c) * v for c, v in zip(h, p, strict=False))

    for t in np.linspace(-1, 1, 101):
        assert poly(t) <= math.exp(3 * (t - 1)) + 1e-12
    for c in nodes:
        assert poly(float(c)) == pytest.approx(math.exp(3 * (float(c) - 1)), abs=1e-12)


def test_a_code_that_is_not_optimal_is_beaten() -> None:
    claim = BY_ID["restated.d5.universal"]
    cube = dataclasses.replace(
        claim.arena, points=({"n": 3, "size": 8, "b": 3, "sharp": 0, "sought": 1},) * 2
    )
    assert refuted(dataclasses.replace(claim, arena=cube)) == {"no code found has a smaller worst crosstalk"}


# -- finite beta ---------------------------------------------------------------------------------------------


@given(st.sampled_from([2, 3, 8, 64]), st.floats(0.01, 30))
@settings(deadline=None, derandomize=True, max_examples=25)
def test_mean_kernel_against_mpmath(dimension: int, heat: float) -> None:
    exact = mpmath.exp(-heat) * mpmath.hyp0f1(mpmath.mpf(dimension) / 2, mpmath.mpf(heat) ** 2 / 4)
    assert float(random_coding.mean_kernel(dimension, Fraction(heat))) == pytest.approx(
        float(exact), rel=1e-12
    )
    if dimension == 2:
        assert float(exact) == pytest.approx(iv(0, heat) * math.exp(-heat), rel=1e-9)


def test_survivors_have_small_crosstalk_and_kept_words_is_the_best_integer() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((18, 64))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    left = random_coding.survivors(rows, 8.0)
    kernel = np.exp(8.0 * (left @ left.T - 1)) - np.eye(len(left))
    assert 0 < len(left) < 18
    assert kernel.sum(axis=1).max() < 1 / (32 * math.e)
    q = float(random_coding.mean_kernel(8, Fraction(4))) * 16 * math.e
    best = max(k * (1 - (k - 1) * q) for k in range(1, 200))
    assert float(random_coding.kept_words(8, Fraction(4), Real(1) / (16 * Real(1).exp()))) == pytest.approx(
        best
    )


@pytest.mark.parametrize("simplex", [0, 1])
@pytest.mark.parametrize("beta", [2.0, 4.5, 6.0])
def test_criterion_and_iteration_against_the_full_map(beta: float, simplex: int) -> None:
    most = symmetric.largest_by_criterion(Fraction(beta), simplex)
    for count in (most, most + 1):
        rows = np.eye(count)
        if simplex:
            rows -= 1 / count
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        x = rows[0]
        for _ in range(20_000):
            x = rows.T @ softmax(beta * rows @ x)
        weight = softmax(beta * rows @ x)[0]
        assert (weight >= 0.5) == (count <= most)
        assert symmetric.criterion(Fraction(beta), count, simplex) == (count <= most)
        assert symmetric.iteration(Fraction(beta), count, simplex) == (count <= most)


def test_rate_function_is_the_maximum() -> None:
    for share in (0.1, 1.0, 5.0):
        best = -minimize_scalar(
            lambda t, b=share: -(b * t + 0.5 * math.log(1 - t * t)), bounds=(0, 1 - 1e-9), method="bounded"
        ).fun
        assert float(random_coding.PHI.subs(random_coding.rate, share)) == pytest.approx(best, abs=1e-7)


# -- growth, random codes, sparse maps -----------------------------------------------------------------------


def test_limits_of_the_random_bound() -> None:
    def bound(d: int, beta: float, p: float) -> float:
        a, b = 4 / (d - 1) * (1 + math.log(4 * beta * math.sqrt(p))), 4 * beta / (5 * (d - 1))
        c = b / lambertw(math.exp(a + math.log(b))).real
        return math.sqrt(p) * c ** ((d - 1) / 4)

    # Ramsauer et al. 2020 state C >= 3.1546 for their a and b at (d, K) = (20, 3); the same solver gives it.
    a, b = 2 / 19 * (1 + math.log(2 * 9 * 0.001 * 19)), 2 * 9 / 5
    assert 3.1546 <= b / lambertw(math.exp(a + math.log(b))).real <= 3.1547
    formula = random_codes._log_bound(random_codes.D)
    names = {"D": 20, "beta": 30, "p": "1/10"}
    env = {str(k): Real(v) for k, v in names.items()}
    assert float(expr.ball(formula, env)) == pytest.approx(math.log(bound(20, 30, 0.1)), rel=1e-10)
    assert bound(10**6, 20, 0.1) == pytest.approx(math.exp(3) / 80, rel=1e-3)


def test_polygons_at_low_temperature() -> None:
    for corners in (3, 6, 11):
        turn = 2 * np.pi * np.arange(1, corners) / corners
        direct = np.sum(np.exp(-(corners**2) * (1 - np.cos(turn))))
        assert value(growth.polygon_crosstalk, size=corners) == pytest.approx(direct, rel=1e-9)


def test_cap_rates_against_quadrature() -> None:
    for d, delta in ((3, 0.5), (9, 0.25)):
        theta = mpmath.acos(1 - delta)
        density = lambda t, d=d: mpmath.sin(t) ** (d - 2)  # noqa: E731
        area = mpmath.quad(density, [0, theta]) / mpmath.quad(density, [0, mpmath.pi])
        assert value(growth.cover_rate, n=d, gap=delta) == pytest.approx(
            float(-mpmath.log(area) / d), rel=1e-9
        )


def test_entmax_drop_against_the_map_itself() -> None:
    rows = construct("half-5-cube").points
    beta = 0.9 / (0.5 * (1 - 1 / 5))
    p = entmax(beta * rows @ rows[0], 1.5, np)
    drop = value(storage.drop, n=5, size=16, alpha="3/2", share="9/10")
    assert drop == pytest.approx(1 - (rows.T @ p) @ rows[0], abs=1e-12)
    assert drop > 0
    assert value(storage.drop, n=5, size=16, alpha="3/2", share=1) == 0


def test_capture_radius_is_sharp() -> None:
    rows = construct("half-5-cube").points
    separation, share = 0.8, 1.5
    strength = share / separation
    radius = (separation - 1 / strength) / 2
    room = value(storage.capture_room, n=5, size=16, alpha=2, share="3/2")
    worst = min(
        strength * (rows[0] - r) @ (rows[0] - radius * (rows[0] - r) / np.linalg.norm(rows[0] - r))
        for r in rows[1:]
    )
    assert room == pytest.approx(worst, rel=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(50):
        away = rng.standard_normal(5)
        p = entmax(strength * rows @ (rows[0] + radius * away / np.linalg.norm(away)), 2.0, np)
        assert p[0] == 1


# -- events --------------------------------------------------------------------------------------------------


def test_crosstalk_event() -> None:
    # M = 2: the exact law of one cosine on the circle.
    beta = 8.0
    level = (1 + math.log(4 * beta)) / beta
    outcome = crosstalk_too_large(stream(0, "test"), 4000, d=2, M=2, beta=beta)
    expected = math.acos(1 - level) / math.pi
    assert set(np.unique(outcome)) <= {0, 1}
    assert np.mean(outcome) == pytest.approx(expected, abs=4 * math.sqrt(expected / 4000))
    assert np.all(crosstalk_too_large(stream(0, "test"), 20, d=3, M=40, beta=20.0) == 1)
    assert np.all(crosstalk_too_large(stream(0, "test"), 20, d=3, M=5, beta=0.01) == 0)


def test_coinciding_fixed_points_event() -> None:
    assert np.all(fixed_points_coincide(stream(0, "test"), 10, d=3, M=5, beta=0.5) == 1)
    apart = fixed_points_coincide(stream(0, "test"), 200, d=64, M=3, beta=30.0)
    assert np.all(apart <= 0)
    assert np.mean(apart == 0) > 0.99


# -- verdicts of broken versions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "old", "new", "part"),
    [
        ("restated.d4.iii", 8, 2, "some code keeps as many words"),
        ("restated.d4.sandwich-warm", 8, 1, "the lower bound is no more than any dimension can hold"),
    ],
)
def test_planted_wrong_constants_are_refuted(
    statement: str, old: int, new: int, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = random_coding.claimed_count

    def wrong(dimension: int, heat: Fraction) -> Real:
        return (2 * true(dimension, heat) - 1) * old / new / 2 + Fraction(1, 2)

    monkeypatch.setattr(random_coding, "claimed_count", wrong)
    assert part in refuted(BY_ID[statement])


@pytest.mark.parametrize(
    ("statement", "parts"),
    [
        ("restated.d4.sandwich", {"the lower bound is no more than any dimension can hold"}),
        ("restated.d4.sandwich-warm", set()),
        ("hu2024.prop2.1.fixed-beta-sparse", set()),
        ("restated.d3.growth", {"in some larger dimension it exceeds e^distance times its limit"}),
        ("restated.d2.threshold", set()),
    ],
)
def test_point_statements(statement: str, parts: set[str]) -> None:
    assert refuted(BY_ID[statement]) == parts
