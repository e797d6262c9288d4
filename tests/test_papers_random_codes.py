"""Random spherical codes: events and quantities against exact laws and mpmath, planted errors refuted."""

from __future__ import annotations

import dataclasses
import itertools
import math

import mpmath
import numpy as np
import pytest
import sympy as sp

from bounds.expr import precise
from simulations import events_random_codes as events
from simulations.ensembles import sphere
from simulations.streams import stream
from verify.checkers import forall, probability
from verify.context import Context
from verify.decide import decide
from verify.instances import exact_instance
from verify.papers import caifanjiang2013, concentration, random_codes
from verify.vocabulary import measure

REFUTE = math.log(1e5)


def verdict(statement, seed=0):
    check = probability.check if isinstance(statement, probability.Probability) else forall.check
    return decide(check(statement, Context(seed=seed)), REFUTE)


def test_triangles_on_the_circle_are_not_as_frequent_as_three_independent_pairs():
    # Three points lie within theta <= 2 pi/3 of one another if the arc they span is at most theta long.
    theta = math.pi / 2
    exact, independent = 3 * (theta / (2 * math.pi)) ** 2, (theta / math.pi) ** 3
    found = np.mean(events.triangle_above(stream(0, "triangle"), 40_000, d=2, s=0.0) == 1)
    assert found == pytest.approx(exact, abs=4 * math.sqrt(exact / 40_000))
    assert abs(found - independent) > 0.05


@pytest.mark.parametrize("shared", [0, 1])
def test_two_pairs_in_space(shared):
    share = ((1 - 0.5) / 2) ** 2  # a cap of the sphere has its height as its area
    found = events.two_pairs_above(stream(0, "pairs", shared), 40_000, d=3, s=0.5, shared=shared)
    assert np.mean(found == 1) == pytest.approx(share, abs=4 * math.sqrt(share / 40_000))


def test_a_pair_at_the_border_is_undecided_unless_the_other_settles_it(monkeypatch):
    rows = np.array(
        [
            [[1.0, 0.0], [0.6, 0.8], [0.6, -0.8]],
            [[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]],
            [[1.0, 0.0], [0.8, 0.6], [0.8, -0.6]],
        ]
    )
    monkeypatch.setattr(events, "sphere", lambda *_: rows)
    assert events.two_pairs_above(stream(0), 3, d=2, s=0.6, shared=1).tolist() == [-1, 0, 1]
    assert events.pair_above(stream(0), 3, d=2, s=0.6).tolist() == [-1, -1, 1]


def test_no_pair_within_follows_the_law_of_the_circle():
    m, theta = 12, 0.05
    exact = (1 - m * theta / (2 * math.pi)) ** (m - 1)
    found = np.mean(events.no_pair_within(stream(0, "none"), 20_000, d=2, M=m, theta=theta) == 1)
    assert found == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 20_000))
    values = {"M": m, "theta": sp.Rational(1, 20)}
    assert float(precise(random_codes.none_close, values)) == pytest.approx(exact, rel=1e-12)
    assert not events.no_pair_within(stream(0), 5, d=2, M=3, theta=math.pi).any()
    assert events.no_pair_within(stream(0), 5, d=2, M=3, theta=0.0).all()


@pytest.mark.parametrize(("d", "angle"), [(2, "0.1"), (3, "1.2"), (4, "0.7"), (16, "0.7"), (64, "1.5")])
def test_tails_by_integration(d, angle):
    with mpmath.workdps(60):
        x = mpmath.sin(mpmath.mpf(angle)) ** 2
        exact = mpmath.betainc(mpmath.mpf(d - 1) / 2, mpmath.mpf(1) / 2, 0, x, regularized=True) / 2
        found = mpmath.mpf(random_codes.tail_by_integration(d, angle))
        assert abs(found / exact - 1) < mpmath.mpf(10) ** -45
        other = mpmath.mpf(random_codes.tail_by_integration(d, angle, supplement=True))
        assert abs(other + exact - 1) < mpmath.mpf(10) ** -45


@pytest.mark.parametrize(("d", "m", "expected"), [(2, 20, 0.5), (3, 4, 5.0), (8, 100, 0.01), (256, 20, 10.0)])
def test_the_angle_at_an_expected_number(d, m, expected):
    theta = mpmath.mpf(random_codes.angle_at(d, m, expected))
    whole = mpmath.quad(lambda t: mpmath.sin(t) ** (d - 2), [0, mpmath.pi / 2, mpmath.pi])
    share = mpmath.quad(lambda t: mpmath.sin(t) ** (d - 2), [0, theta / 2, theta]) / whole
    assert float(share * m * (m - 1) / 2) == pytest.approx(expected, rel=1e-6)


def test_no_angle_for_more_pairs_than_there_are():
    with pytest.raises(ValueError, match="close pairs among 3 points"):
        random_codes.angle_at(3, 3, 3.5)


def test_the_chen_stein_error_counts_dependent_pairs():
    """b_1 + b_2 over the pairs, each dependent on those with a common point, times min(1, 1/lambda)."""
    m, theta = 7, 0.3
    p = (1 - math.cos(theta)) / 2
    pairs = list(itertools.combinations(range(m), 2))
    near = sum(bool(set(a) & set(b)) for a in pairs for b in pairs)
    lam = len(pairs) * p
    both = near * p**2 + (near - len(pairs)) * p**2
    found = precise(random_codes.CHEN_STEIN, {"M": m, "d": 3, "theta": sp.Rational(3, 10)})
    assert float(found) == pytest.approx(min(1, 1 / lam) * both, rel=1e-12)


