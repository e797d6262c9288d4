"""Statements on linear feature maps: independent oracles for their quantities, and planted errors."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.special import hyp0f1

from bounds import planar_maps
from bounds.exact import Real, Undecided, precision
from bounds.packing import gegenbauer
from simulations import events_training, linear_maps
from simulations.codes import known
from simulations.codes.losses import unit
from simulations.feature_maps import losses
from simulations.feature_maps.minimisers import best_map
from simulations.rational_sets import memory_set, with_signs
from simulations.streams import stream
from verify.checkers import forall
from verify.checkers.points import check_points
from verify.context import Context
from verify.drawing import cells
from verify.instances import exact_instance, point_of
from verify.papers.khm2024 import half_spaces, stage1
from verify.papers.khm2024 import linear_maps as maps
from verify.papers.wu2024 import feature_maps, loss, minima, training, universal
from verify.vocabulary import VOCABULARY, measure

Array = Any


def symbol(name: str) -> Any:
    return next(s for s in VOCABULARY if str(s) == name)


def floats(rows: Any) -> Array:
    return np.array([[float(x) for x in row] for row in rows])


def refuted(statement: Any) -> set[str]:
    found = check_points(statement, Context())
    return {p.name for p in found.parts if p.witness is not None}


# -- maps with unit features -----------------------------------------------------------------------


def test_the_smallest_witness_in_plain_numbers() -> None:
    """(1,0), (0,1), (3/5,4/5): xi^T A xi = 1 gives a = b = 1 and 9/25 + 16/25 + 24 c/25 = 1, so c = 0."""
    memories = memory_set("any", 2, 3)
    assert memories == ((1, 0), (0, 1), (Fraction(3, 5), Fraction(4, 5)))
    assert linear_maps.freedom(memories) == 0
    assert maps.best_of(memories).fraction == Fraction(1, 5)
    point = {"d": 2, "M": 3, "set": 0, "seed": 0, "factor": 1}
    assert measure(exact_instance(point), symbol("maps_star"))[0].fraction == Fraction(3, 2)
    assert "some map separates better" in refuted(maps.IMPROVES)


def test_optimal_separations_agree_with_the_table() -> None:
    found = 0
    for (n, count), row in known().items():
        if count <= 2 * n or n == 2:
            assert float(maps.optimal_separation(n, count)) == pytest.approx(1 - row.max_cosine, abs=1e-9)
            found += 1
    assert found > 8
    with pytest.raises(ValueError, match="closed form"):
        maps.optimal_separation(3, 7)


@pytest.mark.parametrize(("d", "count"), [(3, 4), (4, 7)])
def test_descent_in_w_reaches_the_certified_optimum(d: int, count: int) -> None:
    """Projected subgradient descent in A, in floats, from h(A) = max cosine."""
    memories = memory_set("any", d, count)
    x = floats(memories)
    outer = np.einsum("ma,mb->mab", x, x).reshape(count, -1)
    flat = np.linalg.pinv(outer) @ outer
    i, j = np.triu_indices(count, 1)
    a, best = np.eye(d), 1.0
    for k in range(20_000):
        score = np.sum((x[i] @ a) * x[j], axis=1)
        p = int(np.argmax(score))
        pull = np.outer(x[i[p]], x[j[p]])
        pull = ((pull + pull.T) / 2).ravel()
        a = a - 0.3 / math.sqrt(k + 1) * (pull - flat @ pull).reshape(d, d)
        lowest = float(np.linalg.eigvalsh(a)[0])
        if lowest < 0:
            # Back to the cone along the segment to I, which keeps the equations.
            share = 1 / (1 - lowest)
            a = share * a + (1 - share) * np.eye(d)
        best = min(best, float(np.max((x @ a @ x.T)[i, j])))
    found = maps.certificate_of(memories)
    assert best >= float(found.lower) - 1e-9
    assert best == pytest.approx(float(found.upper), abs=2e-2)


def test_a_tampered_optimum_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    right = maps.certificate_of

    def worse(memories: Any) -> Any:
        found = right(memories)
        return dataclasses.replace(found, lower=found.lower + Fraction(1, 10**4))

    monkeypatch.setattr(maps, "certificate_of", worse)
    statement = dataclasses.replace(maps.SDP, controls=())
    assert {"primal and dual certificates are valid", "no map met exceeds it"} <= refuted(statement)


def test_square_features_have_the_kernel() -> None:
    memories = memory_set("any", 3, 5)
    w = maps.random_map(9, 3)
    with precision(200):
        y = floats(maps.square_features(memories, w.transpose() * w))
    wide = floats(memories) @ np.array([[float(int(x.p)) for x in row] for row in w.tolist()]).T
    assert y.shape == (5, 3)
    assert y @ y.T == pytest.approx(wide @ wide.T, rel=1e-12)


# -- normalised maps -------------------------------------------------------------------------------


@pytest.mark.parametrize(("d", "positive"), [(2, 1), (2, 3), (3, 2), (4, 5), (5, 3)])
def test_maps_of_d_plus_one_memories(d: int, positive: int) -> None:
    memories = with_signs(d, positive)
    c = linear_maps.dependency(memories)
    assert sum(x > 0 for x in c) == positive
    if positive == d + 1:
        a, limit = half_spaces.simplex_map(memories), -1 / d
    else:
        a, limit = half_spaces.tilted_map(memories, Fraction(1, 50)), 1 / 50
    w = np.linalg.cholesky(floats([[Fraction(int(x.p), int(x.q)) for x in row] for row in a.tolist()])).T
    y = unit(floats(memories) @ w.T)
    assert np.max(y @ y.T - 3 * np.eye(d + 1)) == pytest.approx(
        limit, abs=1e-7 if positive == d + 1 else 0.02
    )


def test_random_maps_never_reach_one_with_both_signs() -> None:
    """The bound behind hu2024.class.reach.normalised, by descent on the softened maximum."""
    memories = floats(memory_set("any", 2, 3))
    stages = [partial(losses.pair_lse, tau=tau) for tau in (0.5, 0.1, 0.02)]
    w, _ = best_map(stages, memories, 2, starts=8)
    y = unit(memories @ w.T)
    cosine = np.max(y @ y.T - 3 * np.eye(3))
    assert cosine > 0
    assert float(1 - maps.normalised_bound(memory_set("any", 2, 3))) <= cosine


def test_wrong_normals_are_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    right = half_spaces.images

    def naive(*case: int) -> tuple[Fraction, Fraction, Fraction]:
        margin, _, other = right(*case)
        return margin, other, other

    monkeypatch.setattr(half_spaces, "images", naive)
    assert "the features lie in an open half-space" in refuted(half_spaces.HALF_SPACE)


# -- global minimisers in the plane ------------------------------------------------------------------


@pytest.mark.parametrize("memories", [stage1.FOUR, stage1.SIX])
@pytest.mark.parametrize("kind", planar_maps.LOSSES)
def test_the_region_holds_the_minimiser_of_many_starts(kind: str, memories: Any) -> None:
    region = planar_maps.minimiser_region(memories, Fraction(1, 4), kind)
    x = floats(memories)
    form = {"pair": losses.pair_lse, "cross-entropy": losses.cross_entropy}[kind]
    w, value = best_map([partial(form, tau=0.25)], x, 3, starts=16)
    y = unit(x @ w.T)
    gram = y @ y.T
    for i, row in enumerate(region.cosines()):
        for j, ball in enumerate(row):
            low, high = ball.outward()
            assert low - 1e-7 <= gram[i, j] <= high + 1e-7
            assert high - low < 0.15
    m = len(x)
    shifted = math.log(float(region.value) * 2 / (m * (m - 1)))
    expected = (shifted + 4) / m if kind == "pair" else float(region.value) / m
    assert value == pytest.approx(expected, abs=1e-9)
    for k in range(200):
        other = unit(x @ stream(k, "planar").standard_normal((2, 2)).T)
        assert float(form(other, tau=0.25)[0]) >= value - 1e-12


def test_infima_at_the_rim_are_not_called_minima() -> None:
    """Three memories in a half-plane: the middle one ends between two that tend to opposite directions."""
    with pytest.raises(Undecided, match="rim"):
        planar_maps.minimiser_region(memory_set("any", 2, 3), Fraction(1, 4))
    with pytest.raises(ValueError, match="unit vectors"):
        planar_maps.minimiser_region([(Fraction(1), Fraction(1))] * 2, Fraction(1))
    with pytest.raises(ValueError, match="tau > 0"):
        planar_maps.minimiser_region(stage1.SIX, Fraction(0))


def test_separation_and_storage_before_and_after() -> None:
    x = floats(stage1.SIX)
    w, _ = best_map([partial(losses.uniformity, t=2.0)], x, 2, starts=16)
    y = unit(x @ w.T)

    def stored(v: Array, beta: float) -> int:
        gram = v @ v.T
        crosstalk = np.sum(np.exp(-beta * (1 - gram)), axis=1) - 1
        return int(np.sum(crosstalk <= 1))

    point = {"case": stage1.SETS.index(stage1.SIX), "t": 2, "beta": Fraction(5, 2)}
    with precision(128):
        b = exact_instance(point)
        before, after = (measure(b, symbol(f"stage1_{name}"))[0] for name in ("before", "after"))
        assert float(before) == pytest.approx(1 - 0.8)
        low, high = after.outward()
        assert low <= 1 - np.max(y @ y.T - 3 * np.eye(6)) <= high < 0.1
        counts = [
            int(measure(b, symbol(f"stage1_stored_{name}"))[0].fraction) for name in ("before", "after")
        ]
    assert counts == [stored(x, 2.5), stored(y, 2.5)] == [6, 4]


def test_the_isolated_memory_of_the_triangle() -> None:
    """X_1 = 2 exp(-beta (1 + 15/17)) before, 2 exp(-3 beta/2) after: stored from beta = 0.368 and 0.462."""
    for beta, expected in ((Fraction(3, 10), [0, 0]), (Fraction(2, 5), [1, 0]), (Fraction(1, 2), [1, 3])):
        with precision(128):
            b = exact_instance({"case": 1, "t": 2, "beta": beta})
            found = [int(measure(b, symbol(f"stage1_stored_{n}"))[0].fraction) for n in ("before", "after")]
        assert found == expected


# -- losses --------------------------------------------------------------------------------------------


def test_losses_against_the_training_module() -> None:
    checked = 0
    for batch in list(cells(loss.SETS, "quick", 5, "oracle"))[1:6]:
        b = batch.take(np.arange(12))
        for k in range(12):
            t = float(b.scalars["t"][k])
            y = b.memories[k]
            want = {
                "uhop_loss": losses.uniformity(y, t)[0],
                "uhop_loss_half": losses.uniformity(y, 2 * t, half=True)[0],
                "uhop_loss_all": losses.uniformity(y, t, diagonal=True)[0],
                "uhop_pair": losses.pair_lse(y, 1 / (2 * t))[0],
            }
            for name, value in want.items():
                assert measure(b, symbol(name))[k] == pytest.approx(float(value), rel=1e-9, abs=1e-12)
                checked += 1
        exact = exact_instance(point_of(b, 3))
        with precision(128):
            assert float(measure(exact, symbol("uhop_loss"))[0]) == pytest.approx(
                measure(b, symbol("uhop_loss"))[3], rel=1e-9, abs=1e-12
            )
    assert checked == 240


@pytest.mark.parametrize(("n", "t"), [(2, 0.5), (3, 2.0), (8, 20.0)])
def test_mean_over_the_sphere(n: int, t: float) -> None:
    b = next(c for c in cells(loss.SETS, "quick", 1, "oracle") if c.memories.shape[-1] == n).take(
        np.array([0])
    )
    b.scalars["t"] = np.array([t])
    value = float(np.exp(VOCABULARY[symbol("uhop_sphere_mean")].log_measure(b)[0]))  # type: ignore[misc]
    assert value == pytest.approx(math.exp(-2 * t) * hyp0f1(n / 2, t * t), rel=1e-9)
    weight = mpmath.quad(lambda x: (1 - x * x) ** mpmath.mpf((n - 3) / 2), [-1, 0, 1])
    mean = mpmath.quad(
        lambda x: mpmath.exp(-2 * t * (1 - x)) * (1 - x * x) ** mpmath.mpf((n - 3) / 2), [-1, 0, 1]
    )
    assert value == pytest.approx(float(mean / weight), rel=1e-6)
    point = point_of(b, 0)
    with precision(128):
        assert float(measure(exact_instance(point), symbol("uhop_sphere_mean"))[0]) == pytest.approx(value)


def test_a_wrong_dimension_breaks_the_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean over the circle is larger than that over the sphere: no bound in three dimensions."""
    known_log = loss._log_sphere_mean

    def wrong(b: Any) -> Array:
        return known_log(b) + 0.2

    name = symbol("uhop_sphere_mean")
    old = VOCABULARY[name]
    broken = dataclasses.replace(
        old, measure=lambda b: old.measure(b) * (Real(6) / 5 if b.exact else 1.2), log_measure=wrong
    )
    monkeypatch.setitem(VOCABULARY, name, broken)
    found = forall.check(dataclasses.replace(loss.LOWER, controls=()), Context())
    assert found.parts[0].witness is not None


