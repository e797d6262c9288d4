"""Random and placed patterns: formulas against mpmath, witnesses recomputed, bounds that must be caught."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.special import iv

from bounds.expr import precise
from simulations.ensembles import code, sphere
from simulations.streams import stream
from verify.checkers import probability
from verify.checkers.forall import check
from verify.context import Context
from verify.decide import decide
from verify.papers.ramsauer2021 import placed, random_capacity, random_dimension, random_patterns

REFUTE = math.log(1e5)
mp = mpmath.mp


def lambert_c(beta, k, d, p):
    a = mpmath.mpf(2) / (d - 1) * (1 + mpmath.log(2 * beta * k**2 * p * (d - 1)))
    b = 2 * k**2 * mpmath.mpf(beta) / 5
    return a + mpmath.log(b), b / mpmath.lambertw(mpmath.exp(a + mpmath.log(b))).real


def short_c(u, b):
    """Corollary A1 in mpmath."""
    omega = mpmath.mpf("0.56714329")
    if u <= 0:
        return b / mpmath.log((omega * mpmath.exp(u) + 1) / (omega * (1 + omega)))
    return b * u ** (-u / (1 + u))


def test_kappa_is_the_leading_coefficient_of_the_cap_area():
    for d in (2, 3, 8, 20):
        theta = 1e-3
        area = quad(lambda t, n=d: math.sin(t) ** (n - 2), 0, theta)[0]
        whole = quad(lambda t, n=d: math.sin(t) ** (n - 2), 0, math.pi)[0]
        assert float(random_patterns.kappa(sp.Integer(d - 1))) == pytest.approx(
            area / whole / theta ** (d - 1), rel=1e-5
        )


def test_worked_numbers():
    with mpmath.workdps(30):
        u, c = lambert_c(1, 3, 20, mpmath.mpf("0.001"))
        assert (u > 1.27, c > 3.1546, c < 3.1547) == (True, True, True)
        u, c = lambert_c(1, 1, 75, mpmath.mpf("0.001"))
        assert (u < -0.94, c > 1.3718) == (True, True)
        # Printed as 1.2585: the number itself lies a little below.
        assert mpmath.mpf("1.25849") < short_c(u, mpmath.mpf(2) / 5) < mpmath.mpf("1.2585")


def test_the_short_formula_stays_below_the_lambert_formula():
    with mpmath.workdps(30):
        for u in [mpmath.mpf(k) / 4 for k in range(-120, 41)] + [mpmath.mpf("1e-9"), mpmath.mpf("-1e-9")]:
            assert short_c(u, 1) <= 1 / mpmath.lambertw(mpmath.exp(u)).real


def test_theorem_3_claims_hundreds_of_patterns_without_any_memory():
    """At beta m^2 = 1e-6 it claims 428 patterns, while two starts end in one point."""
    with mpmath.workdps(30):
        d, s, p = 8, mpmath.mpf("1e-6"), mpmath.mpf("0.5")
        _, c = lambert_c(s / (d - 1), 1, d, p)
        assert math.floor(mpmath.sqrt(p) * c ** (mpmath.mpf(d - 1) / 4)) == 428
        assert c >= (2 / mpmath.sqrt(p)) ** (mpmath.mpf(4) / (d - 1))
    memories = sphere(stream(0, "thm3"), 1, 428, d)[0]
    x = memories.copy()
    for _ in range(3):
        p_ = np.exp(1e-6 * x @ memories.T)
        x = (p_ / p_.sum(axis=1, keepdims=True)) @ memories
    assert np.max(np.linalg.norm(x - x[0], axis=1)) < 1e-15


def test_theorem_3_is_refuted_and_its_restatement_is_not():
    tiny = tuple(g for g in random_capacity.GRID if g["d"] == 8 and g["p"] == "1/2")
    assert len(tiny) >= 2
    evidence = probability.check(dataclasses.replace(random_capacity.THM3, points=tiny), Context())
    assert decide(evidence, REFUTE).verdict == "refuted"
    evidence = probability.check(dataclasses.replace(random_capacity.THM3_WITH_305, points=tiny), Context())
    assert decide(evidence, REFUTE).outcome == "pass"


def test_a_wrong_union_bound_is_refuted():
    points = tuple({"d": 3, "M": 30, "theta": t} for t in ("0.03", "0.05"))
    wrong = dataclasses.replace(
        random_patterns.UNION, bound=random_patterns.UNION.bound / 2, points=points, controls=()
    )
    assert decide(probability.check(wrong, Context()), REFUTE).verdict == "refuted"


def test_dimension_formula_solves_its_equation():
    values = {"beta": "0.001", "K": 1, "c": 2, "p": "0.5"}
    root = precise(random_dimension.ROOT_0, values)
    a, b = precise(random_dimension.A, values), precise(random_dimension.B, values)
    with mpmath.workdps(50):
        assert abs(mpmath.log(root) + a * root + b) < 1e-40
    d = root + 1
    assert abs(lambert_c(mpmath.mpf("0.001"), 1, d, mpmath.mpf("0.5"))[1] - 2) < 1e-12


def test_corollary_a2_gives_less_than_one_dimension():
    """a < 0 and u > 0 make d - 1 = (u+1)/a negative; the larger root lies beyond (u+1)/|a|."""
    values = {"beta": 1, "K": 2, "c": 2, "p": 1}
    a, b = precise(random_dimension.A, values), precise(random_dimension.B, values)
    u = b - mpmath.log(-a) - 1
    assert a < 0 < u
    assert a * mpmath.exp(-b) >= -mpmath.exp(-1)
    assert precise(random_dimension.COR_ROOT, values) < 0
    larger = (mpmath.lambertw(a * mpmath.exp(-b), -1) / a).real
    assert (u + 1) / -a < larger < mpmath.e / (mpmath.e - 1) * (u + 1) / -a


def test_theorem_a7_needs_more_than_17_dimensions():
    def slack(d):
        left = 0.9 * (d - 1) * (1 - math.log(d - 1) / (d - 1)) ** 2
        return left - 2 / 2 ** ((d - 1) / 4) - math.log(2 * 2 ** ((d - 1) / 2) * 9 * (d - 1))

    assert [d for d in range(10, 61) if slack(d) >= 0] == list(range(21, 61))
    verdict = decide(check(random_dimension.THM_A7_EXAMPLE, Context()), REFUTE)
    assert verdict.verdict == "refuted"


@pytest.mark.parametrize(("d", "count", "m2"), [(3, 20, 10.0), (4, 64, 12.0), (5, 30, 16.0)])
def test_average_crosstalk_of_any_placement(d, count, m2):
    """sum over nu of exp(<xi_mu, xi_nu>), averaged over mu, is at least N times the mean over the sphere."""
    mean = math.gamma(d / 2) * (2 / m2) ** (d / 2 - 1) * iv(d / 2 - 1, m2)
    for points in (sphere(stream(1, "any", d), 3, count, d), code(stream(1, "spread", d), 2, count, d)):
        total = np.exp(m2 * points @ points.transpose(0, 2, 1)).sum(axis=(1, 2)) / count
        assert np.all(total >= count * mean * (1 - 1e-9))


def test_own_weight_bound_lies_above_the_measured_weight():
    """The certified bound on the smallest weight p_mu(xi_mu) holds for spread codes as well."""
    values = {"d": 4, "K": 2, "rate": 4}
    bound = float(precise(placed.OWN_WEIGHT, values))
    points = code(stream(2, "own"), 2, 64, 4, m=math.sqrt(12))
    overlaps = np.exp(points @ points.transpose(0, 2, 1) - 12)
    assert np.all((1 / overlaps.sum(axis=-1)).min(axis=-1) <= bound)


def test_a_certified_code_stays_near_its_points():
    """Theorem A4 at d = 3: 64 points with m^2 = 50; starts on small spheres return to one point each."""
    found, text = placed.examine_codes(3, 64, math.sqrt(50))
    assert found, text
    assert not placed.examine_codes(5, 256, 4.0)[0]


def test_the_placement_step_exceeds_what_is_known():
    """At a right angle 2 d points are the most; the step claims 4^(d-1)."""
    verdict = decide(check(placed.PLACEMENT_STEP, Context()), REFUTE)
    assert verdict.verdict == "refuted"
    assert int(precise(placed.PLACEABLE, {"d": 3, "degrees": 90})) == 16 > 6
