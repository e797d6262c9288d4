"""Losses, limits, training and protocol of U-Hop+: each measured number against another way to it."""

from __future__ import annotations

import dataclasses
import itertools
import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from sympy import Le

from bounds.exact import Real, exact_array
from simulations import events_feature_training as events
from simulations.codes import best_known, construct
from simulations.codes.losses import max_cosines, unit
from simulations.codes.quadrangles import classical, fisher_thas_walker, line_graph, strongly_regular
from simulations.feature_maps import convex
from simulations.feature_maps.before_after import last_weights
from simulations.feature_maps.losses import LOSSES, cross_entropy, log_cross_entropy, pair_lse
from simulations.feature_maps.minimisers import best_features
from simulations.feature_maps.training import train
from simulations.streams import stream
from simulations.variants import variant
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances, exact_instance
from verify.papers.khm2024 import gaps, limits, losses, protocol, training
from verify.vocabulary import measure

REFUTE = math.log(1e6)


def verdict(statement, **changes):
    evidence = forall.check(dataclasses.replace(statement, **changes), Context())
    return decide(evidence, REFUTE).verdict


def floats(a):
    return np.vectorize(float)(a)


def rows(name, *shape):
    return unit(stream(7, "kernel-training-test", name).standard_normal(shape))


def at(**point):
    return exact_instance({k: Fraction(v) for k, v in point.items()})


# -- losses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", losses.SETS)
def test_exact_losses_are_those_of_floats(code):
    y = losses.SETS[code].astype(float)
    for tau in ("10", "1/4", "1/50"):
        b = at(code=code, tau=tau)
        for name, form in losses.LOSS.items():
            value = LOSSES[name](y, float(Fraction(tau)))[0]
            assert float(measure(b, form.value)[0]) == pytest.approx(value, rel=1e-9, abs=1e-14)
        cosine = (unit(y) @ unit(y).T)[~np.eye(len(y), dtype=bool)]
        assert float(measure(b, losses.s_max)[0]) == pytest.approx(cosine.max())


def test_a_wrong_gradient_is_refuted(monkeypatch):
    def wrong(y, tau, *, normalised=True):
        value, gradient = pair_lse(y, tau, normalised=normalised)
        return value, gradient + y / 1000

    monkeypatch.setitem(LOSSES, "pair", wrong)
    form = losses.Form("pair")
    b = at(code=8, tau="1/4")
    assert abs(float(measure(b, form.slope)[0]) - float(measure(b, form.pull)[0])) > 1e-4


@pytest.mark.parametrize("number", range(1, 8))
def test_certificates_of_the_raw_loss(number):
    """Random A >= 0: some kernel value is positive for each, or the ray lowers all of them."""
    memories, (kind, matrix) = losses.memory_set(number)
    x = floats(memories)
    assert np.allclose(np.sum(x * x, axis=1), 1)
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(x, 2)) > 1e-3
    pairs = np.triu_indices(len(x), 1)
    if kind == losses.POSITIVE:
        w = stream(number, "raw loss").standard_normal((2000, x.shape[1], x.shape[1]))
        w[:1000, 1:] = 0.0
        a = np.swapaxes(w, 1, 2) @ w
        kernel = (x @ a @ x.T)[:, pairs[0], pairs[1]]
        assert (kernel.max(axis=1) > 1e-3 * np.trace(a, axis1=1, axis2=2)).all()
    else:
        a = floats(matrix)
        assert np.linalg.eigvalsh(a).min() > -1e-12
        kernel = (x @ a @ x.T)[pairs]
        assert kernel.max() < 1e-12
        assert kernel.min() == pytest.approx(float(losses.attained(number)))
        assert kernel.min() < -1e-4


def test_raw_descent_stays_bounded_where_the_infimum_is_attained():
    x = floats(losses.memory_set(5)[0])
    lengths = []
    for iterations in (2000, 4000):
        made = train(
            x, np.eye(2), partial(pair_lse, tau=1.0), iterations=iterations, step=0.5, constraint="none"
        )
        lengths.append(np.linalg.norm(made.feature_map))
    assert lengths[1] <= lengths[0] + 1e-6 < 10