def test_stationary_points_of_the_raw_loss_have_no_value_below_zero() -> None:
    """Along W -> cW the loss falls for ever: at c = 30 it is far below its value at 1."""
    x = np.array([[0.0], [1.0], [3.0]])
    values = [float(losses.uniformity(c * x, 0.5, normalised=False)[0]) for c in (1.0, 2.0, 30.0)]
    assert values[0] < 0
    assert values[0] > values[1] > values[2]
    assert refuted(loss.MINIMISER) == {
        "pairs mu < nu: no map has a loss below 0",
        "with the pairs mu = nu: no map has a loss below 0",
    }


# -- universally optimal codes -----------------------------------------------------------------------


@pytest.mark.parametrize("code", [5, 14, 25, 28, 51, 52, 53, 55, 56])
@pytest.mark.parametrize("t", [Fraction(1, 2), Fraction(6)])
def test_the_polynomial_below_the_potential(code: int, t: Fraction) -> None:
    with precision(512):
        _, n, cosines = universal.distribution(code)
        if code == 56:
            exact, room = universal.minorant_600_cell(cosines, Real(t))
            assert room > 0
        else:
            exact = universal.minorant(n, cosines, Real(t))
        series = [float(c) for c in exact]
        at = [float(s) for s, _ in cosines]
    assert min(series) >= 0
    assert [k for k, c in enumerate(series) if c == 0] == ([11, 12, 13] if code == 56 else [])

    def h(x: float) -> float:
        return float(sum(c * p for c, p in zip(series, gegenbauer.values(n, x, len(series)), strict=False)))

    def f(x: float) -> float:
        return math.exp(-2 * float(t) * (1 - x))

    for s in at:
        assert h(s) == pytest.approx(f(s), rel=1e-9)
    for x in np.linspace(-1, 1, 201):
        assert h(float(x)) <= f(float(x)) + 1e-12