def test_kappa_is_the_leading_coefficient_of_lambda():
    for d in (2, 3, 8, 32):
        theta, m = mpmath.mpf("1e-4"), 1000
        values = {"d": d, "M": m, "x": str(theta * mpmath.mpf(m) ** (mpmath.mpf(2) / (d - 1)))}
        lam = precise(random_codes.lam, {"d": d, "M": m, "theta": str(theta)})
        assert float(precise(caifanjiang2013.y, values) / lam) == pytest.approx(1 + 1 / m, rel=1e-4)


def quantity(symbol, **scalars):
    return measure(exact_instance({k: sp.Rational(str(v)) for k, v in scalars.items()}), symbol)[0]


@pytest.mark.parametrize("n", [2, 3, 5, 64])
def test_moments_against_quadrature(n):
    def mean(power):
        return mpmath.quad(lambda t: mpmath.cos(t) ** power * mpmath.sin(t) ** (n - 2), [0, mpmath.pi])

    for power, density, normal in (
        (2, concentration.second_moment, concentration.gaussian_second),
        (4, concentration.fourth_moment, concentration.gaussian_fourth),
    ):
        exact = float(mean(power) / mean(0))
        assert float(quantity(density, dim=n)) == pytest.approx(exact, rel=1e-10)
        assert float(quantity(normal, dim=n)) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize(("n", "b"), [(2, "0.001"), (3, "-3"), (8, "30"), (256, "1000")])
def test_the_exponential_moment_against_mpmath(n, b):
    with mpmath.workdps(40):
        exact = mpmath.log(mpmath.hyp0f1(mpmath.mpf(n) / 2, mpmath.mpf(b) ** 2 / 4))
    assert float(quantity(concentration.log_mgf, dim=n, rate=b)) == pytest.approx(float(exact), rel=1e-12)


def test_a_law_of_another_dimension_is_refuted():
    def other(stream_, trials, *, d, s):
        x = sphere(stream_, trials, 2, d + 1)
        return (np.sum(x[:, 0] * x[:, 1], axis=-1) > s).astype(np.int8)

    points = tuple(p for p in random_codes.PAIR_LAW.points if p["d"] in (2, 3) and p["drawn"])
    narrow = dataclasses.replace(random_codes.PAIR_LAW, points=points, parts=(), controls=())
    assert verdict(narrow).outcome == "pass"
    assert verdict(dataclasses.replace(narrow, event=other)).verdict == "refuted"


def test_dependent_pairs_are_refuted():
    def clustered(stream_, trials, *, d, s, shared):
        return events.pair_above(stream_, trials, d=d, s=s)

    wrong = dataclasses.replace(random_codes.PAIRWISE, event=clustered, parts=(), controls=())
    assert verdict(wrong).verdict == "refuted"


@pytest.mark.parametrize("statement", [random_codes.UNION, random_codes.CHEBYSHEV, random_codes.POISSON])
def test_a_wrong_event_on_the_closest_pair_is_refuted(statement):
    """Half of the points only: fewer close pairs; twice as many: more of them."""
    twice = statement is random_codes.UNION

    def wrong(stream_, trials, *, d, M, theta):
        count = 2 * M if twice else (M + 1) // 2
        return statement.event(stream_, trials, d=d, M=count, theta=theta)

    points = tuple(p for p in statement.points if p["d"] == 8 and p["M"] == 20 and p["drawn"])
    narrow = dataclasses.replace(statement, points=points, parts=(), controls=())
    assert verdict(narrow).outcome == "pass"
    assert verdict(dataclasses.replace(narrow, event=wrong)).verdict == "refuted"


def test_the_limit_law_at_moderate_size_is_refuted_from_nine_dimensions_on():
    evidence = probability.check(caifanjiang2013.USABLE, Context())
    found = decide(evidence, REFUTE)
    assert found.verdict == "refuted"
    witness = next(p.witness for p in evidence.parts if p.witness is not None)
    assert witness.certified
    # Without the check under test: Boole's and the Chen-Stein bound at the witness are below F - 1/20.
    d, m, x = (mpmath.mpf(witness.point[k].numerator) / witness.point[k].denominator for k in ("d", "M", "x"))
    kappa = mpmath.gamma(d / 2) / (4 * mpmath.sqrt(mpmath.pi) * mpmath.gamma((d + 1) / 2))
    theta = x * m ** (-2 / (d - 1))
    p = mpmath.betainc((d - 1) / 2, 0.5, 0, mpmath.sin(theta) ** 2, regularized=True) / 2
    lam = m * (m - 1) / 2 * p
    error = min(1, lam) * 2 * lam * (4 * m - 7) / (m * (m - 1))
    assert 1 - mpmath.exp(-kappa * x ** (d - 1)) > min(lam, 1 - mpmath.exp(-lam) + error) + 0.05


def test_sharper_concentration_is_refuted():
    sharper = dataclasses.replace(
        concentration.TAIL,
        parts=(
            dataclasses.replace(
                concentration.TAIL.parts[0],
                relation=sp.Le(
                    concentration.CAP,
                    sp.exp(-(concentration.dim + 1) * concentration.cosine**2 / 2) / 2,
                    evaluate=False,
                ),
            ),
        ),
        controls=(),
    )
    assert verdict(sharper).verdict == "refuted"
