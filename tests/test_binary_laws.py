"""Laws of binary memories against enumeration in plain Python, convolution, SciPy and mpmath."""

import math
from fractions import Fraction
from itertools import pairwise, product

import mpmath
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from bounds import binary_laws as laws
from bounds.exact import Real, precision

DETERMINISTIC = settings(deadline=None, derandomize=True)


def plain_crosstalks(n, count):
    """All values of the crosstalk at one bit of the pattern (1,...,1), one per set of other patterns."""
    for bits in product((-1, 1), repeat=n * (count - 1)):
        rows = [bits[k * n : (k + 1) * n] for k in range(count - 1)]
        yield sum(row[0] * sum(row[1:]) for row in rows)


@DETERMINISTIC
@given(st.integers(0, 60), st.integers(-2, 62))
def test_coins_below_is_a_sum_of_binomials(trials, k):
    expected = Fraction(sum(math.comb(trials, j) for j in range(max(0, min(k, trials + 1)))), 2**trials)
    assert laws.coins_below(trials, k).fraction == expected


@pytest.mark.parametrize(("trials", "k"), [(4096, 1990), (4097, 1990), (10**6, 498000), (10**8, 49_990_000)])
def test_many_coins_against_scipy(trials, k):
    assert float(laws.coins_below(trials, k)) == pytest.approx(float(binom.cdf(k - 1, trials, 0.5)), rel=1e-8)


@pytest.mark.parametrize(("n", "count"), [(2, 2), (2, 5), (3, 3), (3, 4), (4, 3), (4, 4), (5, 3)])
def test_the_bit_error_counts_all_pattern_sets(n, count):
    sums = list(plain_crosstalks(n, count))
    unstable = Fraction(sum(s < 1 - n for s in sums), len(sums))
    tied = Fraction(sum(s == 1 - n for s in sums), len(sums))
    assert laws.hebb_bit_error(n, count).fraction == unstable
    assert laws.hebb_bit_error(n, count, ties=True).fraction == unstable + tied
    assert laws.hebb_step_errors(n, count).fraction == n * unstable


def test_a_single_pattern_is_stable():
    assert laws.hebb_bit_error(7, 1).fraction == 0
    assert laws.hebb_bit_error(7, 1, ties=True).fraction == 0
    assert laws.gap_below(3, 7, 1) == (0.0, 0.0)


@pytest.mark.parametrize(("n", "count", "flips"), [(3, 3, 1), (4, 3, 1), (5, 3, 1), (5, 3, 2), (3, 4, 1)])
def test_errors_after_a_step_count_all_pattern_sets(n, count, flips):
    """The query is (1,...,1) with the first bits turned; zero diagonal; a field of 0 keeps the bit."""
    query = [-1] * flips + [1] * (n - flips)
    wrong = sets = 0
    for bits in product((-1, 1), repeat=n * (count - 1)):
        rows = [(1,) * n] + [bits[k * n : (k + 1) * n] for k in range(count - 1)]
        sets += 1
        for i in range(n):
            field = sum(
                row[i] * (sum(r * s for r, s in zip(row, query, strict=True)) - row[i] * query[i])
                for row in rows
            )
            wrong += (query[i] if field == 0 else field) < 0
    assert laws.hebb_step_errors(n, count, flips).fraction == Fraction(wrong, sets)


@pytest.mark.parametrize(("n", "least"), [(5, 1), (5, 2), (6, -2), (8, 8), (8, 9), (8, -8)])
def test_overlap_tail(n, least):
    hits = sum(sum(s) >= least for s in product((-1, 1), repeat=n))
    assert laws.overlap_tail(n, least).fraction == Fraction(hits, 2**n)


def convolved(degree, n, count):
    """P(gap < 0) and P(gap = 0) as fractions, by convolving the contributions one after the other."""
    one: dict[int, Fraction] = {}
    for signs in product((-1, 1), repeat=n - 1):
        y = sum(signs)
        for e in (-1, 1):
            value = e * ((1 + e * e * y) ** degree - (y - 1) ** degree)
            one[value] = one.get(value, Fraction(0)) + Fraction(1, 2**n)
    law = {n**degree - (n - 2) ** degree: Fraction(1)}
    for _ in range(count - 1):
        after: dict[int, Fraction] = {}
        for a, p in law.items():
            for b, q in one.items():
                after[a + b] = after.get(a + b, Fraction(0)) + p * q
        law = after
    return sum((p for v, p in law.items() if v < 0), Fraction(0)), law.get(0, Fraction(0))