def test_the_interpolant_alone_is_not_positive_definite_for_the_600_cell() -> None:
    """Why it needs a polynomial of its own."""
    with precision(512):
        _, n, cosines = universal.distribution(56)
        series = universal.minorant(n, cosines, Real(2))
        bound = 120 * series[0] - sum(series, Real(0))
        value = sum(((-4 * (1 - s)).exp() * m for s, m in cosines), Real(0))
    assert bound < value or min(float(c) for c in series) < 0


def test_a_wrong_multiplicity_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    right = minima.distribution

    def wrong(code: int) -> Any:
        name, n, cosines = right(code)
        if code != 51:
            return name, n, cosines
        return name, n, [cosines[0], (cosines[1][0], 4), (cosines[2][0], 6)]

    monkeypatch.setattr(minima, "distribution", wrong)
    assert "the code has this loss" in refuted(minima.B6_MINIMA)


def test_five_points_change_their_order_with_t() -> None:
    """The bipyramid has the smaller loss at small t, a square pyramid at large t."""
    bipyramid, *pyramids = minima.compact_set(0, 64)
    for t, flat in ((Fraction(1, 10), True), (Fraction(50), False)):
        with precision(200):
            first = minima.loss_of(bipyramid, Real(t))
            best = min(float(minima.loss_of(p, Real(t))) for p in pyramids)
        assert (float(first) < best) == flat
    count = sum(m for _, m in bipyramid)
    assert count == 10
    assert all(sum(m for _, m in p) == 10 for p in pyramids)


