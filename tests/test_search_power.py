"""Search power: planted violations of known share and dimension, and the budget that finds them.

The table in the README is printed by ``benchmarks/search_power.py``; here stands what must not get worse.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from simulations.streams import stream
from verify import Patterns, power, search
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.drawing import unpack, vector_size
from verify.instances import MODELS, Instances
from verify.margins import margins
from verify.search import EFFORT, SEARCH_SIZES, search_sizes
from verify.statement import Inequality, Part, Source
from verify.vocabulary import number, quantity

PLACES = range(3)


@pytest.mark.parametrize("shape", power.SHAPES)
@pytest.mark.parametrize(("n", "share"), [(1, 1e-1), (2, 1e-2), (3, 1e-1), (7, 1e-2)])
def test_the_planted_share_is_the_share(shape, n, share):
    p = power.plant(shape, n, share, 0)
    inside = np.mean(p.missed_by(stream(0, "share").uniform(size=(200_000, n))) < 0)
    assert inside == pytest.approx(share, rel=0.1)
    corners = [float(c) + s * float(p.half) for c in p.centre for s in (-1, 1)]
    assert min(corners) > -1e-8
    assert max(corners) < 1 + 1e-8


@pytest.mark.parametrize("shape", power.SHAPES)
def test_formula_and_floats_agree_on_what_is_planted(shape):
    p = power.plant(shape, 3, 1e-2, 1)
    points = stream(0, "agree").uniform(size=(200, 3))
    points[:50] = np.array([float(c) for c in p.centre]) + (points[:50] - 0.5) * float(p.half)
    scalars = {str(u): points[:, i] for i, u in enumerate(p.symbols())}
    found = margins(p.relation(), Instances(len(points), scalars=scalars))
    assert np.allclose(found.excess, -p.missed_by(points), atol=1e-9)
    assert np.any(found.excess > 0)
    assert np.any(found.excess < 0)


def test_a_needle_says_nothing_from_afar_and_a_funnel_does():
    far = np.array([[0.01, 0.02], [0.5, 0.9], [0.99, 0.3]])
    needle, funnel = (power.plant(shape, 2, 1e-6, 0).missed_by(far) for shape in power.SHAPES[::-1])
    assert np.ptp(needle) == 0
    assert np.ptp(funnel) > 0.1


# Shares that each method of the quick profile has to find at every place, by dimension: wider than what
# benchmarks/search_power.py reports for it.
QUICK = {
    "draws": {("funnel", 1): 1e-2, ("funnel", 7): 1e-2, ("needle", 1): 1e-2, ("needle", 7): 1e-2},
    "evolution": {("funnel", 1): 1e-3, ("funnel", 3): 1e-4, ("funnel", 7): 1e-4},
    "DIRECT": {("funnel", 1): 1e-5, ("funnel", 3): 1e-6, ("needle", 1): 1e-1},
    "evolution and Nelder-Mead": {("funnel", 1): 1e-8, ("funnel", 3): 1e-8, ("funnel", 7): 1e-5},
    "search (all three)": {
        ("funnel", 1): 1e-8,
        ("funnel", 3): 1e-8,
        ("funnel", 7): 1e-5,
        ("needle", 1): 1e-1,
    },
}


@pytest.mark.parametrize(
    ("method", "shape", "n", "share"),
    [(m, *key, share) for m, found in QUICK.items() for key, share in found.items()],
)
def test_the_quick_budget_finds(method, shape, n, share):
    for seed in PLACES:
        assert power.METHODS[method](power.plant(shape, n, share, seed), "quick", seed)


@pytest.mark.parametrize(
    ("shape", "n", "share"), [("funnel", 1, 1e-8), ("funnel", 7, 1e-5), ("needle", 1, 1e-1)]
)
def test_the_search_of_statements_finds_what_the_one_on_floats_does(shape, n, share):
    for seed in PLACES:
        assert power.by_maximise(power.plant(shape, n, share, seed), "quick", seed)


@pytest.mark.parametrize("method", ["evolution", "search (all three)"])
def test_no_budget_of_the_quick_profile_finds_a_needle_of_a_billionth(method):
    """The converse: what the table calls out of reach is out of reach, not an accident of the test."""
    assert not any(power.METHODS[method](power.plant("needle", 3, 1e-9, s), "quick", s) for s in PLACES)


@pytest.mark.parametrize(("n", "share"), [(1, 1e-6), (3, 1e-6), (7, 1e-4)])
def test_a_whole_check_refutes_a_planted_violation_with_a_certified_witness(n, share):
    p = power.plant("funnel", n, share, 0)
    evidence = forall.check(p.statement(), Context())
    assert decide(evidence, math.log(1e3)).verdict == "refuted"
    witness = evidence.parts[0].witness
    assert witness.certified
    # Exact: the witness lies in the cube.
    for symbol, centre in zip(p.symbols(), p.centre, strict=True):
        value = witness.point[str(symbol)]
        assert abs(sp.Rational(value.numerator, value.denominator) - centre) < p.half


def test_a_whole_check_passes_what_is_true():
    p = power.plant("funnel", 2, 1e-2, 0)
    statement = p.statement()
    u = p.symbols()[0]
    true = Inequality(
        id="power.true",
        title="Nothing planted",
        source=Source("user", "planted"),
        provenance="derived",
        arena=statement.arena,
        parts=(Part("true", sp.Le(u, 2 - u, evaluate=False)),),
        controls=(),
    )
    assert decide(forall.check(true, Context()), math.log(1e3)).verdict == "not refuted"


# -- memory sets ---------------------------------------------------------------------------------------------

ARENA = Patterns(min_memories=2)
PLANTED = {
    size: stream(0, "planted", *size).uniform(-0.7, 0.7, vector_size(ARENA, *size)) for size in SEARCH_SIZES
}
"""The search vector at the middle of the violation, by (d, M)."""


@quantity("power_distance", "largest difference of memories and query from a planted set")
def power_distance(b: Instances):
    if b.query is None or b.memories.shape[-1:-3:-1] not in PLANTED:
        return number(b, 10)
    d, count = b.memories.shape[-1], b.memories.shape[-2]
    middle = unpack(ARENA, PLANTED[d, count][None, :], d, count)
    gaps = [abs(b.memories - middle.memories).reshape(b.size, -1), abs(b.query - middle.query)]
    return np.max(np.concatenate(gaps, axis=-1).astype(float), axis=-1)


@pytest.mark.parametrize("size", SEARCH_SIZES)
@pytest.mark.parametrize(
    ("profile", "share"), [("quick", 1e-3), pytest.param("full", 1e-6, marks=pytest.mark.slow)]
)
def test_memory_sets_close_to_a_planted_one_are_found(size, profile, share):
    """All coordinates within ``half`` of planted ones in [-2, 2], at any temperature."""
    assert size in search_sizes(ARENA)
    half = 2 * share ** (1 / (size[0] * size[1] + size[0]))
    relation = sp.Ge(power_distance, sp.Rational(f"{half:.9f}"))
    found = search.maximise(
        ARENA, size, relation, None, (), effort=EFFORT[profile], seed=0, name="planted", models=MODELS
    )
    assert found.excess > 0
    nothing = sp.Ge(power_distance, sp.Rational(1, 10**9))
    missed = search.maximise(
        ARENA, size, nothing, None, (), effort=EFFORT["quick"], seed=0, name="planted", models=MODELS
    )
    assert missed.excess < 0


# -- decisions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("claim", "excess"), [("1/100", 2.0), ("1/10", 1.0), ("1/2", 0.2)])
def test_the_quick_budget_refutes_a_biased_coin(claim, excess):
    found = power.smallest_excess(sp.Rational(claim), "quick", repetitions=3)
    assert found is not None
    assert found <= excess


def test_the_quick_budget_refutes_another_slope():
    found = power.smallest_deviation("quick", repetitions=2)
    assert found is not None
    assert found <= 0.5


def test_a_fair_coin_is_not_refuted():
    share = sp.Rational(1, 10)
    found = np.mean(power.coin(stream(0, "fair"), 100_000, share=float(share)))
    assert found == pytest.approx(0.1, abs=0.005)
    at_slope_one = np.mean(power.crossing(stream(0, "slope"), 100_000, size=100, load=100, slope=1.0))
    assert at_slope_one == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("shape", power.SHAPES)
@pytest.mark.parametrize("n", [1, 3, 7])
def test_a_larger_budget_finds_no_less(shape, n):
    found = [power.narrowest(power.by_search, shape, n, profile, 3) or 1.0 for profile in power.PROFILES]
    assert found[2] <= found[1] <= found[0]


@pytest.mark.slow
@pytest.mark.parametrize("claim", ["1/100", "1/10", "1/2"])
def test_a_larger_budget_refutes_a_smaller_excess(claim):
    found = [power.smallest_excess(sp.Rational(claim), profile, 5) or 9.0 for profile in power.PROFILES]
    assert found[2] < found[0]
    assert found == sorted(found, reverse=True)


def test_the_table_of_the_readme_is_one_that_the_command_prints():
    text = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    part = re.search(r'## What "not refuted" is worth\n.*?(?=\n## )', text, re.DOTALL)
    assert part is not None
    assert "benchmarks/search_power.py" in part[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in part[0].splitlines() if "| " in line]
    head = next(cells for cells in rows if cells[:2] == ["shape", "n"])
    assert head[2:] == list(power.METHODS)
    shown = {
        (method, cells[0], int(cells[1])): [float(x) for x in cell.split(" / ") if x != "-"]
        for cells in rows
        if cells[0] in power.SHAPES
        for method, cell in zip(head[2:], cells[2:], strict=True)
        if cell
    }
    assert {n for _, _, n in shown} == set(power.DIMENSIONS)
    # What the README promises of the quick budget is narrower than what the tests above insist on.
    for method, found in QUICK.items():
        for key, share in found.items():
            assert shown[method, *key][0] <= share
    for shares in shown.values():
        assert shares == sorted(shares, reverse=True)
