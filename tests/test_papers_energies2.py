"""Log-sum-ReLU, denoising, sampling, memory modules: quantities and events against oracles of their own."""

import dataclasses
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import softmax
from scipy.stats import binom
from sympy import Le

from simulations import events_abstracts, events_denoising, events_lsr
from simulations.streams import stream
from simulations.variants import lsr
from verify.checkers import probability, scaling_law
from verify.checkers.forall import check
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances, exact_instance, point_of
from verify.papers import (
    arxiv2511_20609,
    icd2025,
    khm2024_optimum,
    lsr2025,
    memformer2020,
    tem2024,
    wta2023,
)
from verify.papers.icd2025 import attention, context, gaussian, sphere
from verify.papers.lsr2025 import emergent, grid, quantities, retrieval
from verify.vocabulary import measure

REFUTE = math.log(1e5)
BY_ID = {s.id: s for m in (lsr2025, icd2025, wta2023, memformer2020, tem2024) for s in m.STATEMENTS}


def rng(*name):
    return stream(0, "test_papers_energies2", *name)


def batch(count=5, d=2, size=40, beta=3.0, name="batch", **scalars):
    r = rng(name, count, d)
    memories = r.standard_normal((size, count, d))
    return Instances(
        size,
        memories=memories,
        query=r.standard_normal((size, d)) * 0.7,
        beta=np.full(size, beta),
        target=r.integers(0, count, size),
        scalars={k: np.full(size, v) for k, v in scalars.items()},
    )


def verdict_of(statement):
    kind = probability if hasattr(statement, "points") else None
    evidence = kind.check(statement, Context()) if kind else check(statement, Context())
    return decide(evidence, REFUTE)


# -- log-sum-ReLU -----------------------------------------------------------------------------------------


def test_pulls_and_centroids_are_those_of_the_model():
    b = batch(eps_lsr=0.3)
    mask = quantities.active(b, b.query, quantities.rho2(b))
    total = np.sum(lsr.kernel(b.memories, b.query, b.beta), axis=-1)
    gradient = lsr.gradient(b.memories, b.query, b.beta, 0.3)
    assert np.allclose(-quantities.pull(b, b.query, mask) / (0.3 + total)[:, None], gradient)
    step = quantities.mean_step(b, b.query, quantities.rho2(b))
    assert np.allclose(step, lsr.mean_step(b.memories, b.query, b.beta))
    v = 1 / np.arange(1, 3)
    assert np.allclose(measure(b, quantities.slope), gradient @ v, atol=1e-12)
    assert np.allclose(measure(b, quantities.centroid_slope), gradient @ v, atol=1e-12)


def test_miss_is_the_best_single_step():
    b = batch(count=3, share=0.3, size=30)
    found = measure(b, quantities.miss2)
    radius2 = measure(b, quantities.r2) * 0.7**2
    for i in range(b.size):
        x, memories = b.query[i], b.memories[i]
        near = np.sum((memories - x) ** 2, axis=-1) < radius2[i]
        force = np.sum((memories - x)[near], axis=0)
        etas = np.concatenate(([0.0], np.geomspace(1e-4, 1e3, 40_000)))
        reached = x + etas[:, None] * force
        best = np.min(np.sum((reached - memories[b.target[i]]) ** 2, axis=-1))
        assert found[i] <= best + 1e-12
        assert found[i] == pytest.approx(best, rel=1e-5, abs=1e-6)


def test_the_exact_step_is_that_of_the_model():
    b = batch(share=0.8, eps_lsr=0.2)
    r2 = measure(b, quantities.r2)
    found = measure(b, quantities.exact_step_gap2)
    for i in range(b.size):
        beta = 2 / (0.64 * r2[i])
        near = lsr.exact_step(b.memories[i], b.query[i], np.array(beta), int(b.target[i]), 0.2)
        assert found[i] == pytest.approx(np.sum((near - b.memories[i, b.target[i]]) ** 2), rel=1e-9)