def test_verdict_on_the_raw_loss():
    assert verdict(losses.UNNORMALISED) == "refuted"
    three = dataclasses.replace(losses.UNNORMALISED.parts[1], headline=True)
    assert verdict(losses.UNNORMALISED, parts=(three,), controls=()) == "proved"


# -- limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "m"), limits.SIZES)
def test_optimal_codes_are_optimal(n, m):
    gram = floats(limits.optimal_gram(n, m))
    assert np.allclose(np.diagonal(gram), 1)
    values = np.linalg.eigvalsh(gram)
    assert values.min() > -1e-9
    assert np.sum(values > 1e-9) <= n
    found, _ = best_features([partial(pair_lse, tau=t) for t in (0.2, 0.02, 0.002)], m, n, starts=8)
    assert gram[~np.eye(m, dtype=bool)].max() <= max_cosines(found) + 1e-9


def test_losses_of_a_gram_matrix():
    y = rows("gram", 6, 3)
    gram = exact_array(y @ y.T)
    for tau in (1.0, 0.1, 0.01):
        t = Real(tau)
        assert float(limits.pair_value(gram, t)) == pytest.approx(6 * tau * LOSSES["pair"](y, tau)[0])
        assert float(limits.ce_value(gram, t)) == pytest.approx(6 * LOSSES["ce"](y, tau)[0], rel=1e-7)
        assert float(limits.mean_value(gram, t)) == pytest.approx(LOSSES["mean"](y, tau)[0])


@pytest.mark.parametrize("form", ["pair", "ce"])
@pytest.mark.parametrize(("n", "m"), [(2, 5), (3, 5), (3, 6), (4, 7)])
def test_minimisers_stay_below_the_certified_bound(form, n, m):
    gram = limits.optimal_gram(n, m)
    for tau in (1.0, 0.2, 0.05):
        smooth = log_cross_entropy if form == "ce" else LOSSES[form]
        found, _ = best_features([partial(smooth, tau=tau)], m, n, starts=12)
        value = LOSSES[form](found, tau)[0]
        bound = float(limits.reached(form, gram, Real(tau)))
        assert value <= LOSSES[form](np.linalg.cholesky(floats(gram) + 1e-12 * np.eye(m)), tau)[0] + 1e-9
        assert max_cosines(found) <= bound + 1e-9


@pytest.mark.parametrize("form", ["pair", "ce", "mean"])
def test_minimiser_of_a_finite_set_by_brute_force(form):
    for family in (1, 3, 6):
        for tau in (1.0, 0.25, 0.1):
            codes = [unit(c.astype(float)) for c in limits.feasible(family)]
            best = min(codes, key=lambda y: LOSSES[form](y, tau)[0])
            s, optimum = limits.chosen(form, family, Real(tau))
            assert float(s) == pytest.approx(max_cosines(best))
            assert float(optimum) == pytest.approx(min(max_cosines(y) for y in codes))


def test_the_mean_form_prefers_coincident_points():
    """The minimisers found at low temperature are worse than the regular octagon, by more than certified."""
    stages = [partial(LOSSES["mean"], tau=0.01)]
    angles = np.radians([0, 1, 2, 3, 4, 92, 182, 272])
    clustered = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found, value = best_features(stages, 8, 2, starts=16, others=clustered[None])
    octagon = unit(np.stack([np.cos(np.arange(8) * math.pi / 4), np.sin(np.arange(8) * math.pi / 4)], axis=1))
    assert value < LOSSES["mean"](octagon, 0.01)[0] - 0.01
    low, polygon = (float(measure(at(D=2, N=8), q)[0]) for q in (limits.mean_floor, limits.polygon))
    assert polygon == pytest.approx(math.cos(math.pi / 4))
    assert polygon < low <= max_cosines(found)


def test_two_cycles_have_the_same_losses_and_are_not_isometric():
    grams = [floats(g) for g in limits.cycle_grams()]
    assert all(np.linalg.eigvalsh(g).min() > 0.1 for g in grams)
    for g in grams:
        assert (np.sort(g, axis=1) == np.sort(grams[0], axis=1)).all()
    y = [np.linalg.cholesky(g) for g in grams]
    for loss in LOSSES.values():
        assert loss(y[0], 0.3)[0] == pytest.approx(loss(y[1], 0.3)[0], rel=1e-12)
    spectra = [np.linalg.eigvalsh(g) for g in grams]
    assert np.abs(spectra[0] - spectra[1]).max() > 0.1
    assert float(measure(at(family=1, tau="1/10"), limits.class_spread)[0]) == pytest.approx(
        abs(np.sum(spectra[0] ** 3) - np.sum(spectra[1] ** 3))
    )