def test_orthogonal_features_need_independent_memories() -> None:
    v = feature_maps.integer_memories(3, 3, 0)
    kernel = feature_maps._solved_kernel(v)
    assert [[int(kernel[i, j]) for j in range(3)] for i in range(3)] == np.eye(3, dtype=int).tolist()
    assert feature_maps.integer_memories(2, 5, 0).rank() == 2


# -- the algorithm -------------------------------------------------------------------------------------


def test_stage_one_in_floats() -> None:
    point = {"d": 3, "M": 5, "t": 2, "N": 8, "step": Fraction(1, 20)}
    b = exact_instance(point)
    path, calls = training._run(b)
    assert calls == 9
    x = floats(memory_set("any", 3, 5, 3))
    values = [float(losses.uniformity(x @ w.T, 2.0)[0]) for w in path[:-1]]
    with precision(128):
        assert [float(training.exact_loss(b, w)) for w in path[:-1]] == pytest.approx(values, rel=1e-12)
    assert np.all(np.diff(values) < 0)
    assert np.sum(path[-1] ** 2, axis=1) == pytest.approx(np.ones(3))


def test_mixed_limits_of_extreme_sets() -> None:
    apart = np.eye(4)[None]
    twins = np.repeat(np.eye(2), 2, axis=0)[None]
    assert events_training.mixed_limits(apart, apart, 20.0).tolist() == [0]
    assert events_training.mixed_limits(apart, apart, 0.1).tolist() == [4]
    assert events_training.mixed_limits(twins, twins, 50.0).tolist() == [4]


