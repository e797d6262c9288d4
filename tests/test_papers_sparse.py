"""Hu et al. 2023: quantities against direct formulas, witnesses recomputed by hand, wrong variants caught."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest

from simulations.variants.dense import DENSE
from simulations.variants.sparse import SPARSE
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances
from verify.margins import certify
from verify.papers import catalogue
from verify.papers.hu2023 import capacity, dynamics, error_bounds, noise
from verify.vocabulary import measure

CATALOGUE = catalogue()


def verdict(identifier: str, **context):
    return decide(forall.check(CATALOGUE[identifier], Context(**context)), math.log(1e6)).verdict


def project(v: list[Fraction]) -> list[Fraction]:
    """Projection on the simplex by trying all supports, exactly."""
    best = None
    for size in range(1, len(v) + 1):
        keep = sorted(range(len(v)), key=lambda i: -v[i])[:size]
        tau = (sum(v[i] for i in keep) - 1) / size
        p = [v[i] - tau if i in keep else Fraction(0) for i in range(len(v))]
        if min(p) >= 0:
            distance = sum((a - b) ** 2 for a, b in zip(p, v, strict=True))
            best = min(best, (distance, p)) if best else (distance, p)
    assert best is not None
    return best[1]


def batch(seed: int) -> Instances:
    rng = np.random.default_rng(seed)
    return Instances(
        5,
        memories=rng.integers(-4, 5, (5, 4, 2)) / 2,
        query=rng.integers(-4, 5, (5, 2)) / 4,
        beta=rng.integers(1, 9, 5) / 4,
        target=rng.integers(0, 4, 5),
        model="sparse",
        scalars={
            "r": np.full(5, 0.25),
            "eta": np.full(5, 0.125),
            "side": np.ones(5),
            "share": np.full(5, 0.5),
        },
    )


@pytest.mark.parametrize("seed", range(8))
def test_quantities_of_the_support(seed):
    b = batch(seed)
    for i in range(b.size):
        z = b.memories[i] @ b.query[i]
        p = [float(v) for v in project([Fraction(float(b.beta[i] * v)) for v in z])]
        inside = [j for j in range(4) if p[j] > 0]
        mu = b.target[i]
        gram = b.memories[i] @ b.memories[i].T
        expected = {
            capacity.kappa: len(inside),
            error_bounds.support_gap: max(z) - min(z[j] for j in inside),
            error_bounds.support_sum: sum(z[mu] - z[j] for j in inside),
            error_bounds.p_mu_sparse: p[mu],
            error_bounds.rival: max(gram[mu][j] for j in range(4) if j != mu),
            error_bounds.rival_all: max(gram[mu]),
            dynamics.psi_direct: max(
                sum(q[j] * b.beta[i] * z[j] for j in range(4)) + (1 - sum(v * v for v in q)) / 2
                for q in [p, *np.eye(4), np.full(4, 0.25)]
            ),
            capacity.Delta_min: min(gram[a][a] - gram[a][c] for a in range(4) for c in range(4) if a != c),
        }
        for symbol, value in expected.items():
            assert measure(b, symbol)[i] == pytest.approx(value, abs=1e-12), symbol


def test_the_noise_moves_towards_the_nearest_memory():
    b = batch(1)
    moved = noise.moved(b)
    for i in range(b.size):
        gaps = b.memories[i] - b.memories[i][b.target[i]]
        lengths = np.linalg.norm(gaps, axis=1)
        lengths[b.target[i]] = np.inf
        step = (moved.query - b.query)[i]
        assert np.linalg.norm(step) == pytest.approx(0.125 * lengths.min())


def test_the_printed_energy_rises_for_one_memory():
    # H(x) = -beta x + x^2/2 for the memory 1; T(x) = 1. At x = beta = 2: H falls short of H(T(x)).
    statement = CATALOGUE["hu2023.lemma2.1-energy"]
    point = {"memories": [[Fraction(1)]], "query": [Fraction(2)], "beta": Fraction(2), "target": 0}
    found = certify(statement.parts[0], (), point, model="sparse")
    assert (found.status, found.lhs, found.rhs) == ("violated", "-3/2", "-2")


def test_a_query_nearer_to_the_smaller_memory_is_taken_by_the_larger_one():
    # Memories 0 (target) and 1, x = 1/2, beta = 1: sparse weights (1/4, 3/4), dense ones 1/(1 + exp(1/2)).
    statement = CATALOGUE["hu2023.thm2.2-sparse-vs-dense"]
    point = {
        "memories": [[Fraction(0)], [Fraction(1)]],
        "query": [Fraction(1, 2)],
        "beta": Fraction(1),
        "target": 0,
    }
    found = certify(statement.parts[0], statement.hypotheses, point, model="sparse")
    assert (found.status, found.lhs) == ("violated", "3/4")
    assert 1 - 1 / (1 + math.exp(0.5)) < 0.75


def test_well_separation_cannot_be_met_by_the_closest_pair():
    rng = np.random.default_rng(5)
    for _ in range(2000):
        count, d = rng.integers(2, 6), rng.integers(1, 5)
        xi = rng.standard_normal((count, d))
        gram = xi @ xi.T
        delta = min(gram[a, a] - gram[a, c] for a in range(count) for c in range(count) if a != c)
        m = np.linalg.norm(xi, axis=1).max()
        half = min(np.linalg.norm(xi[a] - xi[c]) for a in range(count) for c in range(a)) / 2
        assert delta <= 2 * m * half + 1e-9  # so the logarithm would have to be negative
        assert half <= m + 1e-12
    assert verdict("hu2023.thm3.1-dense-analogue") == "unsatisfiable"


def off_by_one(v, xp):
    """Sparsemax whose support is one too small."""
    p = np.asarray(SPARSE.weights(v, xp))
    order = np.argsort(np.argsort(-p.astype(float), axis=-1), axis=-1)
    size = np.maximum((p > 0).sum(axis=-1, keepdims=True) - 1, 1)
    keep = order < size
    zero = v[..., :1] * 0
    tau = (np.sum(np.where(keep, v, zero), axis=-1, keepdims=True) - 1) / size
    return np.where(keep, v - tau, zero)


def test_a_sparsemax_with_a_support_off_by_one_is_caught():
    wrong = dataclasses.replace(SPARSE, weights=off_by_one)
    caught = set()
    for identifier in (
        "hu2023.psi-star-closed-form",
        "restated.sparse-energy",
        "restated.sparse-mass-comparison",
    ):
        caught.add(verdict(identifier, models={"dense": DENSE, "sparse": wrong}))
    assert "refuted" in caught


def test_a_softmax_with_beta_squared_is_refuted_in_its_own_arithmetic():
    def squared(v, xp):
        return DENSE.weights(v * abs(v), xp)

    wrong = dataclasses.replace(
        DENSE, weights=squared, log_weights=lambda v, xp: DENSE.log_weights(v * abs(v), xp)
    )
    assert verdict("restated.one-update-margin", models={"dense": wrong, "sparse": SPARSE}) == "refuted"