def test_distance_bounds_hold_for_minimisers():
    for n, m in ((2, 5), (3, 4)):
        found, _ = best_features([partial(log_cross_entropy, tau=0.02)], m, n, starts=12)
        gram = np.sort((found @ found.T).ravel())
        best = np.sort(floats(limits.optimal_gram(n, m)).ravel())
        bound = float(measure(at(family=0, D=n, N=m, tau="1/50"), limits.distance_ce)[0])
        assert np.abs(gram - best).max() <= bound


def test_choice_among_three_codes():
    x, q = rows("choice", 4, 3, 2), rows("choice query", 4, 2)
    tau, lift = np.array([0.05, 0.2, 1.0, 3.0]), np.array([1e-3, 1e-2, 1e-3, 0.05])
    b = Instances(
        4, memories=x, query=q, beta=np.ones(4), target=np.arange(4) % 3, scalars={"tau": tau, "lift": lift}
    )
    for form, gap in (("pair", gaps.choice_gap_pair), ("ce", gaps.choice_gap_ce)):
        for i in range(4):
            swapped = x[i].copy()
            swapped[i % 3] = q[i]
            value = LOSSES[form](x[i], tau[i])[0]
            even = 3 * tau[i] * value if form == "pair" else 1 + tau[i] * math.log(math.expm1(value) / 2)
            even += lift[i]
            other = even / (3 * tau[i]) if form == "pair" else math.log1p(2 * math.exp((even - 1) / tau[i]))
            order = [value, LOSSES[form](swapped, tau[i])[0], other]
            tops = [max_cosines(x[i]), max_cosines(swapped), even]
            assert measure(b, gap)[i] == pytest.approx(tops[int(np.argmin(order))] - min(tops), abs=1e-9)


@pytest.mark.parametrize(("n", "m"), gaps.SHARP)
def test_distances_of_sharp_codes(n, m):
    table = gaps.distances(n, m)
    assert sum(k for _, k in table) == m - 1
    assert sum(k * float(s) for s, k in table) == pytest.approx(-1)
    names = {
        (3, 12): "icosahedron",
        (5, 16): "half-5-cube",
        (6, 27): "schlaefli",
        (7, 56): "gosset",
        (8, 240): "E8",
    }
    if (n, m) in names:
        points = construct(names[n, m]).points
        assert points.shape == (m, n)
        row = np.sort((points @ points.T)[0])[:-1]
        np.testing.assert_allclose(
            row, np.sort(np.repeat([float(s) for s, _ in table], [k for _, k in table])), atol=1e-9
        )


def test_energy_bound_is_below_every_code():
    for n, m in ((2, 6), (3, 4), (3, 6), (3, 12)):
        energy, bound = gaps.energies(n, m, Real("1/4"))
        s = float(gaps.distances(n, m)[0][0])
        for k in range(5):
            y = rows(f"energy {k}", m, n)
            other = np.exp((y @ y.T - s) * 4)
            assert float(bound) <= other.sum() - np.trace(other)
        assert float(energy) == pytest.approx(float(bound))


def test_energy_bound_refutes_a_wrong_distribution(monkeypatch):
    right = gaps.distances
    monkeypatch.setattr(gaps, "distances", lambda n, m: [*right(n, m)[:-1], (Real("-1/2"), 1)])
    energy, bound = gaps.energies(3, 12, Real("1/4"))
    assert float(energy) > float(bound) * (1 + 1e-6)


def test_verdicts_of_the_limits():
    assert verdict(limits.MEAN) == "refuted"
    assert verdict(limits.POINTS) == "refuted"
    assert verdict(limits.POINTS_MOD) == "refuted"
    assert verdict(limits.CLUSTER) == "proved"
    assert verdict(limits.CE) == "proved"
    too_fast = dataclasses.replace(limits.LSE.parts[0], relation=Le(limits.gap_pair, limits.tau**2))
    assert verdict(limits.LSE, parts=(too_fast,), controls=()) == "refuted"


