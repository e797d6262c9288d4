"""Outlier-efficient model: quantities in mpmath and by plain iteration, planted errors, learning."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from simulations.events_generalisation import SCALE, _losses, generalisation_gap_above
from simulations.streams import stream
from simulations.variants.softmax1 import SOFTMAX1
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances
from verify.margins import certify
from verify.papers import catalogue
from verify.papers import outeffhop2024 as paper
from verify.vocabulary import E_x, dist_star, err, measure, p_mu, q_mu

CATALOGUE = catalogue()


def evidence(identifier: str, **context):
    return forall.check(CATALOGUE[identifier], Context(**context))


def verdict(identifier: str, **context):
    return decide(evidence(identifier, **context), math.log(1e6)).verdict


def batch(seed: int, size: int = 5) -> Instances:
    rng = np.random.default_rng(seed)
    return Instances(
        size,
        memories=rng.standard_normal((size, 4, 3)),
        query=rng.standard_normal((size, 3)),
        beta=rng.uniform(0.3, 4.0, size),
        target=rng.integers(0, 4, size),
        scalars={"C": rng.uniform(-3, 3, size)},
        model="softmax1",
    )


def point(memories, query, beta, target=0):
    return {
        "memories": [[Fraction(v) for v in row] for row in memories],
        "query": [Fraction(v) for v in query],
        "beta": Fraction(beta),
        "target": target,
    }


@pytest.mark.parametrize("seed", range(3))
def test_quantities_in_mpmath(seed):
    b = batch(seed)
    found = {s: measure(b, s) for s in (p_mu, q_mu, err, E_x, paper.p_0, paper.p_lifted, paper.p_dense_mu)}
    length, separation = measure(b, paper.image_length), measure(b, paper.Delta_extended)
    with mpmath.workdps(30):
        for i in range(b.size):
            xi = [[mpmath.mpf(float(v)) for v in row] for row in b.memories[i]]
            x, beta, mu = [mpmath.mpf(float(v)) for v in b.query[i]], b.beta[i], int(b.target[i])
            z = [mpmath.fdot(row, x) for row in xi]
            total = 1 + sum(mpmath.exp(beta * v) for v in z)
            p = [mpmath.exp(beta * v) / total for v in z]
            image = [sum(w * row[k] for w, row in zip(p, xi, strict=True)) for k in range(3)]
            assert found[p_mu][i] == pytest.approx(float(p[mu]))
            assert found[paper.p_lifted][i] == pytest.approx(float(p[mu]))
            assert found[paper.p_dense_mu][i] == pytest.approx(float(p[mu] / (1 - 1 / total)))
            assert found[paper.p_0][i] == pytest.approx(float(1 / total))
            assert found[q_mu][i] == pytest.approx(float(sum(p) - p[mu]))
            assert found[err][i] == pytest.approx(
                float(mpmath.norm([a - c for a, c in zip(image, xi[mu], strict=True)]))
            )
            assert found[E_x][i] == pytest.approx(float(mpmath.fdot(x, x) / 2 - mpmath.log(total) / beta))
            assert length[i] == pytest.approx(float(mpmath.norm(image)))
            own = mpmath.fdot(xi[mu], xi[mu])
            others = [mpmath.fdot(xi[mu], row) for j, row in enumerate(xi) if j != mu]
            assert separation[i] == pytest.approx(float(min(own - max(others), own)))


def test_a_single_memory_is_shrunk():
    # The memory 1 at beta = 1, x = 1: T_1 = e/(1 + e), the dense map is exact. (M = 1 has no sphere S_mu.)
    part = CATALOGUE["outeffhop2024.thm3.2-errors"].parts[0]
    found = certify(part, (), point([[1], [1]], [1], 1), model="softmax1")
    assert found.status == "violated"


def test_the_two_bounds_differ_by_the_missing_mass():
    statement = CATALOGUE["outeffhop2024.thm3.2-bounds"]
    # Memories 0 (target) and 2, x = -1, beta = 1: p_mu = 1/(1 + e^-2) > 1/2.
    at = point([[0], [2]], [-1], 1)
    found = certify(statement.parts[0], (), at, model="softmax1")
    assert found.status == "violated"
    p, p0 = 1 / (1 + math.exp(-2)), 1 / (2 + math.exp(-2))
    assert float(found.lhs.strip("[").split(" ")[0]) == pytest.approx(2 * (2 * (1 - (1 - p0) * p) - p0))
    assert float(found.rhs.strip("[").split(" ")[0]) == pytest.approx(4 * (1 - p))


def test_two_orthogonal_memories_stored_by_the_dense_map_only():
    beta, x, y = 2.2, np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(20_000):
        dense, one = np.exp(beta * x), np.exp(beta * y)
        x, y = dense / dense.sum(), one / (1 + one.sum())
    radius = math.sqrt(0.5)
    assert np.linalg.norm(x - [1, 0]) < radius
    assert y[0] == pytest.approx(y[1])
    assert np.linalg.norm(y - [1, 0]) > radius
    statement = CATALOGUE["outeffhop2024.thm3.3"]
    at = point([[1, 0], [0, 1]], [1, 0], Fraction(11, 5))
    assert certify(statement.parts[0], statement.hypotheses, at, model="softmax1").status == "violated"
    b = Instances(
        1,
        memories=np.eye(2)[None],
        query=np.array([[1.0, 0.0]]),
        beta=np.array([beta]),
        target=np.zeros(1, int),
        model="softmax1",
    )
    assert measure(b, dist_star)[0] == pytest.approx(np.linalg.norm(y - [1, 0]))


def twice(v, xp):
    """exp(v_i)/(2 + sum exp(v_j)): a missing mass that is too large."""
    if v.dtype == object:
        return xp.exp(v) / (2 + xp.sum(xp.exp(v), axis=-1, keepdims=True))
    top = xp.maximum(xp.max(v, axis=-1, keepdims=True), 0.0)
    return xp.exp(v - top) / (2 * xp.exp(-top) + xp.sum(xp.exp(v - top), axis=-1, keepdims=True))


def test_another_missing_mass_is_caught():
    wrong = dataclasses.replace(SOFTMAX1, weights=twice, log_weights=SOFTMAX1.log_weights, surplus=None)
    for identifier in ("outeffhop2024.no-op-class", "restated.softmax1-extra-pattern"):
        assert verdict(identifier, models={"softmax1": wrong}) == "refuted", identifier


def test_an_energy_of_the_wrong_sign_is_caught():
    wrong = dataclasses.replace(SOFTMAX1, energy=lambda *a: -SOFTMAX1.energy(*a))
    assert verdict("outeffhop2024.lemma2.1", models={"softmax1": wrong}) == "refuted"


def test_generalisation_event_is_monotone_and_certain_at_the_ends():
    keywords = {"samples": 50, "memories": 4, "dimension": 3}
    small = generalisation_gap_above(stream(0, "gap"), 40, load=1.0, **keywords)
    large = generalisation_gap_above(stream(0, "gap"), 40, load=1e6, **keywords)
    assert np.all(small == 0)
    assert np.all(large == 1)
    middle = [
        generalisation_gap_above(stream(0, "gap"), 40, load=x, **keywords) for x in (200.0, 350.0, 500.0)
    ]
    assert np.all(middle[0] <= middle[1])
    assert np.all(middle[1] <= middle[2])
    assert middle[2].sum() > 0
    with pytest.raises(ValueError, match="samples"):
        generalisation_gap_above(stream(0, "gap"), 1, load=1.0, samples=0, memories=4, dimension=3)


def test_the_gap_of_the_event_is_that_of_a_normal_deviation():
    # One layer alone would exceed u/sqrt(N) standard deviations with probability 2 (1 - Phi(u)); sixteen, at
    # most sixteen times as often, and at least as often as the layer of the largest deviation.
    losses = _losses(8, 4)
    assert losses.min() >= 0
    assert losses.max() <= 1
    n, u = 400, 2.0
    load = SCALE * math.sqrt(n) / u
    found = generalisation_gap_above(stream(3, "normal"), 3000, samples=n, load=load, memories=8, dimension=4)
    one = math.erfc(u / math.sqrt(2))
    assert 0.7 * one < np.mean(found == 1) < 16 * one
