"""Binary memories: events against closed forms and plain loops, planted errors, readings recomputed."""

import dataclasses
import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy as sp

from bounds import binary_laws as laws
from bounds.expr import precise
from simulations import events_binary as events
from simulations.streams import stream
from simulations.variants.binary import Spins, field_signs
from verify.checkers import points, probability
from verify.context import Context
from verify.decide import decide
from verify.papers import ags1985, demircigil2017, krotov_hopfield2016, mceliece1987, newman1988
from verify.papers.demircigil2017 import exponential
from verify.papers.krotov_hopfield2016 import capacity
from verify.papers.krotov_hopfield2016 import laws as grid_laws

REFUTE = math.log(1e5)
MODULES = (mceliece1987, ags1985, newman1988, krotov_hopfield2016, demircigil2017)


def close_to(outcome, chance):
    """Within five standard deviations of the binomial law, nothing undecided."""
    assert set(np.unique(outcome)) <= {0, 1}
    return abs(np.mean(outcome == 1) - chance) <= 5 * math.sqrt(chance * (1 - chance) / len(outcome))


def verdict(statement, **changes):
    evidence = probability.check(dataclasses.replace(statement, **changes), Context())
    return decide(evidence, REFUTE)


def quick(statement, keep):
    """The grid points of the quick profile that ``keep`` takes."""
    return tuple(q for q in statement.points if q.get("profile", "quick") == "quick" and keep(q))


# -- events -------------------------------------------------------------------------------------------------


def test_an_unstable_bit_has_the_binomial_law():
    outcome = events.bit_unstable(stream(0, "bit"), 20000, N=51, M=20)
    assert close_to(outcome, float(laws.hebb_bit_error(51, 20)))
    assert np.all(events.bit_unstable(stream(0, "one"), 50, N=9, M=1) == 0)


@pytest.mark.parametrize(("degree", "N", "M"), [(3, 20, 60), (4, 12, 120)])
def test_an_unstable_bit_has_the_law_of_the_gap(degree, N, M):
    outcome = events.bit_unstable(stream(1, "gap"), 12000, N=N, M=M, degree=degree)
    assert close_to(outcome, laws.gap_below(degree, N, M)[0])


