"""A failing statement shows its violation: both sides around the witness, against closed forms."""

from __future__ import annotations

import math

import pytest
import sympy as sp

from verify import Box, Hypothesis, Inequality, Param, Part, Patterns, Points, Source, flipped
from verify.checkers import forall
from verify.context import Context
from verify.vocabulary import Delta_x, M, beta, err, m

u = sp.Symbol("u", positive=True)


def evidence(arena, relation, *hypotheses):
    statement = Inequality(
        id="test.picture",
        title="a planted statement",
        source=Source("user", "test"),
        provenance="derived",
        arena=arena,
        hypotheses=hypotheses,
        parts=(Part("part", relation),),
        controls=(flipped(),),
    )
    return forall.check(statement, Context())


def series(found, role):
    (curve,) = found.curves
    (chosen,) = [s for s in curve["series"] if s["role"] == role]
    return chosen


def test_scalars_vary_over_their_range():
    found = evidence(Box((Param(u, 0.5, 2.0),)), sp.Le(u**2, 1))
    left, right, bad = (series(found, r) for r in ("reference", "bound", "witness"))
    assert left["y"] == pytest.approx([x**2 for x in left["x"]], rel=1e-12)
    assert set(right["y"]) == {1.0}
    assert set(bad["x"]) == {float(found.parts[0].witness.point["u"])}
    assert min(bad["y"]) > 1


def test_only_admissible_points_are_drawn():
    found = evidence(Box((Param(u, 0.5, 2.0),)), sp.Le(u**2, 1), Hypothesis(sp.Ge(u, sp.Rational(3, 4))))
    assert min(series(found, "reference")["x"]) >= 0.75


def test_memory_sets_vary_the_temperature():
    """The error of the dense update is not at most half the largest norm at beta m^2 below 1."""
    found = evidence(Patterns(min_memories=2), sp.Le(err, m / 2), Hypothesis(sp.Ge(Delta_x, m**2)))
    measured = series(found, "reference")
    point = found.parts[0].witness.point
    assert found.curves[0]["x_label"] == "beta"
    assert set(series(found, "witness")["x"]) == {float(point["beta"])}
    memories, query = point["memories"], point["query"]
    logits = [float(sum(a * b for a, b in zip(row, query, strict=True))) for row in memories]
    for b, y in zip(measured["x"], measured["y"], strict=True):
        w = [math.exp(b * (z - max(logits))) for z in logits]
        state = [
            sum(float(row[i]) * p for row, p in zip(memories, w, strict=True)) / sum(w)
            for i in range(len(query))
        ]
        target = [float(v) for v in memories[point["target"]]]
        assert y == pytest.approx(math.dist(state, target), rel=1e-9, abs=1e-12)


def test_where_the_temperature_changes_nothing_the_query_moves():
    """At the origin all overlaps agree at every beta: the image is the mean of the memories."""
    eps = (M - 1) * sp.exp(-beta * Delta_x)
    found = evidence(Patterns(min_memories=2), sp.Le(err, m * eps / (1 + eps) / 2))
    assert found.curves[0]["x_label"].startswith("share of the way")
    assert series(found, "witness")["x"]


def test_points_are_drawn_over_the_scalar_that_tells_them_apart():
    grid = Points(tuple({u: sp.Rational(k, 4)} for k in (1, 3, 5, 7)))
    found = evidence(grid, sp.Le(u**2, 1))
    assert found.curves[0]["x_label"] == "u"
    assert series(found, "simulation")["y"] == [1 / 16, 9 / 16, 25 / 16, 49 / 16]
    assert series(found, "witness")["x"] == [1.25, 1.75]


def test_nothing_is_drawn_where_nothing_fails():
    assert evidence(Points(({u: sp.Rational(1, 2)}, {u: sp.Rational(1, 3)})), sp.Le(u**2, 1)).curves == []
    assert evidence(Box((Param(u, 0.1, 0.9),)), sp.Le(u**2, 1)).curves == []