def test_quadrangles_of_order_three():
    """The graph of the lines, its triangles on a point, and the code in its least eigenspace."""
    graph = line_graph(3, classical(3))
    assert strongly_regular(graph) == (112, 30, 2, 10)
    values = np.round(np.linalg.eigvalsh(graph)).astype(int)
    assert dict(zip(*np.unique(values, return_counts=True), strict=True)) == {-10: 21, 2: 90, 30: 1}
    # Lines through one point are q + 1 mutually adjacent ones; a line has q^2 + 1 points.
    first = np.flatnonzero(graph[0])
    cliques = {tuple(np.flatnonzero(graph[0] * graph[k] + (np.arange(112) == k))) for k in first}
    assert len(cliques) == 10
    assert all(len(c) == 3 for c in cliques)
    smith = construct("isotropic-3").points
    cosines = {round(float(v), 9) for v in (smith @ smith.T)[0][1:]}
    assert cosines == {round(-1 / 3, 9), round(1 / 9, 9)}
    with pytest.raises(ValueError, match="odd prime"):
        fisher_thas_walker(7)
    assert strongly_regular(np.diag([1, 1], 1) + np.diag([1, 1], -1)) is None


def test_two_codes_of_one_size_are_not_isometric():
    ranks = limits.quadrangle_ranks()
    assert len(set(ranks)) == 2
    energy, bound = gaps.energies(105, 756, Real("1/100"))
    assert float(energy) == pytest.approx(float(bound))
    # From one point: 625 cosines 1/25 and 130 cosines -1/5, a sum of -1 with the point itself 0.
    assert 625 * Fraction(1, 25) - 130 * Fraction(1, 5) == -1


# -- training ----------------------------------------------------------------------------------------------


def test_loss_in_the_plane():
    memories = training._trap_memories()
    x = floats(memories)
    for a, b in ((0.0, 0.0), (0.3, -0.4), (-0.6, 0.5)):
        w = np.linalg.cholesky(np.array([[1 + a, b], [b, 1 - a]])).T
        exact = exact_array([a]), exact_array([b])
        for form, loss in ((0, pair_lse), (1, cross_entropy)):
            value = training.plane_loss(form, memories, *exact, Real("1/4"))[0]
            assert float(value) == pytest.approx(loss(x @ w.T, 0.25)[0], rel=1e-9)


def test_descent_stays_in_the_trap():
    x = floats(training._trap_memories())
    loss = partial(cross_entropy, tau=0.25)
    shown = float(measure(at(trap=1, form=1, tau="1/4"), training.trap)[0])
    assert shown > 0
    better = loss(x @ np.diag(np.sqrt([1.9998, 0.0002])))[0]
    for k in range(6):
        start = np.eye(2) + 0.01 * stream(k, "trap").standard_normal((2, 2))
        made = train(x, start, loss, iterations=3000, step=0.05)
        assert (np.diff(made.losses) < 1e-12).all()
        assert made.losses[-1] > better + 0.1
    assert float(measure(at(trap=0, form=1, tau="1/4"), training.trap)[0]) <= 0


@pytest.mark.parametrize("start", training.STARTS)
def test_stationary_starts(start):
    x, w, _ = (floats(exact_array(part)) for part in training.STARTS[start])
    made = train(x, w, partial(pair_lse, tau=0.25), iterations=50, step=0.1)
    moved = np.abs(made.feature_map - w).max()
    stuck = float(measure(at(start=start, tau="1/4"), training.stuck)[0])
    if stuck > 0:
        assert moved < 1e-12
        assert made.losses[-1] == pytest.approx(made.losses[0])
    else:
        assert moved > 1e-2


def test_convex_closed_form_is_the_descent():
    for m, tau, count in ((3, 0.5, 7), (4, 0.2, 60), (5, 1.0, 30)):
        made = convex.descend(np.eye(m), np.eye(m), tau, count)
        b = at(kind=0, M=m, tau=Fraction(str(tau)), steps=count)
        gap = float(measure(b, training.convex_gap)[0])
        assert made.values[-1] + 1 / (m - 1) == pytest.approx(gap, abs=1e-9)