def test_basins_and_counts_are_those_of_the_model():
    b = batch(count=6, size=25, beta=1.5)
    c, count = quantities.rest(b), measure(b, quantities.count_c)
    seen, cells = measure(b, quantities.minima), measure(b, quantities.cells)
    for i in range(b.size):
        memories = b.memories[i]
        assert seen[i] == len(lsr.emergent_minima(memories, 1.5))
        assert seen[i] <= cells[i] <= 2**6 - 1
        if count[i] > 0:
            assert measure(b, quantities.basin)[i] == pytest.approx(lsr.basin_radius(memories, c[i], 1.5))
            printed = lsr.printed_basin_radius(memories, c[i], 1.5)
            assert measure(b, quantities.printed_basin)[i] == pytest.approx(printed)


def test_printed_basin_crosses_a_sphere_at_an_emergent_minimum():
    """Memories -1/2, 1/2 and 6/5, rho = 1: c = 0 sees two memories, a third one from x = 1/5 on."""
    point = {
        "memories": [[Fraction(-1, 2)], [Fraction(1, 2)], [Fraction(6, 5)]],
        "query": [Fraction(0)],
        "beta": Fraction(2),
        "target": 0,
    }
    b = exact_instance(point)
    assert float(measure(b, quantities.count_c)[0]) == 2
    assert float(measure(b, quantities.basin)[0]) == pytest.approx(0.2)
    assert float(measure(b, quantities.printed_basin)[0]) == pytest.approx(math.sqrt(0.69) - 0.5)


def test_the_centroid_of_an_interior_point_may_see_more():
    """Memories 0, 1 and 3/2, rho^2 = 1.1: x = 1/5 sees two of them, their centroid 1/2 sees all."""
    point = {
        "memories": [[Fraction(0)], [Fraction(1)], [Fraction(3, 2)]],
        "query": [Fraction(1, 5)],
        "beta": Fraction(20, 11),
        "target": 0,
    }
    b = exact_instance(point)
    assert float(measure(b, quantities.count_x)[0]) == 2
    assert float(measure(b, quantities.centroid_pull2)[0]) == 1


def test_cells_of_a_line_are_counted():
    """The centroids 0, 1/4, 1/2, 3/4 and 1 of three points see 12, 12, 123, 23 and 23."""
    memories = np.array([[[0.0], [0.5], [1.0]]])
    b = Instances(
        1, memories=memories, query=memories[:, 0], beta=np.array([2 / 0.75**2]), target=np.array([0])
    )
    assert measure(b, quantities.cell_bound)[0] == 7
    assert measure(b, quantities.cells)[0] == 3


@pytest.mark.parametrize("name", ["gauss", "dense"])
def test_soft_steps_agree_with_their_logarithms(name):
    b = batch(beta=4.0)
    plain = quantities.soft_step(b, b.target, name)
    for i in range(b.size):
        x = b.memories[i, b.target[i]]
        away = np.sum((b.memories[i] - x) ** 2, axis=-1) / 2
        scores = -4 * away if name == "gauss" else 4 * b.memories[i] @ x
        assert plain[i] == pytest.approx(np.linalg.norm(softmax(scores) @ b.memories[i] - x), rel=1e-6)
    assert np.allclose(quantities.log_soft_step(b, b.target, name), np.log(plain), rtol=1e-9, atol=1e-9)


def test_grid_minima_are_those_of_the_model():
    for dim, n, rho in ((1, 4, "3/5"), (2, 2, "4/5"), (2, 3, "17/20"), (3, 2, "9/10")):
        points = np.array(list(itertools.product(range(n), repeat=dim)), dtype=float)
        found = lsr.emergent_minima(points, 2 / float(Fraction(rho)) ** 2)
        assert [s for s, _ in found] == list(grid.grid_minima(dim, n, Fraction(rho)))
    # Below half the diagonal there are the corners and the middles of the edges.
    assert len(grid.grid_minima(2, 2, Fraction("3/5"))) == 4 + 4


def test_runs_on_a_line_are_all_emergent_minima():
    for trial in range(40):
        points = np.sort(rng("line", trial).random(9))
        for rho in (0.05, 0.15, 0.4):
            found = [s for s, _ in lsr.emergent_minima(points[:, None], 2 / rho**2) if len(s) > 1]
            assert events_lsr.emergent_on_line(points, rho) == len(found)