def test_self_coupling_adds_one_for_every_other_pattern():
    """field rule, n = 2: the bit turns if (n-1)(P-1) signs sum to less than -(n + P - 1)."""
    N, M = 21, 12
    coins = (N - 1) * (M - 1)
    chance = float(laws.coins_below(coins, -((N + M - 1 - coins) // 2)))
    assert close_to(events.bit_unstable(stream(2, "field"), 20000, N=N, M=M, rule="field"), chance)
    assert abs(chance - float(laws.hebb_bit_error(N, M))) > 0.01


def plain_share(N, M, degree):
    """Share of pattern sets in which turning the first bit of (1,...,1) lowers -sum m^degree; integers."""
    lower = 0
    for bits in product((-1, 1), repeat=N * (M - 1)):
        gap = N**degree - (N - 2) ** degree
        for k in range(M - 1):
            row = bits[k * N : (k + 1) * N]
            gap += sum(row) ** degree - (sum(row) - 2 * row[0]) ** degree
        lower += gap < 0
    return Fraction(lower, 2 ** (N * (M - 1)))


@pytest.mark.parametrize(("N", "M", "degree"), [(3, 4, 2), (4, 3, 3), (4, 3, 4), (3, 4, 3)])
def test_enumeration_through_the_model(N, M, degree):
    assert events.unstable_share(N, M, degree=degree) == plain_share(N, M, degree)
    with pytest.raises(ValueError, match="at most 20"):
        events.unstable_share(7, 4)


def test_gap_variance_by_enumeration():
    assert events.gap_variance(4, 3, 3) == 2 * laws.gap_second_moment(3, 4)
    assert events.gap_variance(5, 2, 4) == laws.gap_second_moment(4, 5)


@pytest.mark.parametrize("everyone", [0, 1])
@pytest.mark.parametrize(
    ("N", "M", "flips", "degree"), [(12, 4, 0, 2), (12, 4, 2, 2), (9, 3, 1, 3), (10, 6, 1, 0)]
)
def test_one_step_against_a_plain_loop(N, M, flips, degree, everyone, monkeypatch):
    """The same draws judged by integer or exponential sums written out, ties keeping the bit."""
    seen = []
    real = events._one_step

    def spy(model, memories, start, target):
        seen.append((memories.copy(), start.copy(), target.copy()))
        return real(model, memories, start, target)

    monkeypatch.setattr(events, "_one_step", spy)
    outcome = events.step_fails(
        stream(3, "loop"), 60, N=N, M=M, degree=degree, flips=flips, everyone=everyone
    )
    monkeypatch.setattr(events, "SMALL", 0)
    again = events.step_fails(stream(3, "loop"), 60, N=N, M=M, degree=degree, flips=flips, everyone=everyone)
    assert np.array_equal(outcome, again)
    memories, start, target = seen[0]
    value = (lambda m: math.exp(m)) if degree == 0 else (lambda m: int(m) ** degree)
    for k, result in enumerate(outcome):
        states, goals = np.atleast_2d(start[k]), np.atleast_2d(target[k])
        wrong = False
        for s, goal in zip(states, goals, strict=True):
            assert np.sum(s != goal) == flips
            for i in range(N):
                rest = memories[k] @ s - memories[k][:, i] * s[i]
                up = sum(value(r + x) for r, x in zip(rest, memories[k][:, i], strict=True))
                down = sum(value(r - x) for r, x in zip(rest, memories[k][:, i], strict=True))
                new = s[i] if abs(up - down) <= 1e-12 * abs(up) else math.copysign(1, up - down)
                wrong = wrong or new != goal[i]
        assert result == wrong
    assert 0 < np.mean(outcome) < 1


def test_ties_can_be_kept_counted_or_left_open():
    """Two patterns of the exponential model: distance 1 makes a tie, and nothing decides it."""
    chance = 8 / 2**8
    failed = events.step_fails(stream(4, "tie"), 8000, N=8, M=2, degree=0, ties="fail")
    kept = events.step_fails(stream(4, "tie"), 8000, N=8, M=2, degree=0)
    left = events.step_fails(stream(4, "tie"), 8000, N=8, M=2, degree=0, ties="open")
    assert close_to(failed, chance)
    assert np.all(kept == 0)
    assert np.array_equal(left == -1, failed == 1)
    with pytest.raises(ValueError, match="keep, fail or open"):
        events.step_fails(stream(0, "x"), 1, N=8, M=2, ties="guess")


def test_with_more_patterns_one_of_two_neighbours_fails():
    """At distance 1 the two terms cancel and the other patterns decide: just one of the pair is wrong."""
    other = np.array([[1, 1, -1, -1, 1, -1], [-1, 1, 1, -1, -1, 1.0]])
    pair = np.ones((2, 6))
    pair[1, 0] = -1
    memories = np.concatenate([pair, other])
    signs = [field_signs(Spins(0), memories, row)[0] for row in pair]
    assert signs[0] == signs[1] != 0


def test_drift():
    """One pattern attracts everything on its side; far too many patterns lose it."""
    assert np.all(events.drifts(stream(5, "one"), 20, N=31, M=1, share=0.0, flips=7) == 0)
    assert np.all(events.drifts(stream(5, "one"), 20, N=31, M=1, share=0.0, flips=20) == 1)
    assert np.mean(events.drifts(stream(5, "many"), 40, N=60, M=60, share=0.05) == 1) > 0.9
    fixed = events.drifts(stream(6, "same"), 400, N=50, M=10, share=0.0)
    assert np.array_equal(fixed, events.step_fails(stream(6, "same"), 400, N=50, M=10))


def test_undercut_agrees_with_all_states():
    """N = 10: the search finds what a look at all 1024 states finds."""
    states = np.array(list(product((-1.0, 1.0), repeat=10)))
    found = events.undercut(stream(7, "small"), 30, N=10, M=2, starts=64)
    twin = stream(7, "small")
    memories = events.random_signs(twin, 30, 64, 10)[:, :2]
    lowest = -np.max(np.sum((states @ memories.transpose(0, 2, 1)) ** 2, axis=-1), axis=-1)
    at_patterns = -np.sum((memories @ memories.transpose(0, 2, 1)) ** 2, axis=-1).min(axis=-1)
    assert np.all((found == 1) <= (lowest < at_patterns))
    # With one pattern it is the ground state.
    assert np.all(events.undercut(stream(7, "one"), 10, N=10, M=1) == 0)
    assert np.mean(events.undercut(stream(7, "many"), 20, N=60, M=18)) > 0.5
    assert np.mean(events.undercut(stream(7, "cooled"), 6, N=40, M=12, starts=4, sweeps=12)) > 0.3


def test_neighbours():
    outcome = events.has_neighbour(stream(8, "near"), 6000, N=8, M=5)
    assert close_to(outcome, 1 - (1 - 8 / 2**8) ** 4)
    assert np.all(events.has_neighbour(stream(8, "near"), 10, N=8, M=1) == 0)


# -- statements ----------------------------------------------------------------------------------------------


def test_the_constants_of_hebb_are_held_from_both_sides():
    """Half or twice the printed capacity are refuted by the exact law, at n = 10^4 and 10^6."""
    large = quick(mceliece1987.MOST, lambda q: q["n"] >= 10**4)
    below, above = mceliece1987.MOST.parts[:2]
    twice = dataclasses.replace(
        below, relation=sp.Le(mceliece1987.EXPECTED, mceliece1987.n ** (1 - 2 / mceliece1987.c))
    )
    half = dataclasses.replace(
        above,
        relation=sp.Ge(
            mceliece1987.EXPECTED, mceliece1987.GAUSSIAN * mceliece1987.n ** (1 / (2 * mceliece1987.c)) / 3
        ),
    )
    for part, outcome in ((below, "pass"), (above, "pass"), (twice, "fail"), (half, "fail")):
        assert verdict(mceliece1987.MOST, points=large, parts=(part,), controls=()).outcome == outcome


def test_all_patterns_need_half_the_load_of_most():
    """At n/(2 log n) most patterns are fixed and some pattern is not: the two claims are not one."""
    n = 500
    M = round(n / (2 * math.log(n)))
    most = events.step_fails(stream(9, "most"), 60, N=n, M=M)
    every = events.step_fails(stream(9, "all"), 60, N=n, M=M, everyone=1)
    assert np.mean(most) < 0.3
    assert np.mean(every) > 0.8


def half_as_many(stream_, trials, **arguments):
    """A broken event: half of the patterns only."""
    return events.bit_unstable(stream_, trials, **(arguments | {"M": arguments["M"] // 2}))


def self_coupled(stream_, trials, **arguments):
    """A broken event: the diagonal is not zero."""
    return events.bit_unstable(stream_, trials, **(arguments | {"rule": "field"}))


@pytest.mark.parametrize("broken", [half_as_many, self_coupled])
def test_broken_models_are_refuted_by_the_binomial_law(broken):
    chosen = quick(mceliece1987.EXACT, lambda q: q["n"] == 51 and q["M"] == 20)
    assert (
        verdict(mceliece1987.EXACT, event=broken, points=chosen, parts=(), controls=()).verdict == "refuted"
    )


def always(stream_, trials, **arguments):
    return np.ones(trials, dtype=np.int8)


def never(stream_, trials, **arguments):
    return np.zeros(trials, dtype=np.int8)


@pytest.mark.parametrize(
    "statement",
    [
        s
        for m in MODULES
        for s in m.STATEMENTS
        if hasattr(s, "event") and s.id not in ("ags1985.global-minimum", "newman1988.lower-bound")
    ],
    ids=lambda s: s.id,
)
def test_constant_events_are_refuted(statement):
    assert verdict(statement, event=always, parts=(), controls=()).verdict == "refuted"
    if statement.lower is not None:
        assert verdict(statement, event=never, parts=(), controls=()).verdict == "refuted"


def test_overlap_and_load_are_printed_to_their_digits():
    parts = {p.name: p for p in ags1985.ALPHA_C.parts}
    values = ags1985.ALPHA_C.derive
    assert float(values["alpha_c"]) == pytest.approx(0.137905566, abs=1e-9)
    assert float(values["overlap_c"]) == pytest.approx(0.967417116, abs=1e-9)
    assert len(parts) == 3
    two = dataclasses.replace(
        ags1985.ALPHA_C.parts[0],
        relation=sp.Le(sp.Abs(ags1985.alpha_c - sp.Rational("0.144")), sp.Rational("0.0005")),
    )
    assert (
        verdict(
            ags1985.ALPHA_C, event=never, points=ags1985.ALPHA_C.points[:1], parts=(two,), controls=()
        ).outcome
        == "fail"
    )


def test_the_single_equation_is_checked_in_both_ways():
    evidence = points.check_points(ags1985.ZERO_TEMPERATURE, Context())
    assert decide(evidence, REFUTE).verdict == "proved"
    wrong = dataclasses.replace(
        ags1985.ZERO_TEMPERATURE,
        symbolic=None,
        parts=(
            dataclasses.replace(
                ags1985.ZERO_TEMPERATURE.parts[0],
                relation=sp.Eq(ags1985.R_NOISE * (1 - 2 * ags1985.SUSCEPTIBILITY) ** 2, 1),
            ),
        ),
        controls=(),
    )
    assert decide(points.check_points(wrong, Context()), REFUTE).verdict == "refuted"


def test_alpha_2_is_not_014_to_two_digits():
    found = decide(points.check_points(capacity.SMALL_ERROR, Context()), REFUTE)
    assert found.verdict == "refuted"
    assert "0.14" in found.reason
    assert float(laws.small_error_load(Fraction(1, 200), "asymptotic")) == pytest.approx(0.14627, abs=1e-5)
    assert float(laws.small_error_load(Fraction(1, 200))) == pytest.approx(0.15072, abs=1e-5)
    # By the exact law, without any tail: 151 of 1001 bits' worth of patterns is fine, 153 is not.
    assert float(laws.hebb_bit_error(1001, 151)) < 0.005 < float(laws.hebb_bit_error(1001, 154))


def test_worked_numbers():
    claimed = [grid_laws.no_errors(k, 100) for k in (2, 3, 4)]
    assert claimed == pytest.approx([10.857, 361.91, 7238.2], rel=1e-4)
    for k, value in zip((2, 3, 4), claimed, strict=True):
        assert float(
            precise(capacity.CLAIMED_LOAD, {"n": k, "N": 100, "w": laws.double_factorial(2 * k - 3)})
        ) == pytest.approx(value)


def test_the_far_tail_is_not_gaussian():
    """The factors named in the notices: N = 40, n = 3, a quarter of the load of Eq. (6)."""
    K = round(grid_laws.no_errors(3, 40) / 4)
    p = laws.gap_below(3, 40, K)[0]
    x2 = 40**2 / (3 * K)
    assert p / (math.exp(-x2 / 2) / math.sqrt(2 * math.pi * x2)) == pytest.approx(130, abs=1)
    assert p / float(laws.gap_gaussian_error(3, 40, K)) == pytest.approx(178, abs=1)


def test_a_capacity_without_errors_of_one_pattern_is_none_of_all():
    part = capacity.NO_ERROR.parts[2]
    assert not part.headline
    q = next(q for q in capacity.NO_ERROR.points if (q["n"], q["N"], q["factor"]) == (3, 60, "1"))
    assert q["K"] * q["N"] * float(q["p"]) > 10
    every = events.step_fails(stream(10, "all"), 40, N=60, M=q["K"], degree=3, everyone=1)
    assert np.all(every == 1)


def test_self_coupling_of_even_degree_fixes_nearly_every_state():
    """Notice of Theorem 1.2: random states are fixed points of the field rule for n = 4, not for n = 3."""
    draw = stream(11, "self")
    memories = events.random_signs(draw, 533, 40)
    states = events.random_signs(draw, 50, 40)
    turned = {k: np.mean(field_signs(Spins(k, "field"), memories, states) != states) for k in (3, 4)}
    assert turned[4] < 0.01
    assert turned[3] > 0.3


def test_rate_function():
    for x in (0.1, 0.5, 0.9):
        value = ((1 + x) * math.log(1 + x) + (1 - x) * math.log(1 - x)) / 2
        assert float(precise(exponential.rate_function(sp.Rational(str(x))), {})) == pytest.approx(value)
    assert float(precise(exponential.rate_function(sp.Integer(1)), {})) == pytest.approx(math.log(2))
    # max (x - I(x)) = log cosh 1, at tanh 1: the condition for one pattern never reaches its threshold.
    grid = [k / 1000 for k in range(1, 1000)]
    best = max(x - ((1 + x) * math.log(1 + x) + (1 - x) * math.log(1 - x)) / 2 for x in grid)
    assert best == pytest.approx(math.log(math.cosh(1)), abs=1e-6)


def test_rivals_predict_the_failures():
    """N = 40, rho = 1/4, alpha = 0.4 I(1/2): pairs with an overlap of 18 or more, and few other failures."""
    q = next(q for q in exponential.BELOW if (q["N"], q["rho"], q["times"]) == (40, "1/4", "4/5"))
    M = 9
    expected = M * (M - 1) * float(q["near"])
    outcome = events.step_fails(stream(12, "rivals"), 1500, N=40, M=M, degree=0, flips=10, everyone=1)
    assert 0.6 * (1 - math.exp(-expected)) < np.mean(outcome) < 1.1 * expected
    with pytest.raises(ValueError, match="integer"):
        exponential._exponential(14, "1/4", "1/2", 1)


def test_the_threshold_is_refuted_if_moved():
    """Success claimed at twice the load, failure claimed at half of it."""
    beyond = tuple({**q, "claimed": 1} for q in exponential.BEYOND)
    found = verdict(
        exponential.THRESHOLDS, points=beyond, bound=sp.Rational(1, 4), lower=None, parts=(), controls=()
    )
    assert found.verdict == "refuted"
    early = tuple({**q, "claimed": -1} for q in exponential.BELOW[:8] if q.get("profile") is None)
    found = verdict(exponential.THRESHOLDS, points=early, lower=sp.Rational(1, 2), parts=(), controls=())
    assert found.verdict == "refuted"
