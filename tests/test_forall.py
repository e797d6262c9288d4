"""The for-all checker must find planted violations, clear true bounds, and say when nothing can be said."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from sympy import Eq, Ge, Le, Rational, exp

from simulations.variants.dense import DENSE
from simulations.variants.sparse import SPARSE
from verify import (
    Box,
    Hypothesis,
    Inequality,
    Param,
    Part,
    Patterns,
    Source,
    exponent_scaled,
    flipped,
    scaled,
)
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances
from verify.margins import certify
from verify.vocabulary import Delta_x, M, R, beta, dist, err, err_dense, err_sparse, m, norm_spread, norm_x

THRESHOLD = math.log(1e6)
eps = (M - 1) * exp(-beta * Delta_x)


def bound(relation, controls=(), hypotheses=(), arena=None, **more):
    return Inequality(
        id="test.bound",
        title="a bound",
        source=Source("user", "test"),
        provenance="derived",
        arena=arena or Patterns(min_memories=2),
        hypotheses=hypotheses,
        parts=(Part("error", relation, trivial=None if isinstance(arena, Box) else 2 * m),),
        controls=controls or (flipped(),),
        **more,
    )


def verdict(statement, **context):
    evidence = forall.check(statement, Context(**context))
    return decide(evidence, THRESHOLD), evidence


TRUE_BOUND = Le(err, 2 * m * eps / (1 + eps))


def test_a_true_and_attained_bound_survives_and_its_controls_are_caught():
    found, evidence = verdict(bound(TRUE_BOUND, (scaled("99/100"), exponent_scaled("1/2"))))
    assert found.verdict == "not refuted"
    assert [c.caught for c in evidence.controls] == [True, True]
    assert evidence.parts[0].log_ratio == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    "relation",
    [
        Le(err, Rational(100, 105) * 2 * m * eps / (1 + eps)),
        Le(err, 2 * m * eps / (1 + eps) / (M - 1)),
        Le(err, 2 * m * exp(-beta * Delta_x) * (M - 1) / 3),
    ],
)
def test_the_same_bound_tightened_or_with_a_factor_missing_is_refuted_with_a_certified_witness(relation):
    found, evidence = verdict(bound(relation))
    assert found.verdict == "refuted"
    witness = evidence.parts[0].witness
    assert witness is not None
    again = certify(Part("error", relation), (), witness.point)
    assert again.status == "violated"
    # An independent recomputation in plain floats agrees with the certified left side.
    memories = np.array([[float(v) for v in row] for row in witness.point["memories"]])
    x = np.array([float(v) for v in witness.point["query"]])
    p = np.exp(float(witness.point["beta"]) * (memories @ x))
    p /= p.sum()
    error = np.linalg.norm(p @ memories - memories[witness.point["target"]])
    stated = witness.lhs.strip("[").split()[0]
    assert error == pytest.approx(float(Fraction(stated.rstrip("]"))), rel=1e-9)


def test_witnesses_are_small_and_respect_the_domain():
    _, evidence = verdict(
        bound(
            Le(err_sparse, err_dense),
            arena=Patterns(min_memories=2, query="ball"),
            hypotheses=(Hypothesis(Le(dist, R)),),
        )
    )
    point = evidence.parts[0].witness.point
    assert len(point["memories"]) <= 3
    assert len(point["memories"][0]) <= 2
    assert point["beta"] > 0


def test_unsatisfiable_hypotheses_are_called_so():
    found, evidence = verdict(
        bound(
            TRUE_BOUND,
            hypotheses=(Hypothesis(Ge(Delta_x, 5 * m * dist + 20 * m**2)), Hypothesis(Le(dist, m))),
        )
    )
    assert found.verdict == "unsatisfiable"
    assert evidence.parts[0].admissible == 0


def test_a_control_that_survives_makes_a_pass_blind():
    found, _ = verdict(bound(TRUE_BOUND, (scaled(2),)))
    assert found.verdict == "blind"
    assert found.outcome == "none"


def test_a_formula_without_real_value_is_undefined_with_a_certified_example():
    found, evidence = verdict(bound(Le(err, sp.log(R - m - 1))))
    assert found.verdict == "undefined"
    assert "log" in evidence.parts[0].undefined_detail


def test_equal_norms_are_exact_at_the_witness():
    arena = Patterns(norms="equal", query="pattern", sizes=((2, 3), (3, 4)), min_memories=2)
    relation = Le(err, 2 * m * eps / (1 + eps) / 3)
    found, evidence = verdict(bound(relation, arena=arena, hypotheses=(Hypothesis(Eq(norm_spread, 0)),)))
    assert found.verdict == "refuted"
    squares = {sum(v * v for v in row) for row in evidence.parts[0].witness.point["memories"]}
    assert len(squares) == 1


def test_violations_too_extreme_to_certify_do_not_hide_the_moderate_ones():
    def planted(excess, count):
        one = Instances(1, memories=np.zeros((1, count, 1)), beta=np.ones(1))
        return forall.Candidate(excess, one)

    extreme = [planted(1000.0, 2) for _ in range(10)]
    clear, larger = planted(0.5, 2), planted(2.0, 3)
    kept = forall._to_certify([*extreme, larger, clear])
    assert len(kept) == forall.KEEP
    assert kept[0] is clear
    assert larger in kept
    assert sum(c in extreme for c in kept) == forall.KEEP - 2
    assert forall._to_certify(extreme) == extreme[: forall.KEEP]


def test_more_small_instances_are_drawn_until_the_data_violate_every_control():
    arena = Patterns(min_memories=2, sizes=((1, 2), (10, 20)), search=False)
    once = verdict(bound(TRUE_BOUND, (scaled("99/100"),), arena=arena))[1].budget["instances"]
    blind = verdict(bound(TRUE_BOUND, (scaled(2),), arena=arena))[1].budget["instances"]
    assert blind == once + forall.ROUNDS * once // 2
    larger = dataclasses.replace(arena, more=3)
    assert verdict(bound(TRUE_BOUND, (scaled("99/100"),), arena=larger))[1].budget["instances"] == 3 * once


def test_zero_against_an_enclosed_zero_is_a_tie_where_the_part_has_a_scale():
    point = {"memories": [[Fraction(1)]], "query": [Fraction(1)], "beta": Fraction(5), "target": 0}
    difference = exp(beta * m) - exp(beta)
    claimed = Le(0, difference, evaluate=False)
    assert certify(Part("p", claimed), (), point).status == "undecided"
    assert certify(Part("p", claimed, scale=m), (), point).status == "tie"
    below = Le(0, difference - m * Rational(1, 10**90), evaluate=False)
    assert certify(Part("p", below, scale=m), (), point).status == "violated"


def test_an_undefined_formula_is_drawn_by_what_it_needs():
    (curve,) = verdict(bound(Le(err, sp.log(R - m - beta))))[1].curves
    assert curve["title"].endswith("what the formula needs")
    needed, argument = (series["y"] for series in curve["series"][:2])
    assert min(needed) < 0
    assert set(argument) == {0.0}


def test_a_condition_that_nothing_meets_is_drawn_where_it_is_missed_least():
    # Delta_x is at most 2 m |x|.
    impossible = bound(TRUE_BOUND, hypotheses=(Hypothesis(Ge(Delta_x, 3 * m * norm_x + m**2 / 10**6)),))
    found, evidence = verdict(impossible)
    assert found.verdict == "unsatisfiable"
    (curve,) = evidence.curves
    attained, required = (np.array(series["y"]) for series in curve["series"][:2])
    assert np.all(attained < required)
    assert np.max(attained / required) == pytest.approx(2 / 3, rel=1e-2)


def test_a_witness_without_a_line_is_drawn_in_space():
    # Constant in beta and along the query: no line shows more than the two numbers.
    found, evidence = verdict(bound(Le(2 * m, m), arena=Patterns(sizes=((1, 2), (2, 2)))))
    assert found.verdict == "refuted"
    (curve,) = evidence.curves
    assert curve["title"] == "error: the witness"
    query = next(s for s in curve["series"] if s["name"] == "query")
    point = evidence.parts[0].witness.point
    assert [query["x"][0], query["y"][0]] == pytest.approx([float(v) for v in (*point["query"], 0)][:2])
    (moved,) = (s for s in curve["series"] if s["name"] == "one update of the query")
    memories = np.array(point["memories"], dtype=float)
    p = np.exp(float(point["beta"]) * memories @ np.array(point["query"], dtype=float))
    assert moved["x"][0] == pytest.approx((p / p.sum() @ memories)[0])


def beta_squared(scores, xp):
    return DENSE.weights(scores * xp.abs(scores), xp)


def off_by_one(scores, xp):
    p = np.asarray(SPARSE.weights(scores, xp), dtype=float)
    smallest = np.where(p > 0, p, np.inf).argmin(axis=-1)
    drop = np.zeros_like(p)
    np.put_along_axis(drop, smallest[..., None], 1.0, axis=-1)
    several = (p > 0).sum(axis=-1, keepdims=True) > 1
    return np.where(several, p * (1 - drop), p)


def test_a_wrong_dense_variant_is_caught():
    wrong = dataclasses.replace(
        DENSE, weights=beta_squared, log_weights=lambda v, xp: DENSE.log_weights(v * xp.abs(v), xp)
    )
    _, evidence = verdict(bound(TRUE_BOUND), models={"dense": wrong, "sparse": SPARSE})
    assert evidence.parts[0].log_ratio > 0.01


def test_scalar_box_is_proved_and_its_false_version_refuted():
    x = sp.Symbol("x", real=True)
    box = Box((Param(x, 0.0, math.pi),), proof={x: (sp.Integer(0), sp.pi)})
    true = bound(Le(sp.cos(x), 1 - x**2 / 5), (scaled("9/10"),), arena=box, prove=True, equality_at=({x: 0},))
    assert verdict(true)[0].verdict == "proved"
    false = bound(Le(sp.cos(x), 1 - x**2 / 4), arena=box, prove=True)
    found, evidence = verdict(false)
    assert found.verdict == "refuted"
    at = float(evidence.parts[0].witness.point["x"])
    assert math.cos(at) > 1 - at**2 / 4


def test_given_memories_are_the_only_ones_used():
    vectors = np.eye(3) * 2
    _, evidence = verdict(bound(TRUE_BOUND), memories=vectors, betas=(0.5,))
    assert evidence.given_memories
    assert evidence.parts[0].where["M"] == 3
    assert evidence.parts[0].where["beta"] == 0.5


def test_same_seed_same_evidence():
    first, second = (forall.check(bound(TRUE_BOUND), Context(seed=7)) for _ in range(2))
    assert first.parts[0].log_ratio == second.parts[0].log_ratio
    assert first.budget == second.budget