@pytest.mark.parametrize(
    ("degree", "n", "count"), [(2, 5, 6), (3, 5, 5), (3, 8, 9), (4, 7, 8), (4, 8, 12), (5, 6, 7), (3, 9, 14)]
)
def test_the_law_of_the_gap_by_convolution(degree, n, count):
    below, at = convolved(degree, n, count)
    found = laws.gap_below(degree, n, count)
    assert found[0] == pytest.approx(float(below), abs=laws.GAP_ERROR)
    assert found[1] == pytest.approx(float(at), abs=laws.GAP_ERROR)


@pytest.mark.parametrize(("n", "count"), [(40, 11), (100, 14), (200, 75), (1000, 145)])
def test_for_degree_two_the_gap_has_the_binomial_law(n, count):
    strict, either = (float(laws.hebb_bit_error(n, count, ties=t)) for t in (False, True))
    assert laws.gap_below(2, n, count) == pytest.approx((strict, either - strict), abs=laws.GAP_ERROR)


@pytest.mark.parametrize(("degree", "n"), [(2, 3), (3, 6), (4, 7), (5, 4)])
def test_moments_of_the_gap(degree, n):
    sums = [sum(s) for s in product((-1, 1), repeat=n - 1)]
    second = Fraction(sum(((1 + y) ** degree - (y - 1) ** degree) ** 2 for y in sums), len(sums))
    assert laws.gap_second_moment(degree, n) == second
    assert laws.gap_mean(degree, n) == n**degree - (n - 2) ** degree


def test_gaussian_tails():
    with mpmath.workdps(40):
        for x in ("0.5", "3", "12"):
            assert (
                abs(
                    mpmath.mpf(laws.decimals(laws.gaussian_tail(Real(x)), 30)) / mpmath.ncdf(-mpmath.mpf(x))
                    - 1
                )
                < 1e-25
            )
        x = mpmath.findroot(lambda t: mpmath.ncdf(-t) - mpmath.mpf("0.005"), 2.5)
        assert laws.decimals(laws.small_error_load(Fraction(1, 200)), 25) == mpmath.nstr(1 / x**2, 25)
        x = mpmath.findroot(lambda t: mpmath.npdf(t) / t - mpmath.mpf("0.005"), 2.6)
        assert laws.decimals(laws.small_error_load(Fraction(1, 200), "asymptotic"), 25) == mpmath.nstr(
            1 / x**2, 25
        )
    tail = laws.gap_gaussian_error(3, 60, 400)
    assert float(tail) == pytest.approx(float(mpmath.ncdf(-20888 / mpmath.sqrt(399 * 373120))), rel=1e-12)


def test_double_factorials():
    assert [laws.double_factorial(k) for k in (-1, 0, 1, 3, 5, 7, 6)] == [1, 1, 1, 3, 15, 105, 48]


def test_crossing_finds_the_last_integer():
    assert laws.crossing(lambda k: k * k < 1000, 1, 500) == 31
    with pytest.raises(ValueError, match="does not change"):
        laws.crossing(lambda k: True, 1, 5)


def test_roots_are_enclosed():
    found = laws.root(lambda x: x * x - 2, Fraction(1), Fraction(2), bits=100)
    with precision(400):
        assert found.lower() ** 2 < 2 < found.upper() ** 2
        assert found.upper() - found.lower() < Fraction(1, 2**95)
    falling = laws.root(lambda x: 2 - x * x, Fraction(1), Fraction(2))
    assert falling.lower() ** 2 < 2 < falling.upper() ** 2
    with pytest.raises(ValueError, match="change of sign"):
        laws.root(lambda x: x * x + 1, Fraction(1), Fraction(2))


# -- replica-symmetric theory -----------------------------------------------------------------------------


def order_parameters(alpha, steps=400):
    """The three equations at zero temperature, iterated from full retrieval."""
    m = r = mpmath.mpf(1)
    for _ in range(steps):
        y = m / mpmath.sqrt(2 * alpha * r)
        c = mpmath.sqrt(2 / (mpmath.pi * alpha * r)) * mpmath.exp(-y * y)
        m, r = mpmath.erf(y), 1 / (1 - c) ** 2
    return m, r


