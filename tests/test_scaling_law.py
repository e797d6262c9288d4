"""The checker of scaling laws on events whose crossings are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sympy import Rational, Symbol, log

from verify import Control, ScalingLaw, Source
from verify.checkers import scaling_law
from verify.context import Context
from verify.decide import decide
from verify.record import statement_record

size, load = Symbol("size"), Symbol("load")
FACTORS = tuple(Rational(k, 8) for k in range(3, 25))


def logistic(stream, trials, *, n, M, exponent):
    """Fails with probability 1/2 exactly at M = 10 n^exponent."""
    p = 1 / (1 + (10 * n**exponent / M) ** 12)
    return (stream.random(trials) < p).astype(np.int8)


def flat(stream, trials, *, n, M, exponent):
    """As logistic, rising so gently that cells near the crossing need many trials."""
    p = 1 / (1 + (10 * n**exponent / M) ** 3)
    return (stream.random(trials) < p).astype(np.int8)


def exponential(stream, trials, *, n, M):
    p = 1 / (1 + (5 * 1.2**n / M) ** 12)
    return (stream.random(trials) < p).astype(np.int8)


def bent(stream, trials, *, n, M):
    """The crossing lies on a parabola in logarithmic coordinates."""
    crossing = math.exp(3 + 0.6 * (math.log(n) - math.log(32)) ** 2)
    return (stream.random(trials) < 1 / (1 + (crossing / M) ** 12)).astype(np.int8)


def falling(stream, trials, *, n, M, exponent):
    """A probability that falls with the load, against the declaration."""
    return 1 - logistic(stream, trials, n=n, M=M, exponent=exponent)


def law(**fields):
    return ScalingLaw(
        **(
            {
                "id": "test.law",
                "title": "a law",
                "source": Source("user", "test"),
                "provenance": "derived",
                "printed": "M = 10 n^{1/2}",
                "event": logistic,
                "sizes": (16, 64, 256, 1024),
                "nominal": 10 * size ** Rational(1, 2),
                "factors": FACTORS,
                "arguments": {"n": size, "M": load, "exponent": Rational(1, 2)},
                "slope": (Rational(2, 5), Rational(3, 5)),
                "controls": (Control("linear", (Rational(9, 10), Rational(11, 10))),),
            }
            | fields
        )
    )


def verdict(statement, seed=0, profile="quick"):
    evidence = scaling_law.check(statement, Context(seed=seed, profile=profile))
    return decide(evidence, math.log(1e3)), evidence


def test_a_true_law_is_supported_and_its_control_caught():
    found, evidence = verdict(law())
    assert found.verdict == "supported"
    assert all(c.caught for c in evidence.controls)
    assert [r for r in evidence.rows if r["point"].startswith("size=16,")]
    low, high = scaling_law.slopes(law(), scaling_law_cells(evidence), 0.05)
    assert low <= 0.5 <= high


def test_undecided_slopes_get_more_trials_and_decided_ones_do_not(monkeypatch):
    gentle = law(event=flat, trials=100)
    found, evidence = verdict(gentle)
    spent = verdict(law(trials=100))[1].budget["trials"]
    monkeypatch.setattr(scaling_law, "EXTENSION", 0)
    short, before = verdict(gentle)
    assert (short.verdict, found.verdict) == ("inconclusive", "supported")
    assert before.budget["trials"] < evidence.budget["trials"] <= 4 * before.budget["trials"]
    assert verdict(law(trials=100))[1].budget["trials"] == spent


def scaling_law_cells(evidence):
    statement = law()
    cells = scaling_law.grid(statement, "quick")
    scaling_law._simulate(statement, Context(seed=0), cells)
    assert sum(c.chunks[-1][2] for c in cells) == evidence.budget["trials"]
    return cells


@pytest.mark.parametrize("claimed", [("3/4", "1"), ("0", "1/4")])
def test_a_wrong_exponent_is_refuted(claimed):
    found, evidence = verdict(law(slope=claimed, controls=()))
    assert found.verdict == "refuted"
    assert evidence.parts[0].witness.level < 1e-3


def test_a_bend_is_refuted_whatever_the_slope():
    bend = law(
        event=bent,
        sizes=(8, 16, 32, 64, 128),
        nominal=35,
        arguments={"n": size, "M": load},
        slope=(-10, 10),
        controls=(),
    )
    assert verdict(bend)[0].verdict == "refuted"


def test_an_exponential_law_on_its_own_axes():
    growth = log(Rational(6, 5))
    statement = law(
        event=exponential,
        sizes=(10, 16, 22, 28),
        nominal=5 * Rational(6, 5) ** size,
        arguments={"n": size, "M": load},
        abscissa=size,
        slope=(growth - Rational(1, 50), growth + Rational(1, 50)),
        controls=(Control("base 4/3", (log(Rational(4, 3)) - Rational(1, 50), log(Rational(4, 3)))),),
    )
    assert verdict(statement)[0].verdict == "supported"


def test_too_coarse_a_grid_is_inconclusive_and_a_surviving_control_blind():
    coarse = law(factors=(Rational(1, 4), 4), controls=())
    found, evidence = verdict(coarse)
    assert found.verdict == "inconclusive"
    lax = law(controls=(Control("nearly the same", (Rational(2, 5), Rational(61, 100))),))
    assert verdict(lax)[0].verdict == "blind"
    assert not evidence.parts[0].supported


def test_a_falling_probability_is_reported_and_refutes_nothing():
    found, evidence = verdict(law(event=falling, controls=()))
    assert found.verdict == "inconclusive"
    assert "above it at load" in evidence.parts[0].note


def test_false_alarms_stay_rare_where_the_law_holds_at_the_edge_of_the_claim():
    edge = law(slope=(Rational(1, 2), 2), controls=(), trials=800)
    depths = [verdict(edge, seed)[1].parts[0].log_e_against for seed in range(40)]
    # P(depth >= log 20) <= 1/20 each: more than 8 of 40 has probability below 1e-3.
    assert sum(d >= math.log(20) for d in depths) <= 8


def test_the_record_shows_grid_and_slopes():
    statement = law(more_sizes=(4096,))
    evidence = scaling_law.check(statement, Context(seed=3))
    entry = statement_record(statement, evidence, math.log(1e3), seed=3, profile="standard")
    assert entry.kind == "scaling"
    assert "4096" in entry.grid[0]
    assert any("slopes of lines through all boxes" in n for n in entry.notices)
    assert entry.curves[0].series[0].name == "claimed slope"


def test_a_refuted_law_can_be_measured_again():
    from verify.replay import simulate_again

    again = simulate_again("outeffhop2024.thm3.4", {}, seed=0)
    assert "slopes of lines through all boxes" in again
