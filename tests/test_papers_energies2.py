"""Log-sum-ReLU, denoising, sampling and memory modules: quantities and events against oracles of their own."""

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


def test_cells_of_a_line_are_counted():
    """Three overlapping intervals have the active sets 1, 12, 123, 23 and 3."""
    memories = np.array([[[0.0], [0.5], [1.0]]])
    b = Instances(1, memories=memories, query=memories[:, 0], beta=np.array([2 / 0.75**2]), target=np.array([0]))
    assert measure(b, quantities.cell_bound)[0] == 7
    # Centroids 0, 1/4, 1/2, 3/4 and 1 see 12, 12, 123, 23, 23.
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