def test_events_on_random_memories():
    few = events_lsr.few_emergent
    assert np.all(few(rng("few"), 20, M=200, filling=0.5, most=200) == 1)
    assert np.all(few(rng("few"), 20, M=200, filling=0.5, most=0) == 0)
    below = events_lsr.distance_below
    assert np.all(below(rng("below"), 20, d=2, M=5, radius=2.0) == 1)
    assert np.all(below(rng("below"), 20, d=2, M=5, radius=1e-9, in_ball=1) == 0)
    assert np.all(below(rng("below"), 20, d=2, M=1, radius=2.0) == 0)
    # Two points of an interval are within t of each other with probability 2 t - t^2.
    share = np.mean(below(rng("pair"), 20_000, d=1, M=2, radius=0.3))
    assert share == pytest.approx(0.51, abs=0.02)
    in_ball = events_lsr.unit_volume(rng("ball"), 100, 50, 3, "ball")
    largest = (3 / (4 * math.pi)) ** (1 / 3)
    assert 0.97 * largest < np.max(np.linalg.norm(in_ball, axis=-1)) <= largest
    with pytest.raises(ValueError, match="shape"):
        events_lsr.unit_volume(rng("none"), 1, 2, 2, "cone")


@pytest.mark.parametrize(
    ("statement", "part", "relation"),
    [
        (retrieval.EXACT_RETRIEVAL, 0, Le(quantities.short_step_gap2, 0)),
        (emergent.CELLS, 0, Le(quantities.cells, quantities.cell_bound / 2)),
        (gaussian.PROP1, 1, Le(gaussian.risk_of_memory, gaussian.trace_cov)),
        (gaussian.PROJECTOR_LOSS, 0, Le(gaussian.loss_of_projector, gaussian.loss_of_shrunk)),
        (attention.EXPANSION, 0, Le(attention.zeroth_remainder, attention.first_order / 2)),
        (wta2023.GAP, 2, Le(wta2023.crs_variance, wta2023.variance)),
    ],
)
def test_planted_claims_are_refuted(statement, part, relation):
    wrong = dataclasses.replace(statement.parts[part], relation=relation)
    verdict = verdict_of(dataclasses.replace(statement, parts=(wrong,), controls=()))
    assert verdict.verdict == "refuted"


def always(stream, trials, **_arguments):
    return np.ones(trials, dtype=np.int8)


@pytest.mark.parametrize("statement", [retrieval.DISTANCE, context.PROP6])
def test_broken_events_are_refuted(statement):
    evidence = probability.check(dataclasses.replace(statement, event=always), Context())
    assert decide(evidence, REFUTE).verdict == "refuted"


def slow_context(stream, trials, **arguments):
    """Attention that needs size^4 tokens where size^2 are claimed."""
    wanted = arguments["L"] >= 0.5 / arguments["tolerance"] ** 3
    return np.full(trials, wanted, dtype=np.int8)


def test_another_rate_is_refuted():
    broken = dataclasses.replace(
        context.PROP5, event=slow_context, nominal=context.size**3, factors=("1/4", "2/5", "3/5", "3/4")
    )
    assert decide(scaling_law.check(broken, Context()), REFUTE).verdict == "refuted"


# -- denoising ----------------------------------------------------------------------------------------------


def test_losses_on_a_subspace_by_sampling():
    r = rng("subspace")
    numerators, denominator = gaussian.projector(6, 2)
    p = numerators.astype(float) / denominator
    assert np.allclose(p @ p, p)
    assert np.trace(p) == pytest.approx(2)
    x = r.standard_normal((200_000, 6)) @ p * math.sqrt(2.0)
    noisy = x + r.standard_normal(x.shape) * math.sqrt(0.5)
    point = {"n": Fraction(6), "dim": Fraction(2), "s0": Fraction(2), "sz": Fraction(1, 2)}
    b = exact_instance(point | {"factor": Fraction(1, 3)})
    for symbol, shrink in (
        (gaussian.loss_of_projector, 1.0),
        (gaussian.loss_of_shrunk, 0.8),
        (gaussian.loss_of_factor, 1 / 3),
    ):
        sampled = np.mean(np.sum((shrink * noisy @ p - x) ** 2, axis=-1))
        assert float(measure(b, symbol)[0]) == pytest.approx(sampled, rel=0.02)


