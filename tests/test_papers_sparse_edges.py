"""Hu et al. 2023 at the edges: thresholds from both sides, balanced weights, copies, jumps of (2.8)."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction as F

import numpy as np
import pytest

from simulations.variants.dense import DENSE
from simulations.variants.sparse import SPARSE
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances, exact_instance
from verify.margins import certify
from verify.papers import catalogue
from verify.papers.hu2023 import capacity, noise, retrieval
from verify.papers.hu2023.entmax_quantities import rest_alpha, self_error_alpha
from verify.vocabulary import R, beta, m, measure, update

CATALOGUE = catalogue()
NEAR = F(1, 10**6)
FACTORS = [F(1, 2), F(9, 10), F(99, 100), 1 - NEAR, F(1), 1 + NEAR, F(101, 100), F(2)]


def part(identifier: str, name: str):
    statement = CATALOGUE[identifier]
    return statement, next(p for p in statement.parts if p.name == name)


def status(identifier: str, name: str, point, model: str = "sparse") -> str:
    statement, chosen = part(identifier, name)
    return certify(chosen, statement.hypotheses, point, model=model).status


SQUARE = [[F(1), F(0)], [F(0), F(1)], [F(-1), F(0)]]


@pytest.mark.parametrize("order", [F(5, 4), F(3, 2), F(2), F(3)])
@pytest.mark.parametrize(
    "factor", [F(1, 2), F(9, 10), F(99, 100), 1 - NEAR, F(1), 1 + NEAR, F(101, 100), F(2)]
)
def test_entmax_is_exact_from_the_threshold_on(order, factor):
    # Three memories on the circle, Delta_mu = 1: the threshold is beta = 1/(alpha - 1).
    point = {
        "memories": SQUARE,
        "query": SQUARE[0],
        "beta": factor / (order - 1),
        "target": 0,
        "alpha": order,
    }
    b = exact_instance(point)
    for symbol in (rest_alpha, self_error_alpha):
        value = measure(b, symbol)[0]
        assert (value == 0) if factor >= 1 else (value > 0)
    floats = Instances(
        1,
        memories=np.array([SQUARE], dtype=float),
        query=np.array([SQUARE[0]], dtype=float),
        beta=np.array([float(point["beta"])]),
        target=np.array([0]),
        scalars={"alpha": np.array([float(order)])},
    )
    if factor != 1:
        assert (measure(floats, rest_alpha)[0] == 0) == (factor > 1)


@pytest.mark.parametrize("product", [F(101, 100), F(3, 2), F(3), F(10)])
def test_the_tolerance_radius_from_both_sides(product):
    memories = [[F(1)], [F(-1, 2)], [F(1, 4)]]
    separation = F(3, 4)
    inverse = product / separation
    radius = min((1 - v - 1 / inverse) / (1 - v) for v in (F(-1, 2), F(1, 4)))
    for factor, exact in ((1 - NEAR, True), (F(1), True), (1 + NEAR, False)):
        point = {"memories": memories, "query": [1 - factor * radius], "beta": inverse, "target": 0}
        state = update(exact_instance(point, "sparse"), "sparse")[0][0]
        assert (state == 1) == exact


def test_balanced_weights_at_the_worst_query_are_no_counterexample():
    # T(1) = 3/5 is the target although all three weights are positive; T is not constant on the ball.
    point = {
        "memories": [[F(3, 5)], [F(0)], [F(1)]],
        "query": [F(3, 5)],
        "beta": F(5, 38),
        "target": 0,
        "r": F(2, 5),
    }
    b = exact_instance(point, "sparse")
    assert measure(b, capacity.worst_error)[0] == 0
    assert measure(b, capacity.half_error)[0] == F(3, 5) - F(44, 75)
    assert status("restated.sparse-ball-exact", "the condition is necessary", point) == "holds"


def test_the_midpoint_of_the_closest_pair_is_on_both_spheres():
    rng = np.random.default_rng(3)
    xi = rng.standard_normal((6, 5, 3))
    b = Instances(6, memories=xi, query=xi[:, 0], beta=np.ones(6), target=np.zeros(6, int), model="sparse")
    for i in range(6):
        pairs = [(np.linalg.norm(xi[i, a] - xi[i, c]), a, c) for a in range(5) for c in range(a)]
        distance, a, c = min(pairs)
        middle = (xi[i, a] + xi[i, c]) / 2
        assert measure(b, retrieval.closest_half)[i] == pytest.approx(np.linalg.norm(middle - xi[i, a]))
        assert measure(b, R)[i] == pytest.approx(distance / 2)


def test_the_bound_with_the_support_jumps_where_a_memory_enters():
    # Memories 1 and -1: margin 2 beta x. Just above beta x = 1/2 the support is 1, just below it is 2.
    def term(x):
        point = {"memories": [[F(1)], [F(-1)]], "query": [x], "beta": F(2), "target": 0}
        b = exact_instance(point, "sparse")
        return measure(b, capacity.kappa)[0], noise._support_term(b)[0]

    above, below = term(F(1, 4) + NEAR), term(F(1, 4) - NEAR)
    assert above == (1, 0)
    assert below[0] == 2
    assert below[1] == 2 * 2 * (F(1, 4) - NEAR)


def test_the_slack_of_well_separation_is_never_positive_even_at_its_supremum():
    # Antipodal memories reach min Delta = 2 m R; R + delta stays below 2 m, so the logarithm is positive.
    for x in np.linspace(0.0, 2.0, 41):
        for inverse in (1e-3, 0.1, 0.5, 1.0, 10.0, 1e6):
            b = Instances(
                1,
                memories=np.array([[[1.0], [-1.0]]]),
                query=np.array([[x]]),
                beta=np.array([inverse]),
                target=np.array([0]),
                model="sparse",
            )
            separation, half = measure(b, capacity.Delta_min)[0], measure(b, R)[0]
            assert separation == 2 * measure(b, m)[0] * half
            gain = measure(b, capacity.err_dense)[0] - measure(b, capacity.err_sparse)[0]
            assert half + gain < 2


def test_a_ball_of_copies_is_outside_the_statement():
    # Two copies: T is constant whatever the condition says. The statement speaks of distinct memories.
    point = {"memories": [[F(1)], [F(1)]], "query": [F(7)], "beta": F(3), "target": 0, "r": F(1)}
    assert update(exact_instance(point, "sparse"), "sparse")[0][0] == 1
    assert status("restated.sparse-ball-exact", "the condition is necessary", point) == "inadmissible"


@pytest.mark.parametrize(
    "identifier",
    ["restated.sparse-tolerance-radius", "restated.lipschitz-dense-sparse", "restated.sparse-support-bound"],
)
def test_softmax_in_place_of_sparsemax_is_refuted(identifier):
    wrong = dataclasses.replace(
        SPARSE, weights=DENSE.weights, log_weights=DENSE.log_weights, response=lambda v, xp: _wide(v, xp)
    )
    found = forall.check(CATALOGUE[identifier], Context(models={"dense": DENSE, "sparse": wrong}))
    assert decide(found, math.log(1e6)).verdict == "refuted"


def _wide(v, xp):
    """A response twice too steep."""
    p, k = SPARSE.response(v, xp)
    return p, 2 * k


def test_the_noise_overlap_is_taken_from_the_noise():
    rng = np.random.default_rng(0)
    xi = rng.standard_normal((4, 3, 2))
    b = Instances(
        4,
        memories=xi,
        query=rng.standard_normal((4, 2)),
        beta=np.ones(4),
        target=np.array([0, 1, 2, 0]),
        model="sparse",
        scalars={"eta": np.full(4, 0.3), "side": np.array([1.0, -1.0, 1.0, 0.0])},
    )
    step = noise.moved(b).query - b.query
    expected = [xi[i, b.target[i]] @ step[i] for i in range(4)]
    assert measure(b, noise.noise_overlap) == pytest.approx(expected)
    assert measure(b, beta) == pytest.approx(1.0)
