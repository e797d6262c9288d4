"""Search finds narrow violations, shrinking makes them small, and neither invents any."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from simulations.streams import stream
from verify import Box, Hypothesis, Param, Patterns
from verify.drawing import cells, draw_cell, unpack, vector_size
from verify.instances import MODELS, Instances
from verify.margins import INFINITE, Certificate, certify, margins
from verify.search import EFFORT, maximise
from verify.shrink import in_domain, shrink
from verify.statement import Part
from verify.vocabulary import R, dist, measure, norm_spread

u, w = sp.symbols("u w", positive=True)
SQUARE = Box((Param(u, 0.01, 1.0), Param(w, 0.01, 1.0)))
NARROW = sp.Le(
    1, 1 + 1000 * ((u - sp.Rational(37, 100)) ** 2 + (w - sp.Rational(81, 100)) ** 2) - sp.Rational(1, 100)
)


def find(relation, hypotheses=(), profile="quick"):
    return maximise(
        SQUARE, (0, 0), relation, None, hypotheses, effort=EFFORT[profile], seed=0, name="t", models=MODELS
    )


def test_a_violation_on_three_hundred_thousandths_of_the_square_is_found():
    found = find(NARROW)
    assert found.excess > 1e-3
    assert float(found.batch.scalars["u"][0]) == pytest.approx(0.37, abs=0.01)


def test_nothing_is_found_where_nothing_is():
    assert find(sp.Le(u * w, (u**2 + w**2) / 2)).excess <= 1e-9


def test_no_admissible_point_is_reported_as_such():
    found = find(NARROW, (Hypothesis(sp.Ge(u, 2)),))
    assert found.excess == -np.inf
    assert found.admissible == 0


def test_shrinking_reaches_a_simple_certified_point():
    relation = sp.Le(u, sp.Rational(1, 3))
    batch = Instances(1, scalars={"u": np.array([0.7321]), "w": np.array([0.123])})

    def check(point):
        return certify(Part("p", relation), (), point).status == "violated"

    reached = shrink(SQUARE, batch, check)
    assert reached is not None
    assert reached[0]["u"].denominator <= 2
    assert check(reached[0])


def test_shrinking_gives_up_on_what_does_not_certify():
    batch = Instances(1, scalars={"u": np.array([0.2]), "w": np.array([0.2])})
    assert shrink(SQUARE, batch, lambda _: False) is None


def test_domain_of_points():
    assert in_domain(SQUARE, {"u": Fraction(1, 2), "w": Fraction(1)})
    assert not in_domain(SQUARE, {"u": Fraction(2), "w": Fraction(1)})


@pytest.mark.parametrize("kind", ["ball", "free", "hull", "pattern"])
def test_unpacked_instances_meet_their_constraints(kind):
    arena = Patterns(query=kind, norms="equal", min_memories=2)
    vectors = stream(0, "unpack", kind).uniform(-1, 1, (50, vector_size(arena, 2, 3)))
    batch = unpack(arena, vectors, 2, 3)
    assert np.all(measure(batch, norm_spread) < 1e-12)
    if kind in ("ball", "pattern"):
        assert np.all(measure(batch, dist) <= measure(batch, R))
    if kind == "hull":
        assert np.allclose(np.einsum("bm,bmd->bd", batch.hull, batch.memories), batch.query)


def test_draws_depend_on_seed_and_name_only():
    arena = Patterns(min_memories=2)
    one, same, other = (draw_cell(arena, 2, 3, 30, stream(s, "x")) for s in (1, 1, 2))
    assert np.array_equal(one.memories, same.memories)
    assert not np.array_equal(one.memories, other.memories)


def test_the_grid_visits_single_antipodal_duplicate_and_huge_beta():
    batches = list(cells(Patterns(), "quick", 0, "x"))
    assert {b.memories.shape[1] for b in batches} >= {1, 2, 3}
    assert max(float(np.max(b.beta)) for b in batches) >= 1e3
    two = next(b for b in batches if b.memories.shape[1:] == (2, 2))
    assert np.any(np.all(two.memories[:, 0] == -two.memories[:, 1], axis=-1))
    assert np.any(np.all(two.memories[:, 0] == two.memories[:, 1], axis=-1))


def test_infinite_margins():
    batch = Instances(2, scalars={"u": np.array([1.0, 2.0]), "w": np.array([1.0, 1.0])})
    assert np.all(margins(sp.Le(u, w - 5, evaluate=False), batch).excess == INFINITE)
    assert isinstance(certify(Part("p", sp.Le(u, w)), (), {"u": Fraction(1), "w": Fraction(1)}), Certificate)