def test_posterior_risk_by_sampling():
    b = batch(count=3, d=1, size=1, beta=1.0)
    values = b.memories[0, :, 0]
    r = rng("posterior")
    signal = r.choice(3, 2_000_000, p=np.array([1, 2, 3]) / 6)
    noisy = values[signal] + r.standard_normal(signal.size)
    near = np.abs(noisy - b.query[0, 0]) < 0.02
    kept = values[signal][near]
    mean = np.mean(kept)
    assert measure(b, gaussian.risk_of_mean)[0] == pytest.approx(np.mean((kept - mean) ** 2), rel=0.03)
    answer = values[b.target[0]]
    assert measure(b, gaussian.risk_of_memory)[0] == pytest.approx(np.mean((kept - answer) ** 2), rel=0.03)


def test_sphere_denoisers_agree_with_integrals_and_samples():
    point = {"dim": Fraction(2), "radius": Fraction(1), "sz": Fraction(1), "length": Fraction(13, 10)}
    b = exact_instance(point)
    langevin = 1 / math.tanh(1.3) - 1 / 1.3
    assert float(measure(b, sphere.ratio)[0]) == pytest.approx(langevin, rel=1e-12)
    assert float(measure(b, sphere.sphere_mean)[0]) == pytest.approx(langevin, rel=1e-12)
    x = np.array([0.0, 1.3, 0.0])
    assert events_denoising.sphere_denoiser(x, 1.0) == pytest.approx([0, langevin, 0])
    density = quad(lambda t: math.exp(2 * math.cos(t)) * math.sin(t) ** 2, 0, math.pi)[0]
    assert events_denoising.mean_exponential(4, 2.0) == pytest.approx(density / (math.pi / 2), rel=1e-9)


def test_mixture_denoiser_in_one_more_way():
    """Posterior mean of the mixture by components, in floats."""
    point = {"n": 2, "count": 5, "s0": Fraction(1, 2), "sz": Fraction(1), "length": Fraction(1)}
    b = exact_instance({k: Fraction(v) for k, v in point.items()} | {"stretch": Fraction(3, 2)})
    mu = np.array([[3, 4], [-4, 3], [25 / 13, -60 / 13], [-40 / 17, -75 / 17], [7.5, 0]]) / 5
    x = np.array([1 / 2, 3 / 5])
    masses = np.arange(1, 6) * np.exp(-np.sum((x - mu) ** 2, axis=-1) / 3)
    mean = (masses / masses.sum()) @ ((0.5 * x + mu) / 1.5)
    assert float(measure(b, sphere.tweedie)[0]) == pytest.approx(mean @ [1, 1 / 2], rel=1e-12)
    assert float(measure(b, sphere.mixture_formula)[0]) != pytest.approx(mean @ [1, 1 / 2], rel=1e-3)


def test_events_on_contexts():
    close = events_denoising.context_close
    common = {"dim": 2, "n": 16, "noise": 1.0}
    assert np.all(close(rng("close"), 10, L=4000, tolerance=0.5, **common) == 1)
    assert np.all(close(rng("close"), 10, L=1, tolerance=0.05, **common) == 0)
    far = events_denoising.far_from_mean
    pair = {"n": 2, "L": 100, "noise": 1.0, "norm": 1.0, "delta": 0.5, "numerator": 0, "pair": 1}
    border = 50 * math.sqrt(2 / 100 * math.log(4))
    exact = binom.cdf(math.floor(50 - border), 100, 0.5) * 2
    assert np.mean(far(rng("far"), 20_000, **pair)) == pytest.approx(exact, abs=0.01)
    loose = far(rng("far"), 2000, **{**pair, "pair": 0, "numerator": 1, "n": 8, "delta": 0.05})
    assert np.mean(loose) < 0.01


