"""The calculators against closed forms, printed numbers of the papers, and brute force on small sets."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from scipy.special import betainc

from verify import Hypothesis, Inequality, Part, Patterns, Source, calculators, reliance
from verify.cli import main
from verify.loader import installed
from verify.vocabulary import M, err, m


def hopcheck(*arguments: str):
    return CliRunner().invoke(main, arguments)


def value_after(output: str, label: str) -> float:
    """The number of the line two below a label."""
    lines = output.splitlines()
    text = lines[lines.index(label) + 2].strip()
    return float(re.search(r"-?[0-9.]+(?:e[+-]?[0-9]+)?", text)[0])


def test_a_bound_at_given_numbers():
    given = ("M=10", "m=1", "beta=8", "Delta_mu=1/2", "dist=1/10", "dist_star=0")
    result = hopcheck("bound", "ramsauer2021.thm5", *given)
    assert result.exit_code == 0
    assert value_after(result.output, "error: right side (<=)") == pytest.approx(
        2 * 9 * math.exp(-8 * (0.5 - 0.2)), rel=1e-12
    )
    assert "needs err" in result.output


def test_a_capacity_statement_shows_its_chain_and_hypotheses():
    result = hopcheck("bound", "ramsauer2021.thm3", "beta=1", "K=3", "d=20", "p=1/1000")
    # The paper prints c >= 3.1546 for these numbers.
    assert value_after(result.output, "c") == pytest.approx(3.1546, abs=2e-5)
    assert result.output.count("holds") == 3
    tiny = hopcheck("bound", "ramsauer2021.thm3", "beta=1e-6", "K=3", "d=20", "p=1/1000")
    lines = tiny.output.splitlines()
    assert lines[lines.index("hypothesis of the text") + 2].strip() == "fails"


def test_outside_the_domain_there_is_no_number():
    result = hopcheck("bound", "hu2023.lemma3.1-capacity", "d=8", "beta_m2=4", "p=1/4", "share=1")
    assert "no real value: log of" in result.output


def test_the_largest_number_by_bisection_is_the_largest():
    """restated.exact-sparse-capacity against the cap area from SciPy: M (M-1)/2 A_d(theta) <= p."""
    statements = {k: v.statement for k, v in installed().items() if k == "restated.exact-sparse-capacity"}
    for d, beta_m2, p in ((8, 8, "1/20"), (12, 6, "1/100"), (5, 12, "1/2")):
        (found,) = calculators.capacities(statements, d, 1, beta_m2, Fraction(p), 0, 0)
        theta = math.acos(1 - 1 / beta_m2)
        area = betainc((d - 1) / 2, 0.5, math.sin(theta) ** 2) / 2
        expected = next(M for M in range(2, 10**6) if (M + 1) * M / 2 * area > float(Fraction(p)))
        assert found.count == expected


def test_capacities_side_by_side_and_simulated():
    asked = ("--d", "8", "--m", "1", "--beta", "160", "--p", "0.5", "--simulate", "--trials", "20")
    result = hopcheck("capacity", *asked)
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.output.splitlines()[1:]}
    assert "sets fail" in lines["restated.random-capacity-cap"]
    assert "[refuted]" in lines["ramsauer2021.thm3"]
    assert "nothing (no real value" in lines["hu2023.lemma3.1-capacity"]


def test_separations_of_a_small_set(tmp_path):
    memories = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    np.save(tmp_path / "set.npy", memories)
    result = hopcheck("separation", str(tmp_path / "set.npy"), "--beta", "1", "--beta", "100")
    assert "smallest 1, median 1, largest 1" in result.output
    assert "90 degrees" in result.output
    line = next(x for x in result.output.splitlines() if x.startswith("restated.ball-storage  "))
    # beta Delta >= 1 + log(4 beta (M-1)): 1 >= 1 + log 8 fails, 100 >= 1 + log 800 holds.
    assert line.split()[1:] == ["0", "%", "100", "%"]


def test_a_single_memory_has_no_competitor(tmp_path):
    np.save(tmp_path / "one.npy", np.ones((1, 3)))
    result = hopcheck("separation", str(tmp_path / "one.npy"))
    assert result.exit_code == 0
    assert "no competitor" in result.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["bound", "ramsauer2021.thm5", "nonsense=1"], "expected numbers for"),
        (["bound", "ramsauer2021.thm5", "beta"], "expected name=value"),
        (["bound", "ramsauer2021.thm3", "beta=1"], "missing K, d, p"),
        (["bound", "no.such"], "expected a statement id"),
        (["capacity", "--d", "8", "--beta", "0"], "greater than 0"),
        (["capacity", "--d", "8", "--beta", "1", "--p", "2"], "at most 1"),
        (["separation", "missing.npy"], "cannot be read"),
    ],
)
def test_bad_input_is_one_sentence(arguments, expected):
    result = hopcheck(*arguments)
    assert result.exit_code == 2
    assert expected in result.output
    assert len(result.output.strip().splitlines()) == 1


def bounded(identifier: str, side, *hypotheses, trivial=2 * m):
    return Inequality(
        id=identifier,
        title="a planted bound",
        source=Source("ramsauer2021", "nowhere"),
        provenance="derived",
        arena=Patterns(query="ball"),
        hypotheses=hypotheses,
        parts=(Part("error", sp.Le(err, side), trivial=trivial),),
        controls=(),
    )


def test_rely_sorts_by_what_a_bound_says_and_leaves_out_what_fails():
    planted = {
        s.id: s
        for s in (
            bounded("silent", 3 * m),
            bounded("half", m),
            bounded("quarter", m / 2),
            bounded("hyp", m / 4, Hypothesis(sp.Ge(M, 5))),
            bounded("failing", m / 8),
        )
    }
    known = {k: {"verdict": "not refuted"} for k in planted} | {"failing": {"verdict": "refuted"}}
    few = reliance.reliances(planted, known, 3, 4, 2.0, m=7.0)
    assert [r.id for r in few] == ["quarter", "half", "hyp", "silent"]
    assert [r.informative for r in few] == [1.0, 1.0, 0.0, 0.0]
    assert [r.ratio for r in few[:2]] == pytest.approx([0.25, 0.5], rel=1e-12)
    assert few[2].met == 0.0
    assert [r.id for r in reliance.reliances(planted, known, 3, 5, 2.0)] == [
        "hyp",
        "quarter",
        "half",
        "silent",
    ]


def test_rely_at_one_point_of_the_catalogue():
    """Theorem 5 bounds the error by 2 (M - 1) exp(-beta (Delta - 2 m R)): it speaks at large beta only."""
    shown = hopcheck("rely", "--d", "12", "--M", "4", "--beta", "50", "--model", "dense")
    assert shown.exit_code == 0
    said, _ = shown.output.split("say nothing here")
    assert "ramsauer2021.thm5 " in said
    cold = hopcheck("rely", "--d", "12", "--M", "4", "--beta", "1/1000", "--model", "dense")
    assert "ramsauer2021.thm5," in cold.output.split("say nothing here")[1]


def test_rely_refuses_what_it_cannot_hold():
    for arguments, word in (
        (("--M", "1000000"), "coordinates"),
        (("--M", "3", "--model", "no"), "--model no"),
    ):
        result = hopcheck("rely", "--d", "4", "--beta", "1", *arguments)
        assert result.exit_code == 2
        assert word in result.output
