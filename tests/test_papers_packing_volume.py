"""Volume bounds, exact sizes, exponents of spherical codes: quantities by other means, planted errors."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.special
from scipy.spatial.distance import pdist

from bounds.exact import Real, precision
from simulations.codes import construct, optimise
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import exact_instance
from verify.papers import ballinger2009, boroczky1978, catalogue, cjms2023, fejestoth1943, kl1978, rankin1955
from verify.papers.khm2024 import dimension, packing
from verify.papers.splag import bands, caps, codes, growth, optima, polynomials
from verify.vocabulary import measure

CATALOGUE = catalogue()


def verdict_of(statement) -> str:
    return decide(forall.check(statement, Context()), math.log(1e6)).verdict


def verdict(identifier: str) -> str:
    return verdict_of(CATALOGUE[identifier])


def witness(identifier: str, part: str) -> dict:
    found = forall.check(CATALOGUE[identifier], Context())
    return next(p.witness.point for p in found.parts if p.name == part)


def cap(n: int, angle: float) -> float:
    half = scipy.special.betainc((n - 1) / 2, 0.5, math.sin(angle) ** 2) / 2
    return half if angle <= math.pi / 2 else 1 - half


# -- optimal values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "count", "name"),
    [
        (3, 11, "icosahedron-minus-1"),
        (3, 12, "icosahedron"),
        (3, 24, "snub-cube"),
        (4, 10, "petersen"),
        (4, 120, "600-cell"),
        (6, 27, "schlaefli"),
        (3, 4, "simplex-3"),
        (4, 8, "cross-polytope-4"),
        (2, 7, "polygon-7"),
    ],
)
def test_proven_optima_are_those_of_the_exact_codes(n, count, name):
    assert optima.proven(n, count)
    low, high = construct(name).max_cosine_enclosure
    with precision(128):
        found = optima.optimal_cosine(n, count)
        below, above = found.lower(), found.upper()
    assert below <= high
    assert low <= above
    assert above - below < Fraction(1, 10**20)


@pytest.mark.parametrize(("count", "starts"), [(7, 32), (8, 32), (9, 32), (10, 48), (14, 512)])
def test_proven_optima_on_the_sphere_are_reached_and_not_beaten(count, starts):
    reached = optimise(3, count, budget=starts).max_cosine
    assert abs(reached - float(optima.optimal_cosine(3, count))) < 1e-8


@pytest.mark.parametrize(
    ("n", "count", "optimum"), [(4, 24, 0.5), (4, 10, 1 / 6), (8, 240, 0.5), (7, 56, 1 / 3)]
)
def test_intervals_contain_the_optimum_and_follow_their_bounds(n, count, optimum):
    low, high = optima.cosine_interval(n, count)
    assert float(low) - 1e-8 <= optimum <= high
    # The upper end is where count - 1 caps of the full angle cover.
    assert (count - 1) * cap(n, math.acos(high)) == pytest.approx(1, abs=1e-5)


def test_intervals_on_the_sphere_by_closed_forms():
    low, high = optima.cosine_interval(3, 1000)
    omega = 1000 / 998 * math.pi / 6
    assert float(low) == pytest.approx((1 / math.tan(omega) ** 2 - 1) / 2, abs=1e-12)
    assert (1000 - 1) * cap(3, math.acos(high)) == pytest.approx(1, abs=1e-9)


def test_sizes_enclose_known_ones():
    half = Fraction(1, 2)
    for n, kissing in [(2, 6), (3, 12), (4, 24), (8, 240), (24, 196560)]:
        low, high = optima.size_interval(n, half)
        assert low <= kissing <= high
        assert low == math.ceil(1 / cap(n, math.pi / 3) - 1e-9) or low == 2 * n or n == 2
    assert optima.size_interval(8, half)[1] == 240
    assert optima.size_interval(24, half)[1] == 196560
    assert optima.size_interval(5, Fraction(0)) == (10, 10)


def test_dimensions_enclose_known_ones():
    # A(2, 1/2) = 6 and A(3, 1/2) = 12: seven points need three dimensions.
    low, high = optima.dimension_interval(7, Fraction(1, 2))
    assert low == 3
    assert high >= 3
    assert optima.dimension_interval(6, Fraction(1, 2)) == (2, 2)
    assert optima.dimension_interval(2, Fraction(1, 2)) == (1, 1)
    n = optima.dimension_interval(10**6, Fraction(1, 2))[1]
    assert 1 / cap(n, math.pi / 3) > 10**6 - 1
    assert 1 / cap(n - 1, math.pi / 3) < 10**6


@pytest.mark.parametrize(
    ("count", "s", "n"), [(2, 0, 1), (3, 0, 2), (5, 0, 3), (8, 0, 4), (2, -1, 1), (9, Fraction(-1, 8), 8)]
)
def test_dimensions_of_large_separations(count, s, n):
    assert dimension.rankin_dimension(count, Fraction(s)) == n


# -- the separation of M unit features ----------------------------------------------------------------------


@pytest.mark.parametrize(("n", "count"), [(2, 5), (3, 12), (8, 240), (24, 196560)])
def test_the_bounds_of_the_proposition_by_mpmath(n, count):
    g = mpmath.gamma
    with mpmath.workdps(30):
        lower = (mpmath.sqrt(mpmath.pi) / count * g((n + 1) / 2) / g(n / 2 + 1)) ** (
            mpmath.mpf(2) / (n - 1)
        ) / 2
        upper = 2 * (2 * mpmath.sqrt(mpmath.pi) / count * g((n + 1) / 2) / g(n / 2)) ** (
            mpmath.mpf(1) / (n - 1)
        )
    at = {packing.D: n, packing.M: count}
    assert float(packing.LOWER.subs(at)) == pytest.approx(float(lower), rel=1e-12)
    assert float(packing.UPPER.subs(at)) == pytest.approx(float(upper), rel=1e-12)
    assert float(packing.Q.subs(at)) == pytest.approx(float(upper / 2) ** 2, rel=1e-12)


def test_readings_of_tightness_and_of_unrestricted_dimension_fail_at_small_sizes():
    assert witness("hu2024.prop3.1.tight-monotone", "next gap smaller") == {"D": 3, "M": 4}
    assert verdict("hu2024.prop3.1.tight-ratio") == "refuted"
    assert verdict("hu2024.dphi.log-any") == "refuted"
    # By hand: the gap is 2 - 4/3 at M = 4, 4/sqrt(5) - 1 at M = 5.
    assert 4 / math.sqrt(5) - 1 > 2 - 4 / 3


@pytest.mark.parametrize(
    ("identifier", "part", "old", "new"),
    [
        ("restated.d11.two-sided", "upper bound", 2 * packing.Q, packing.Q),
        ("restated.d11.two-sided", "lower bound", packing.Q / 2, packing.Q),
        ("hu2024.prop3.1.lower", "lower bound", packing.LOWER, 16 * packing.LOWER),
    ],
)
def test_a_wrong_constant_is_refuted(identifier, part, old, new):
    statement = CATALOGUE[identifier]
    parts = tuple(
        dataclasses.replace(p, relation=p.relation.subs(old, new)) if p.name == part else p
        for p in statement.parts
    )
    assert any(a.relation != b.relation for a, b in zip(parts, statement.parts, strict=True))
    assert verdict_of(dataclasses.replace(statement, parts=parts)) == "refuted"


def test_a_criterion_with_a_larger_prefactor_is_refuted():
    statement = dimension.SUFFICIENT
    weaker = dimension.CRITERION - 2
    broken = [
        dataclasses.replace(h, relation=h.relation.subs(dimension.CRITERION, weaker))
        for h in statement.hypotheses
    ]
    points = tuple({"Delta": "49/100", "M": m, "D": 2} for m in range(3, 12))
    arena = dataclasses.replace(statement.arena, points=points)
    assert verdict_of(dataclasses.replace(statement, hypotheses=tuple(broken), arena=arena)) == "refuted"


# -- codes ------------------------------------------------------------------------------------------------


def test_rational_codes_are_unit_vectors_near_what_was_asked():
    points = np.random.default_rng(5).standard_normal((9, 4))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    found = codes.rational_code(points, 512)
    assert np.all(np.sum(found.vectors**2, axis=1) == found.norms**2)
    near = found.vectors / found.norms[:, None]
    assert np.max(np.abs(near - points)) < 1 / 256
    gram = near @ near.T
    np.fill_diagonal(gram, -1)
    assert float(found.largest) == pytest.approx(gram.max(), abs=1e-12)


@pytest.mark.parametrize("name", ["polygon-7", "icosahedron", "snub-cube", "simplex-4", "random"])
def test_closest_pairs_by_brute_force(name):
    number = next(i for i, entry in enumerate(codes.CODES) if entry[0] == name)
    x = np.array([[float(v) for v in row] for row in codes.coordinates(number)])
    assert np.allclose(np.linalg.norm(x, axis=1), 1)
    assert float(codes.closest(number)) == pytest.approx(pdist(x).min(), rel=1e-12)
    gram = x @ x.T
    np.fill_diagonal(gram, -2)
    assert float(codes.max_cosine(number)) == pytest.approx(gram.max(), abs=1e-12)


def test_agreeing_digits_count_digits():
    assert 2.9 < float(codes.agreeing_digits(Real("1.001"), Real(1))) < 3.1
    assert float(codes.agreeing_digits(Real(1), Real(1))) == 100


# -- polynomials --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "k"), [(3, 4), (8, 7), (24, 12), (64, 5)])
def test_ultraspherical_polynomials_by_scipy(n, k):
    expected = scipy.special.eval_gegenbauer(k, n / 2 - 1, 3 / 7)
    assert float(polynomials.ultraspherical(n, k, Fraction(3, 7))) == pytest.approx(expected, rel=1e-10)


def test_orthogonality_is_that_of_the_weight():
    assert polynomials.orthogonality_defect(5, 6, 5) == 0
    assert polynomials.orthogonality_defect(5, 6, 6) > 0
    # P_2 of dimension 4 under the weight of dimension 3, which is 1: mean of (4 t^2 - 1)/3 is 1/9.
    assert polynomials.orthogonality_defect(4, 2, 3) == Fraction(1, 9)


# -- caps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "angle"), [(2, 0.3), (3, 2.5), (8, 1.0), (24, 1.5), (64, 2.0), (256, 1.4)])
def test_cap_areas_by_quadrature(n, angle):
    assert float(caps.area_by_quadrature(n, Real(angle))) == pytest.approx(cap(n, angle), rel=1e-10)


def test_greedy_codes_lie_between_covering_and_known_optima():
    assert 1 / cap(3, math.pi / 3) <= caps.greedy(3, 60) <= 12
    assert 1 / cap(4, math.pi / 3) <= caps.greedy(4, 60) <= 24
    assert caps.greedy(2, 30) <= 12


@pytest.mark.parametrize("inverse", [5, 10])
def test_codes_of_bands_by_brute_force(inverse):
    placed = bands.rows(1 / inverse)
    points = [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0)]
    phase = 0.0
    for row in placed:
        phase = phase + math.pi / row.count if row.turned else 0.0
        for j in range(row.count):
            turn = phase + 2 * math.pi * j / row.count
            x, y = (math.sin(row.colatitude) * f(turn) for f in (math.cos, math.sin))
            points += [(x, y, math.cos(row.colatitude)), (x, y, -math.cos(row.colatitude))]
    assert len(points) == bands.size(Fraction(1, inverse))
    assert 2 * math.asin(pdist(np.array(points)).min() / 2) >= 1 / inverse - 1e-12


def test_bands_with_a_point_too_many_are_refused():
    placed = bands.rows(0.1)
    assert bands.defect(placed, Fraction(1, 10)) == ""
    middle = len(placed) // 2
    crowded = [dataclasses.replace(r, count=r.count + 1) if i == middle else r for i, r in enumerate(placed)]
    assert bands.defect(crowded, Fraction(1, 10)) != ""
    nearer = [
        dataclasses.replace(r, colatitude=r.colatitude - 0.01) if i == middle else r
        for i, r in enumerate(placed)
    ]
    assert bands.defect(nearer, Fraction(1, 10)) != ""
    assert bands.defect(placed, Fraction(11, 100)) != ""


# -- single papers ------------------------------------------------------------------------------------------


def test_near_simplices_have_more_than_the_simplex():
    for n, count in [(3, 4), (5, 4), (8, 9)]:
        value = float(rankin1955.near_simplex(n, count))
        assert 0 < value + 1 / (count - 1) < 0.05


@pytest.mark.parametrize("n", range(3, 9))
def test_the_cubic_of_two_n_plus_one_points(n):
    inside = [r for r in np.roots(ballinger2009.cubic(n)[::-1]) if 0 < r < 1 / n]
    assert len(inside) == 1
    assert float(ballinger2009.claimed_root(n)) == pytest.approx(inside[0], abs=1e-12)


def test_a_better_code_of_two_n_plus_one_points_would_refute(monkeypatch):
    assert verdict("ballinger2009.two-n-plus-one") == "not refuted"
    better = Fraction(ballinger2009.claimed_root(5).lower()) - Fraction(1, 1000)
    monkeypatch.setattr(ballinger2009, "found", lambda n, count: (better, better))
    assert verdict("ballinger2009.two-n-plus-one") == "refuted"


def test_a_larger_angle_than_fejes_toth_allows_would_refute(monkeypatch):
    assert verdict("fejestoth1943") == "proved"
    real = fejestoth1943.optimal_cosine
    monkeypatch.setattr(fejestoth1943, "optimal_cosine", lambda n, count: real(n, count) - Fraction(1, 20))
    assert verdict("fejestoth1943") == "refuted"


@pytest.mark.parametrize("m", [2, 3, 4, 6])
def test_schlaefli_function_at_the_orthant_and_beyond(m):
    with precision(96):
        assert float(boroczky1978.share(m, Real(0))) == pytest.approx(1 / math.factorial(m), rel=1e-12)
        # Correlation 1/2: m + 1 independent numbers of which the last is the smallest, 1/(m + 1).
        half = float(boroczky1978.share(m, Real(Fraction(-1, 2))))
    assert half == pytest.approx(2**m / math.factorial(m) / (m + 1), rel=1e-12)


@pytest.mark.parametrize("cos2a", [-0.6, -0.2, 0.1, 0.25])
def test_schlaefli_function_by_its_recursion(cos2a):
    def inner(angle):  # F_2(beta) = 2 beta / pi, sec 2 beta = sec 2 theta - 2
        c = mpmath.cos(2 * angle)
        return mpmath.acos(c / (1 - 2 * c)) / mpmath.pi

    start, end = mpmath.acos(mpmath.mpf(1) / 3) / 2, mpmath.acos(cos2a) / 2
    expected = 2 / mpmath.pi * mpmath.quad(inner, [start, (start + end) / 2, end])
    with precision(96):
        assert float(boroczky1978.share(4, Real(cos2a))) == pytest.approx(float(expected), rel=1e-6)


def test_a_simplex_bound_with_a_wrong_angle_is_refuted(monkeypatch):
    boroczky1978._bound.cache_clear()
    real = boroczky1978.simplex_bound
    monkeypatch.setattr(boroczky1978, "simplex_bound", lambda n, s: real(n, s * Fraction(9, 10)))
    try:
        assert verdict("boroczky1978") == "refuted"
    finally:
        boroczky1978._bound.cache_clear()


# -- exponents ----------------------------------------------------------------------------------------------


def exponent(sine: float) -> float:
    u = (1 - sine) / (2 * sine)
    return ((1 + u) * math.log(1 + u) - u * math.log(u)) / math.log(2)


def test_exponents_by_floats():
    for s in (0.2, 0.5, 0.8):
        sine = math.sqrt(1 - s * s)
        assert float(growth.KL_EXPONENT.subs(growth.s, s)) == pytest.approx(exponent(sine), rel=1e-12)
        assert float(growth.COVERING_EXPONENT.subs(growth.s, s)) == pytest.approx(-math.log2(sine), rel=1e-12)


def test_the_localising_angle_minimises():
    def local(degrees):
        angle = math.radians(degrees)
        return exponent(math.sin(angle)) + 0.5 * math.log2(1 - math.cos(angle))

    best = scipy.optimize.minimize_scalar(local, bounds=(50, 80), method="bounded", options={"xatol": 1e-9})
    assert 62.997 < best.x < 62.998
    found = float(measure(exact_instance({"n": Fraction(320)}), kl1978.star)[0])
    assert found == pytest.approx(best.fun, abs=1e-8)
    slope = (local(50 + 1e-5) - local(50 - 1e-5)) / math.radians(2e-5) * math.log(2)
    assert float(kl1978.SLOPE.subs(kl1978.degrees, 50)) == pytest.approx(slope, rel=1e-5)


def test_rates_are_those_of_the_bounds():
    low, high = growth.rate_interval(8, Fraction(1, 2))
    assert float(high) == pytest.approx(math.log2(240) / 8, rel=1e-12)
    assert float(low) == pytest.approx(-math.log2(cap(8, math.pi / 3)) / 8, rel=1e-10)
    n, s = 300, 0.5
    leading = math.sqrt(2 * math.pi * n) * s / (1 - s * s) ** ((n - 1) / 2)
    expected = 1 / (cap(n, math.acos(s)) * leading)
    assert float(growth.covering_ratio(n, Fraction(1, 2))) == pytest.approx(expected, rel=1e-9)


def test_the_claimed_exponent_is_open_and_can_fail(monkeypatch):
    assert verdict("claim2026.exponent") == "inconclusive"
    beyond = (Fraction(2, 5), Fraction(41, 100))
    monkeypatch.setattr(growth, "rate_interval", lambda n, s: beyond)
    assert verdict("claim2026.exponent") == "refuted"


def test_a_rate_above_the_linear_programming_exponent_would_refute(monkeypatch):
    real = growth.rate_interval
    monkeypatch.setattr(growth, "rate_interval", lambda n, s: (real(n, s)[1] + Fraction(1, 5),) * 2)
    assert verdict("kl1978") == "refuted"


def test_lattice_densities():
    assert float(cjms2023.density(8)) == pytest.approx(0.25367, abs=1e-5)
    assert float(cjms2023.density(24)) == pytest.approx(0.0019296, abs=1e-7)
    assert float(cjms2023.density(3)) == pytest.approx(0.7404805, abs=1e-7)