@pytest.mark.parametrize("number", training.CURVED)
def test_curvature_is_that_of_the_convex_form(number):
    x = floats(exact_array(training.CURVED[number]))
    assert np.allclose(np.sum(x * x, axis=1), 1)
    for tau in (3.0, 0.25):
        hessian = convex.soft_max_cosine(x, np.eye(x.shape[1]), tau)[2]
        b = at(kind=1, M=number, tau=Fraction(str(tau)), steps=1)
        assert float(measure(b, training.curvature)[0]) == pytest.approx(np.linalg.eigvalsh(hessian).max())


def test_exact_descent_is_the_training():
    x = floats(exact_array(training.CURVED[5]))
    made = train(x, np.eye(3), partial(pair_lse, tau=0.25), iterations=4, step=0.1)
    b = at(set=5, tau="1/4", gamma="1/10", N=4)
    assert float(measure(b, training.fall)[0]) == pytest.approx(made.losses[0] - made.losses[-1])
    _, pull = pair_lse(x, 0.25)
    assert float(measure(b, training.first_square)[0]) == pytest.approx(np.sum((pull.T @ x) ** 2))


def test_rational_orthonormal_columns():
    w = training.orthonormal(6, 3, 1)
    assert (w.T @ w == exact_array(np.eye(3, dtype=int))).all()
    assert len({float(v) for v in w.ravel()}) > 5


def test_one_step_reads_every_memory_once():
    assert training.reads(64) == 1


def test_verdicts_of_the_training():
    assert verdict(training.RATE) == "refuted"
    assert verdict(training.RANDOM) == "refuted"
    assert verdict(training.STIEFEL) == "refuted"
    assert verdict(training.CONVEX) == "proved"
    few = tuple(p for p in training.STATIONARITY.arena.points if p["N"] == 4)
    arena = dataclasses.replace(training.STATIONARITY.arena, points=few)
    assert verdict(training.STATIONARITY, arena=arena) == "proved"


# -- events and protocol -----------------------------------------------------------------------------------


def test_steps_of_the_free_descent_follow_the_gradient():
    y = rows("descended", 3, 12, 3)
    tau = 0.1
    _, gradient = pair_lse(y, tau)
    expected = unit(y - (tau * 12) * (tau * 12 / 4) * gradient)
    np.testing.assert_allclose(events.descended(y, tau, 1), expected, rtol=1e-10)


def test_iterations_to_the_icosahedron():
    few = events.reached_within(stream(0, "few"), 40, D=3, M=12, sharpness=20, iterations=16)
    many = events.reached_within(stream(0, "many"), 40, D=3, M=12, sharpness=20, iterations=2000)
    assert few.sum() == 0
    assert many.sum() >= 36
    assert best_known(3, 12) is not None
    with pytest.raises(ValueError, match="no code is known"):
        events.reached_within(stream(0, "none"), 4, D=3, M=5000, sharpness=20, iterations=1)


def test_last_weights_by_hand():
    x = rows("sizes", 5, 3)
    y = x.copy()
    for _ in range(4):
        p = np.exp(3.0 * y @ x.T)
        p /= p.sum(axis=1, keepdims=True)
        y = p @ x
    np.testing.assert_allclose(last_weights(variant("dense").weights, x, x, 3.0, 4), p, rtol=1e-10)
    with pytest.raises(ValueError, match="at least 1"):
        last_weights(variant("dense").weights, x, x, 3.0, 0)


def test_gain_of_raw_and_of_normalised_features():
    for model in range(3):
        raw = events.single_gain(stream(0, "raw"), 32, d=5, M=10, beta=1.0, model=model)
        assert raw.mean() > 1.9
    # No softmax weight of ten unit features reaches down to 0.01 at beta = 1.
    normalised = events.single_gain(stream(0, "unit"), 32, d=5, M=10, beta=1.0, model=0, normalised=1)
    assert (normalised == 1).all()


def test_sizes_at_exact_weights():
    for m, beta, peak in ((10, "2", 1), (101, "1", 0), (99, "6", 1)):
        scores = np.zeros(m)
        scores[0] = peak * float(Fraction(beta))
        b = at(M=m, beta=beta, peak=peak)
        for model, quantity, least in (
            ("dense", protocol.size_dense, 0.01),
            ("sparse", protocol.size_sparse, 0),
            ("entmax:alpha=1.5", protocol.size_entmax, 0),
        ):
            p = variant(model).weights(scores, np)
            assert int(float(measure(b, quantity)[0])) == np.sum(p > least)
