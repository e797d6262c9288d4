"""Generalised sparse model: energies and bounds by hand and in mpmath, the capacity event, planted errors."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.special import betainc

from simulations.events import not_all_exact_fixed
from simulations.events_entmax import not_all_entmax_fixed
from simulations.streams import stream
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances
from verify.margins import certify
from verify.papers import catalogue
from verify.papers import stanhop2024 as paper
from verify.papers.hfy2024 import maps
from verify.vocabulary import measure

CATALOGUE = catalogue()


def verdict(identifier: str):
    return decide(forall.check(CATALOGUE[identifier], Context()), math.log(1e6)).verdict


def entmax(v, alpha):
    """alpha-entmax of a list of mpmath numbers, by bisection on the threshold."""
    s = alpha - 1
    low, high = s * max(v) - 1, s * max(v)
    for _ in range(120):
        middle = (low + high) / 2
        mass = sum(max(s * x - middle, 0) ** (1 / s) for x in v)
        low, high = (middle, high) if mass > 1 else (low, middle)
    return [max(s * x - low, 0) ** (1 / s) for x in v]


@pytest.mark.parametrize("seed", range(3))
def test_energies_and_supports_in_mpmath(seed):
    rng = np.random.default_rng(seed)
    b = Instances(
        4,
        memories=rng.standard_normal((4, 4, 2)),
        query=rng.standard_normal((4, 2)),
        beta=rng.uniform(0.3, 3.0, 4),
        target=rng.integers(0, 4, 4),
        scalars={"alpha": rng.uniform(1.2, 3.5, 4), "alpha_high": rng.uniform(1.2, 3.5, 4)},
    )
    plain, scaled = measure(b, paper.H_rise_alpha), measure(b, paper.Hb_rise_alpha)
    size, gap = measure(b, paper.kappa_alpha), measure(b, paper.support_gap_alpha)
    high = measure(b, paper.rest_alpha_high)
    with mpmath.workdps(30):
        for i in range(4):
            alpha, beta = mpmath.mpf(b.scalars["alpha"][i]), mpmath.mpf(b.beta[i])
            xi = [[mpmath.mpf(float(v)) for v in row] for row in b.memories[i]]

            def conjugate(x, xi=xi, alpha=alpha, beta=beta):
                v = [beta * mpmath.fdot(row, x) for row in xi]
                p = entmax(v, alpha)
                psi = (sum(q**alpha for q in p if q > 0) - 1) / (alpha * (alpha - 1))
                return mpmath.fdot(p, v) - psi, p, v

            x = [mpmath.mpf(float(v)) for v in b.query[i]]
            before, p, v = conjugate(x)
            after_x = [sum(q * row[k] for q, row in zip(p, xi, strict=True)) for k in range(2)]
            after, _, _ = conjugate(after_x)
            squares = (mpmath.fdot(after_x, after_x) - mpmath.fdot(x, x)) / 2
            assert plain[i] == pytest.approx(float(squares - after + before), abs=1e-10)
            assert scaled[i] == pytest.approx(float(squares - (after - before) / beta), abs=1e-10)
            inside = [w / beta for w, q in zip(v, p, strict=True) if q > 1e-20]
            assert size[i] == len(inside)
            assert gap[i] == pytest.approx(float(max(inside) - min(inside)), abs=1e-12)
            q = entmax(v, mpmath.mpf(b.scalars["alpha_high"][i]))
            assert high[i] == pytest.approx(float(sum(q) - q[int(b.target[i])]), abs=1e-10)


def test_the_energy_without_the_temperature_rises_for_one_memory():
    # H(x) = -beta x + x^2/2 for the memory 1, whatever alpha: from x = 2 = beta to T(x) = 1 it rises by 1/2.
    statement = CATALOGUE["stanhop2024.energy"]
    point = {
        "memories": [[Fraction(1)]],
        "query": [Fraction(2)],
        "beta": Fraction(2),
        "target": 0,
        "alpha": Fraction(3, 2),
    }
    found = certify(statement.parts[0], (), point, model=paper.HALF_MODEL)
    assert (found.status, found.lhs, found.rhs) == ("violated", "1/2", "0")


def test_capacity_event_is_that_of_the_margin():
    # T_alpha is exact exactly at (alpha - 1) beta Delta >= 1: the sparsemax event at (alpha - 1) beta.
    for alpha, beta in ((1.25, 40.0), (1.5, 12.0), (3.0, 3.0)):
        ours = not_all_entmax_fixed(stream(1, "e"), 300, d=4, M=5, m=1.0, beta=beta, alpha=alpha)
        theirs = not_all_exact_fixed(stream(1, "e"), 300, d=4, M=5, m=1.0, beta=(alpha - 1) * beta)
        assert np.array_equal(ours, theirs)
        assert 0 < ours.sum() < 300


def test_capacity_event_at_its_ends():
    keywords = {"d": 3, "m": 1.0, "beta": 50.0}
    assert np.all(not_all_entmax_fixed(stream(0, "s"), 40, M=2, alpha=1.0, **keywords) == 1)
    assert np.all(not_all_entmax_fixed(stream(0, "s"), 40, M=1, alpha=1.0, **keywords) == 0)
    found = not_all_entmax_fixed(stream(0, "t"), 20_000, M=2, alpha=1.5, **keywords)
    cap = betainc(1.0, 0.5, math.sin(math.acos(1 - 1 / 25)) ** 2) / 2
    assert np.mean(found == 1) == pytest.approx(cap, abs=5 * math.sqrt(cap / 20_000))


def test_an_entmax_of_another_order_is_caught(monkeypatch):
    right = maps.entmax
    monkeypatch.setattr(maps, "entmax", lambda v, alpha, xp: right(v, alpha * 0 + 2, xp))
    for identifier in ("restated.gsh-energy", "restated.gsh-mass-bound"):
        assert verdict(identifier) == "refuted", identifier


def test_capacity_has_no_real_value():
    points = CATALOGUE["stanhop2024.capacity"].points
    assert all(Fraction(str(p["p"])) <= 1 for p in points)  # sqrt(p) - 1 <= 0: its logarithm is not real
