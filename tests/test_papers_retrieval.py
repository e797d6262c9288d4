"""Retrieval and metastable states: quantities against plain formulas, and models that must be refuted."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest

from simulations.variants.dense import DENSE
from verify.arena import Patterns
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances
from verify.papers.ramsauer2021 import metastable, retrieval
from verify.vocabulary import measure, measure_log

REFUTE = math.log(1e5)


def colder(factor):
    """A wrong model: the scores are divided by ``factor`` before the softmax."""
    return dataclasses.replace(
        DENSE,
        weights=lambda scores, xp: DENSE.weights(scores / factor, xp),
        log_weights=lambda scores, xp: DENSE.log_weights(scores / factor, xp),
    )


def small(statement, **changes):
    """The statement on a few small sizes, without the search."""
    sizes = ((1, 3), (2, 5), (3, 8)) if statement.arena.clustered else ((1, 2), (2, 3), (3, 4))
    arena = dataclasses.replace(statement.arena, sizes=sizes, search=False, **changes)
    return dataclasses.replace(statement, arena=arena, controls=())


@pytest.mark.parametrize(
    "statement",
    [
        retrieval.THM5,
        retrieval.THM5_FIXED_POINT,
        retrieval.RETRIEVAL,
        metastable.LEMMA_A9,
    ],
    ids=lambda s: s.id,
)
def test_a_colder_model_is_refuted(statement):
    wrong = forall.check(small(statement), Context(models={"dense": colder(4)}))
    assert decide(wrong, REFUTE).verdict == "refuted"
    right = forall.check(small(statement), Context())
    assert decide(right, REFUTE).outcome != "fail"


def example(beta, offset):
    """Three patterns in the plane, the query near the first."""
    memories = np.array([[[1.0, 0.0], [-0.5, 0.8], [-0.3, -0.9]]])
    return Instances(
        1,
        memories=memories,
        query=memories[:, 0] + np.array([offset]),
        beta=np.array([beta]),
        target=np.array([0]),
    )


def exact_update(memories, x, beta):
    weights = [mpmath.exp(beta * sum(a * b for a, b in zip(row, x, strict=True))) for row in memories]
    total = mpmath.fsum(weights)
    pairs = list(zip(weights, memories, strict=True))
    return [mpmath.fsum(w * row[k] for w, row in pairs) / total for k in range(len(x))]


@pytest.mark.parametrize("beta", [2.0, 20.0, 100.0])
@pytest.mark.parametrize("offset", [(0.0, 0.0), (1e-9, -2e-9), (-0.2, 0.1)])
def test_distances_to_the_fixed_point_keep_their_digits(beta, offset):
    """gap and gap_after against 200 digits, also where x* and T(x) agree to all digits of a double."""
    batch = example(beta, offset)
    with mpmath.workdps(200):
        memories = [[mpmath.mpf(v) for v in row] for row in batch.memories[0].tolist()]
        x = [mpmath.mpf(v) for v in batch.query[0].tolist()]
        star = memories[0]
        for _ in range(600):
            star = exact_update(memories, star, mpmath.mpf(beta))
        after = exact_update(memories, x, mpmath.mpf(beta))
        wanted_gap = float(mpmath.sqrt(sum((a - b) ** 2 for a, b in zip(x, star, strict=True))))
        wanted = float(mpmath.sqrt(sum((a - b) ** 2 for a, b in zip(after, star, strict=True))))
    assert measure(batch, retrieval.gap)[0] == pytest.approx(wanted_gap, rel=1e-6)
    assert measure(batch, retrieval.gap_after)[0] == pytest.approx(wanted, rel=1e-6)


def clustered(size=6, seed=3):
    rng = np.random.default_rng(seed)
    memories = rng.standard_normal((size, 5, 3))
    memories[:, :2] = memories[:, :1] + 0.1 * rng.standard_normal((size, 2, 3))
    return Instances(
        size,
        memories=memories,
        query=rng.standard_normal((size, 3)),
        beta=np.full(size, 1.5),
        target=np.zeros(size, dtype=int),
        scalars={"l": np.full(size, 2.0)},
    )


def test_cluster_quantities_by_loops():
    batch = clustered()
    for i in range(batch.size):
        rows, x = batch.memories[i], batch.query[i]
        mean = (rows[0] + rows[1]) / 2
        p = np.exp(1.5 * rows @ x)
        p /= p.sum()
        expected = {
            metastable.m_max_l: max(np.linalg.norm(rows[0] - mean), np.linalg.norm(rows[1] - mean)),
            metastable.gamma_out: p[2:].sum(),
            metastable.c_x: x @ mean - max(rows[2:] @ x),
            metastable.Delta_m: mean @ mean - max(rows[2:] @ mean),
            metastable.dist_m: np.linalg.norm(x - mean),
            metastable.err_m: np.linalg.norm(p @ rows - mean),
        }
        for symbol, value in expected.items():
            assert measure(batch, symbol)[i] == pytest.approx(value, rel=1e-10), symbol
        assert measure_log(batch, metastable.err_m)[i] == pytest.approx(math.log(expected[metastable.err_m]))
        assert measure_log(batch, metastable.gamma_out)[i] == pytest.approx(math.log(p[2:].sum()))


def test_a_cluster_of_copies_has_no_error_floor():
    """With l = 1 the error is the weight outside times a distance, down to the smallest weights."""
    batch = Instances(
        1,
        memories=np.array([[[1.0], [-1.0]]]),
        query=np.array([[1.0]]),
        beta=np.array([300.0]),
        target=np.array([0]),
        scalars={"l": np.array([1.0])},
    )
    assert measure_log(batch, metastable.err_m)[0] == pytest.approx(math.log(2) - 600)


def test_the_hypothesis_of_the_metastable_lemmas_can_be_met():
    """Two patterns close together against one opposite: the lemma speaks, and the fixed point is there."""
    delta, beta = 0.1, 80.0
    memories = np.array([[[1.0, delta], [1.0, -delta], [-1.0, 0.0]]])
    batch = Instances(
        1,
        memories=memories,
        query=np.array([[1.0, 0.0]]),
        beta=np.array([beta]),
        target=np.array([0]),
        scalars={"l": np.array([2.0])},
    )
    assert measure(batch, metastable.m_max_l)[0] == pytest.approx(delta)
    assert measure(batch, metastable.limit_m)[0] <= 1 / (beta * delta)
    assert isinstance(metastable.LEMMA_A10_A12.arena, Patterns)