def test_slopes_of_energy_and_remainders():
    b = batch(count=4, alpha=0.7, small=0.05, beta=2.0)
    h, v = 1e-6, np.array([1.0, 0.5])

    def energy(s):
        scores = 2 * np.einsum("bmd,bd->bm", b.memories, s)
        return np.sum(s * s, axis=-1) / 1.4 - np.log(np.sum(np.exp(scores), axis=-1)) / 2

    slopes = (energy(b.query + h * v) - energy(b.query - h * v)) / (2 * h)
    assert np.allclose(measure(b, attention.energy_slope), slopes, rtol=1e-6, atol=1e-8)
    z = np.einsum("bmd,bd->bm", b.memories, b.query)
    moved = np.einsum("bm,bmd->bd", softmax(0.1 * z, axis=-1), b.memories) - b.memories.mean(axis=1)
    centred = b.memories - b.memories.mean(axis=1, keepdims=True)
    first = 0.1 * np.einsum("bmd,bme,be->bd", centred, centred, b.query) / 4
    assert np.allclose(measure(b, attention.first_order), np.linalg.norm(first, axis=-1))
    assert np.allclose(measure(b, attention.remainder), np.linalg.norm(moved - first, axis=-1), atol=1e-12)
    one = exact_instance(point_of(b, 0))
    assert float(measure(one, attention.remainder)[0]) == pytest.approx(measure(b, attention.remainder)[0])


# -- sampling and memory modules ------------------------------------------------------------------


@pytest.mark.parametrize(("n", "k", "c"), [(5, 4, 2), (20, 5, 3)])
def test_wta_moments_by_sampling(n, k, c):
    s = wta2023.setting(n, k, c, 2, 0)
    mean, variance = wta2023.mean_and_variance(s)
    terms = np.array([t.astype(float) for t in s["terms"]])
    p = np.array([float(q) for q in s["p"]])
    rest = list(s["D"])
    left = p[rest].sum()
    drawn = rng("wta", n).choice(rest, (200_000, k - c), p=p[rest] / left)
    found = terms[list(s["C"])].sum(axis=0) + left * np.mean(terms[drawn] / p[drawn][..., None, None], axis=1)
    assert np.allclose(found.mean(axis=0), mean.astype(float), atol=4 * math.sqrt(float(variance) / 200_000))
    spread = np.sum((found - terms.sum(axis=0)) ** 2, axis=(1, 2))
    assert np.mean(spread) == pytest.approx(float(variance), rel=0.02)


def test_one_draw_and_many_give_the_same_moments(monkeypatch):
    s = wta2023.setting(5, 4, 2, 2, 0)
    whole = wta2023.mean_and_variance(s)
    monkeypatch.setattr(wta2023, "SEQUENCES", 1)
    single = wta2023.mean_and_variance(s)
    assert np.all(whole[0] == single[0])
    assert whole[1] == single[1]


def test_slot_steps_are_complex_numbers():
    for bias, cosine, sine in ((0.5, -0.6, 0.8), (3.0, -0.8, 0.6), (0.1, 0.0, 1.0)):
        point = {"bias": Fraction(str(bias)), "cosine": Fraction(str(cosine)), "sine": Fraction(str(sine))}
        b = exact_instance(point)
        z = complex(cosine, sine)
        after = (z + bias) / abs(z + bias)
        assert float(measure(b, memformer2020.next_cosine)[0]) == pytest.approx(after.real)
        for _ in range(400):
            z = (z + bias) / abs(z + bias)
        assert float(measure(b, memformer2020.distance2)[0]) == pytest.approx(abs(z - 1) ** 2, abs=1e-20)
    stuck = exact_instance({"bias": Fraction(1, 2), "cosine": Fraction(-1), "sine": Fraction(0)})
    assert measure(stuck, memformer2020.distance2)[0] == 4


def test_head_gradient_by_differences():
    point = {"graph": 1, "hops": 2, "classes": 3, "width": 4}
    b = exact_instance({k: Fraction(v) for k, v in point.items()})
    s = tem2024._setting(b)
    head, e = s["W"].astype(float), s["e"].astype(float)
    v = 1 / np.arange(1, 13).reshape(3, 4)

    def loss(w):
        logits = w @ e
        return np.log(np.sum(np.exp(logits))) - logits[s["label"]]

    slope = (loss(head + 1e-6 * v) - loss(head - 1e-6 * v)) / 2e-6
    for symbol in (tem2024.slope, tem2024.whole, tem2024.parts):
        assert float(measure(b, symbol)[0]) == pytest.approx(slope, rel=1e-7)
    assert np.sum(s["pi"].astype(float)) == pytest.approx(1)


