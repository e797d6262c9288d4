"""The probabilistic checker on synthetic events with known failure probability."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp

from verify import Control, Hypothesis, Part, Probability, Scaling, Source, scaled
from verify.checkers import probability
from verify.context import Context
from verify.decide import decide

q, n = sp.Symbol("q"), sp.Symbol("n")


def coin(stream, trials, *, q):
    return (stream.random(trials) < q).astype(np.int8)


def unsure(stream, trials, *, q):
    return np.where(stream.random(trials) < q, -1, 0).astype(np.int8)


def uniform(stream, trials, *, q):
    return stream.random(trials) * 2 * q


def claim(kind=Probability, **fields):
    return kind(
        **(
            {
                "id": "test.coin",
                "title": "a coin",
                "source": Source("user", "test"),
                "provenance": "derived",
                "event": coin,
                "points": ({"q": "1/10"}, {"q": "1/5"}),
                "arguments": {"q": q},
                "bound": 2 * q,
                "controls": (scaled("1/4"),),
            }
            | fields
        )
    )


def verdict(statement, seed=0):
    evidence = probability.check(statement, Context(seed=seed))
    return decide(evidence, math.log(1e3)), evidence


def test_a_true_bound_is_supported_and_its_control_caught():
    found, evidence = verdict(claim())
    assert found.verdict == "supported"
    assert evidence.controls[0].caught


@pytest.mark.parametrize("factor", ["1/2", "2/3"])
def test_a_false_bound_is_refuted(factor):
    found, evidence = verdict(claim(bound=sp.Rational(factor) * q))
    assert found.verdict == "refuted"
    assert evidence.parts[0].witness.level < 1e-3


def test_a_bound_at_the_truth_is_neither():
    assert verdict(claim(bound=q))[0].verdict in ("inconclusive", "blind")


def test_undecided_trials_count_against_every_claim():
    found, evidence = verdict(claim(event=unsure))
    assert found.verdict != "supported" or evidence.parts[0].log_e_against < 1
    low = verdict(claim(event=unsure, bound=q / 2))[1]
    assert low.parts[0].log_e_against < math.log(1e3)  # never refuted by trials nobody could decide
    assert low.parts[0].supported is False


def test_two_sided_law():
    good = claim(
        Scaling, bound=q + sp.Rational(1, 20), lower=q - sp.Rational(1, 20), controls=(scaled("1/2"),)
    )
    assert verdict(good)[0].verdict == "supported"
    low = claim(Scaling, bound=q + sp.Rational(1, 2), lower=q + sp.Rational(1, 10))
    assert verdict(low)[0].verdict == "refuted"


def test_means():
    good = claim(event=uniform, mean_range=2 * q, lower=sp.Rational(4, 5) * q, controls=(scaled("3/2"),))
    assert verdict(good)[0].verdict == "supported"
    bad = claim(event=uniform, mean_range=2 * q, lower=sp.Rational(6, 5) * q)
    assert verdict(bad)[0].verdict == "refuted"


def test_an_undefined_derived_value_is_a_finding():
    found, evidence = verdict(claim(derive={"n": sp.log(q - 1)}))
    assert found.verdict == "undefined"
    assert evidence.parts[0].undefined_share == 1.0


def test_points_outside_the_hypotheses_are_not_simulated():
    found, evidence = verdict(claim(hypotheses=(Hypothesis(sp.Ge(q, sp.Rational(1, 5))),)))
    assert evidence.budget["points simulated"] == 1
    assert found.verdict == "supported"


def test_the_last_open_points_get_more_trials(monkeypatch):
    f = sp.Symbol("f")
    close = claim(
        points=tuple({"q": x, "f": y} for x, y in (("1/5", 2), ("1/6", 2), ("1/7", 2), ("1/4", "11/10"))),
        bound=f * q,
        trials=1000,
    )
    found, evidence = verdict(close)
    assert found.verdict == "supported"
    assert sum(r["trials"] for r in evidence.rows[:3]) < evidence.rows[3]["trials"]
    monkeypatch.setattr(probability, "EXTENSION", 0)
    assert verdict(close)[0].verdict == "inconclusive"


def test_means_stand_in_the_evidence_with_their_intervals():
    _, evidence = verdict(claim(event=uniform, mean_range=2 * q, lower=sp.Rational(4, 5) * q))
    for row, mean in zip(evidence.rows, (0.1, 0.2), strict=True):
        assert row["quantity"] == "mean of uniform"
        assert row["lo"] < mean < row["hi"]
        assert row["value"] == pytest.approx(mean, rel=0.2)
    bound, simulated = evidence.curves[0]["series"]
    assert bound["y"] == pytest.approx([0.08, 0.16])
    assert simulated["y"] == [r["value"] for r in evidence.rows]


def test_an_undefined_formula_and_an_unmet_condition_are_drawn_over_the_grid():
    (curve,) = verdict(claim(derive={"n": sp.log(q - 1)}))[1].curves
    assert curve["title"] == "needed: q - 1 > 0"
    larger, smaller = curve["series"]
    assert larger["y"] == pytest.approx([-0.9, -0.8])
    assert smaller["y"] == [0, 0]
    (curve,) = verdict(claim(derive={"n": q + 1}, hypotheses=(Hypothesis(sp.Ge(n, 2)),)))[1].curves
    assert curve["title"] == "needed: n >= 2"
    assert curve["series"][0]["y"] == pytest.approx([1.1, 1.2])


def test_sides_that_agree_to_eighty_digits_are_still_compared():
    tiny, point = sp.Rational(1, 10**80), {"q": "1/10"}
    above = sp.Lt(n, sp.exp(q) + tiny, evaluate=False)
    below = sp.Lt(n, sp.exp(q) - tiny, evaluate=False)
    parts = (
        Part("true", above),
        Part("false", below),
        Part("under a true condition", sp.Gt(n, 0), given=(Hypothesis(above),)),
        Part("under a false condition", sp.Gt(n, 0), given=(Hypothesis(below),)),
    )
    statement = claim(derive={"n": sp.exp(q)}, parts=parts, points=(point,), simulate_if=sp.false)
    _, true, false, met, unmet = probability.check(statement, Context()).parts
    assert true.proof
    assert false.witness is not None
    assert (met.admissible, unmet.admissible) == (1, 0)


def test_deterministic_parts_are_certified_at_the_points():
    wrong = claim(
        parts=(Part("order", sp.Le(q, sp.Rational(3, 20))),), controls=(Control("c", sp.Le(q, 0), "order"),)
    )
    found, evidence = verdict(wrong)
    assert found.verdict == "refuted"
    assert evidence.parts[1].witness.point == {"q": sp.Rational(1, 5)}


def test_results_depend_on_the_seed_only():
    rows = [verdict(claim(), seed=s)[1].rows for s in (3, 3, 4)]
    assert rows[0] == rows[1]
    assert rows[0] != rows[2]


def test_an_undefined_bound_and_a_refuted_mean_are_replayed():
    from verify.replay import certify_again

    point = {"p": "1/1000", "d": 5, "beta_m2": "1/10", "share": "1/10"}
    found = certify_again("hu2023.lemma3.1-capacity", "probability", point)
    assert found.status == "undefined"
    assert "log of" in found.detail


def test_a_refuted_statement_on_means_has_a_witness():
    found, evidence = verdict(claim(event=uniform, mean_range=2 * q, lower=sp.Rational(6, 5) * q))
    assert found.verdict == "refuted"
    assert evidence.parts[0].witness.lhs.startswith("mean 0.")