@pytest.mark.parametrize("start", [0, 1, 2])
def test_mixed_limits_saved_against_a_loop(start: int) -> None:
    drawn_from = stream(4, "sets")
    drawn = events_training.directions(drawn_from, 3, 6, 4)
    queries = events_training.starts_of(drawn_from, drawn, start)
    assert np.array_equal(queries, drawn) == (start == 0)
    found = events_training.mixed_limits_saved(stream(4, "sets"), 3, d=4, M=6, beta=8.0, start=start)
    maps_ = events_training.trained_maps(drawn)
    for k in range(3):
        counts = []
        for w in (np.eye(4), maps_[k]):
            rows, mixed = unit(drawn[k] @ w.T), 0
            for state in unit(queries[k] @ w.T):
                for _ in range(events_training.UPDATES):
                    p = np.exp(8.0 * rows @ state)
                    p /= p.sum()
                    state = p @ rows
                mixed += int(np.sum(p > 0.01) >= 2)
            counts.append(mixed)
        assert found[k] == pytest.approx((1 + (counts[0] - counts[1]) / 6) / 2)


def test_masked_starts_keep_half_of_the_coordinates() -> None:
    memories = events_training.directions(stream(6, "sets"), 5, 3, 8)
    assert np.all(np.sum(events_training.starts_of(stream(1, "mask"), memories, 2) != 0, axis=-1) == 4)
    with pytest.raises(ValueError, match="0, 1 or 2"):
        events_training.starts_of(stream(1, "mask"), memories, 3)


@pytest.mark.parametrize(
    ("beta", "before", "after"), [(Fraction(9, 5), True, False), (Fraction(3), True, True)]
)
def test_weights_of_limits_against_the_iteration_in_the_plane(
    beta: Fraction, before: bool, after: bool
) -> None:
    simplex = np.array([[1.0, 0.0], [-0.5, math.sqrt(3) / 2], [-0.5, -math.sqrt(3) / 2]])
    for x, own, other, expected in (
        (floats(stage1.SETS[1]), Fraction(-15, 17), Fraction(161, 289), before),
        (simplex, Fraction(-1, 2), Fraction(-1, 2), after),
    ):
        state = x[0]
        for _ in range(20_000):
            p = np.exp(float(beta) * x @ state)
            p /= p.sum()
            state = p @ x
        assert (p[0] >= 0.5) == expected
        with precision(256):
            assert training.keeps_weight(own, other, Real(beta)) == expected


def test_stage_one_lowers_the_loss_of_every_set() -> None:
    memories = events_training.directions(stream(5, "sets"), 4, 10, 5)
    after = unit(memories @ np.swapaxes(events_training.trained_maps(memories), -1, -2))
    before, now = (losses.uniformity(v, 2.0)[0] for v in (memories, after))
    assert np.all(now < before - 0.2)
    assert np.sum(after**2, axis=-1) == pytest.approx(np.ones((4, 10)))