# -- abstracts --------------------------------------------------------------------------


def test_simplex_bound_at_beta_5():
    for count in range(2, 30):
        fits = (1 + math.log(20 * (count - 1))) / 5 <= count / (count - 1)
        assert fits == (count <= khm2024_optimum.most_ever(5))
    assert khm2024_optimum.most_ever(5) == 7


def energies(patterns, states, function):
    return -np.sum(function(states @ patterns.T), axis=-1)


@pytest.mark.parametrize(("degree", "function"), [(2, np.square), (3, lambda m: m**3), (0, np.exp)])
def test_mixtures_move_where_a_flip_lowers_the_energy(degree, function):
    found = events_abstracts.mixture_moves(rng("mix"), 60, N=15, P=4, k=3, degree=degree)
    r = rng("mix")
    patterns = events_abstracts.random_signs(r, 60, 4, 15).astype(float)
    for xi, moves in zip(patterns, found, strict=True):
        state = np.sign(xi[:3].sum(axis=0))
        flips = np.where(np.eye(15, dtype=bool), -state, state)
        gain = energies(xi, state[None], function) - energies(xi, flips, function)
        assert moves == np.any(gain > 1e-9 * np.abs(energies(xi, state[None], function)))
    assert set(found.tolist()) == {0, 1}


def test_exponential_patterns_and_hidden_codes_by_brute_force():
    assert np.all(events_abstracts.exponential_unstable(rng("exp"), 20, N=30, P=5) == 0)
    assert np.mean(events_abstracts.exponential_unstable(rng("exp"), 20, N=6, P=200)) > 0.6
    found = events_abstracts.code_unstable(rng("codes"), 80, hidden=4, visible=40)
    patterns = events_abstracts.random_signs(rng("codes"), 80, 4, 40).astype(float)
    codes = np.array(list(itertools.product((0.0, 1.0), repeat=4)))
    for xi, unstable in zip(patterns, found, strict=True):
        after = (codes @ xi / 40) @ xi.T > 0.5
        assert unstable == np.any(after != (codes > 0))
    assert set(found.tolist()) == {0, 1}


def test_noise_lowers_the_capacity():
    event = events_abstracts.noisy_bits_unstable
    assert np.all(event(rng("noisy"), 10, N=60, K=1, degree=3, noise=0.0) == 0)
    assert np.all(event(rng("noisy"), 10, N=60, K=4000, degree=3, noise=0.0) == 1)
    patterns = events_abstracts.random_signs(rng("field"), 9, 12).astype(float)
    unstable = [
        patterns[0, i] * sum(xi[i] * (xi @ patterns[0] - xi[i] * patterns[0, i]) ** 2 for xi in patterns) <= 0
        for i in range(12)
    ]
    for share in (0.0, np.mean(unstable) - 0.01, np.mean(unstable) + 0.01):
        found = event(rng("field"), 1, N=12, K=9, degree=3, noise=0.0, share=share)
        assert found[0] == (np.mean(unstable) > share)
    quiet = np.mean(event(rng("noisy"), 200, N=60, K=360, degree=3, noise=0.0))
    loud = np.mean(event(rng("noisy"), 200, N=60, K=360, degree=3, noise=3.0))
    assert quiet < 0.5 < loud


def test_adapted_scores_are_posteriors():
    """A common bias of variance 64 and noise of variance 4: the log density by the covariance matrix."""
    r = rng("ahop")
    pattern, query = r.integers(-6, 7, 5).astype(object), r.integers(-9, 10, 5).astype(object)
    away = (query - pattern).astype(float)
    covariance = 4 * np.eye(5) + 64 * np.ones((5, 5))
    expected = -away @ np.linalg.solve(covariance, away) / 2
    found = arxiv2511_20609.log_posterior(pattern, query, arxiv2511_20609.BIAS)
    assert float(found) == pytest.approx(expected)
    masked = arxiv2511_20609.log_posterior(pattern, query, arxiv2511_20609.MASK)
    assert float(masked) == pytest.approx(-np.sum(away[:2] ** 2) / 8)