@pytest.mark.parametrize("alpha", ["0.02", "0.1", "0.13"])
def test_iterated_order_parameters_solve_the_single_equation(alpha):
    with mpmath.workdps(30):
        alpha = mpmath.mpf(alpha)
        m, r = order_parameters(alpha)
        y = m / mpmath.sqrt(2 * alpha * r)
        load = laws.retrieval_load(arb(mpmath.nstr(y, 30)))
        assert abs(float(load) - float(alpha)) < 1e-12
        assert m > 0.967


def test_no_retrieval_beyond_the_critical_load():
    with mpmath.workdps(20):
        m, _ = order_parameters(mpmath.mpf("0.1381"), 4000)
        assert m < 0.5


def test_critical_load_and_overlap():
    with mpmath.workdps(40):

        def root(y):
            return mpmath.erf(y) / y - 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-y * y)

        y = mpmath.findroot(lambda t: mpmath.diff(root, t), 1.5)
        assert laws.decimals(laws.critical_load(), 25) == mpmath.nstr(root(y) ** 2 / 2, 25)
        assert laws.decimals(laws.critical_overlap(), 25) == mpmath.nstr(mpmath.erf(y), 25)
        # One maximum: the root rises before and falls after.
        grid = [root(mpmath.mpf(k) / 50) for k in range(1, 300)]
        top = grid.index(max(grid))
        assert all(a < b for a, b in pairwise(grid[: top + 1]))
        assert all(a > b for a, b in pairwise(grid[top:]))


def free_energy(alpha, m, c, r):
    """Energy per spin at zero temperature before elimination, its average over the noise by quadrature."""
    noise = mpmath.quad(
        lambda z: abs(mpmath.sqrt(alpha * r) * z + m) * mpmath.npdf(z),
        [-12, -m / mpmath.sqrt(alpha * r), 0, 12],
    )
    return alpha / 2 + m * m / 2 - alpha / (2 * (1 - c)) + alpha * r * c / 2 - noise


def test_energies_are_the_stationary_values():
    with mpmath.workdps(20):
        alpha = mpmath.mpf("0.06")
        m, r = order_parameters(alpha)
        c = 1 - 1 / mpmath.sqrt(r)
        y = m / mpmath.sqrt(2 * alpha * r)
        value = free_energy(alpha, m, c, r)
        assert float(laws.retrieval_energy(arb(mpmath.nstr(y, 20)))) == pytest.approx(float(value), abs=1e-10)
        for step in ((1e-4, 0, 0), (0, 1e-4, 0), (0, 0, 1e-4)):
            up = free_energy(alpha, m + step[0], c + step[1], r + step[2])
            down = free_energy(alpha, m - step[0], c - step[1], r - step[2])
            assert abs(up - down) / 2e-4 < 1e-6
        glass_r = (1 + mpmath.sqrt(2 / (mpmath.pi * alpha))) ** 2
        glass = free_energy(alpha, mpmath.mpf(0), 1 - 1 / mpmath.sqrt(glass_r), glass_r)
        assert float(laws.glass_energy(arb("0.06"))) == pytest.approx(float(glass), abs=1e-10)


def test_equal_energies():
    load = laws.equal_energy_load()
    assert 0.0518 < float(load) < 0.0519
    with mpmath.workdps(25):
        alpha = mpmath.mpf(laws.decimals(load, 25))
        m, r = order_parameters(alpha)
        retrieval = alpha * (1 - r) / 2 - m * m / 2
        assert abs(retrieval + 1 / mpmath.pi + mpmath.sqrt(2 * alpha / mpmath.pi)) < 1e-15


def test_decimals_are_read_back():
    assert laws.decimals(Real(0)) == "0"
    with pytest.raises(ValueError, match="not known"):
        laws.decimals(Real.between(1, Fraction(1001, 1000)))
    assert abs(Fraction(laws.decimals(Real(Fraction(1, 3)), 30)) - Fraction(1, 3)) < Fraction(1, 10**29)
    assert abs(
        Fraction(laws.decimals(Real(Fraction(1, 3 * 10**40)), 10)) * 10**40 - Fraction(1, 3)
    ) < Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: laws.coins_below(-1, 0), "trials"),
        (lambda: laws.hebb_bit_error(1, 3), "at least 2 bits"),
        (lambda: laws.hebb_step_errors(10, 3, 5), "flips"),
        (lambda: laws.gap_below(1, 5, 3), "degree"),
        (lambda: laws.small_error_load(Fraction(1, 200), "exact"), "known tail"),
        (lambda: laws.small_error_load(Fraction(1, 2)), "error in"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
