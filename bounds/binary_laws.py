"""Laws of binary associative memories: binomial bit errors, gaps of polynomial models, mean-field loads.

Patterns are independent fair signs. A ``Real`` is certified: an exact rational or a ball; floats come with
the error named beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from flint import arb, ctx

from bounds.balls import precision
from bounds.enclosures import beta_lower_regularised
from bounds.real import Real

EXACT_TRIALS = 1 << 12
"""Fair coins up to which a binomial probability is an exact rational."""
GAP_ERROR = 1e-11
"""Bound on the absolute error of :func:`gap_below`."""
BITS = 128
"""Precision of balls, unless more is asked for: some 18 digits remain of the smallest tails used here."""


def _enough() -> AbstractContextManager[None]:
    """The current precision or that of this module, whichever is higher."""
    return precision(max(ctx.prec, BITS))


# Fair coins


def coins_below(trials: int, k: int) -> Real:
    """P(B < k) for B heads among ``trials`` fair coins: exact up to 4096 coins, else a ball (I_{1/2}).

    Raises ValueError for a negative number of coins.
    """
    if trials < 0:
        raise ValueError(f"trials: expected at least 0, found {trials}")
    if k <= 0:
        return Real(0)
    if k > trials:
        return Real(1)
    if trials <= EXACT_TRIALS:
        term = total = 1
        for j in range(1, k):
            term = term * (trials - j + 1) // j
            total += term
        return Real(Fraction(total, 2**trials))
    with _enough():
        return beta_lower_regularised(Real(trials - k + 1), Real(k), Real(Fraction(1, 2)))


def hebb_bit_error(n: int, count: int, *, ties: bool = False) -> Real:
    """P(a fixed bit of a fixed pattern is unstable): Hebb rule, zero diagonal, ``count`` patterns of n bits.

    The crosstalk is a sum of (n-1)(count-1) independent signs; the bit is unstable if it lies below -(n-1),
    with ``ties`` also at equality (field 0).

    Raises ValueError unless n >= 2 and count >= 1.
    """
    if n < 2 or count < 1:
        raise ValueError(f"n, count: expected at least 2 bits and 1 pattern, found {n} and {count}")
    coins = (n - 1) * (count - 1)
    # B < (coins - (n-1))/2, at equality only with ties.
    least = (coins - (n - 1)) // 2 + 1 if ties else -((n - 1 - coins) // 2)
    return coins_below(coins, least)


def hebb_step_errors(n: int, count: int, flips: int = 0) -> Real:
    """Expected number of wrong bits of one synchronous step from a pattern with ``flips`` bits turned.

    The other n - 1 bits of the query pull with n - 1 - 2 flips at a bit that is right and with two more at
    one that is turned; a field of 0 keeps the bit, so that a tie is an error only at a turned one.

    Raises ValueError unless n >= 2, count >= 1 and 0 <= flips < n/2.
    """
    if n < 2 or count < 1 or not 0 <= 2 * flips < n:
        raise ValueError(f"expected n >= 2, count >= 1, 0 <= flips < n/2, found {n}, {count} and {flips}")
    coins, pull = (n - 1) * (count - 1), n - 1 - 2 * flips
    # The crosstalk 2 B - coins lies below -pull, or at or below -(pull + 2).
    right = coins_below(coins, -((pull - coins) // 2))
    turned = coins_below(coins, (coins - pull - 2) // 2 + 1) if flips else Real(0)
    with _enough():
        return (n - flips) * right + flips * turned


def overlap_tail(n: int, least: int) -> Real:
    """P(<xi, s> >= least) for a fixed state s and a random pattern of n bits; ``least`` of either parity."""
    # The overlap is n - 2 B, B the number of bits that differ.
    return coins_below(n, (n - least) // 2 + 1)


# Gaussian tails


def gaussian_tail(x: Real) -> Real:
    """P(Z > x) for a standard Gaussian Z."""
    with _enough():
        return Real((x.ball / arb(2).sqrt()).erfc() / 2)


def double_factorial(k: int) -> int:
    """k!! = k (k-2) (k-4) ..., 1 for k <= 0."""
    return math.prod(range(k, 0, -2))


# The gap E(one bit turned) - E(pattern) of the energy -sum_mu <xi_mu, s>^n


def gap_mean(degree: int, n: int) -> int:
    """N^n - (N-2)^n: what the pattern itself contributes (n = ``degree``, N = ``n`` bits)."""
    return int(n**degree - (n - 2) ** degree)


def contributions(degree: int, n: int) -> list[tuple[int, int]]:
    """Pairs ((1+y)^degree - (y-1)^degree, number of ways) over sums y of n - 1 signs."""
    table, ways = [], 1
    for j in range(n):
        y = n - 1 - 2 * j
        table.append(((1 + y) ** degree - (y - 1) ** degree, ways))
        ways = ways * (n - 1 - j) // (j + 1)
    return table


def gap_second_moment(degree: int, n: int) -> Fraction:
    """E[((1+y)^degree - (y-1)^degree)^2]: the variance that every other pattern adds to the gap."""
    return Fraction(sum(v * v * ways for v, ways in contributions(degree, n)), 2 ** (n - 1))


def gap_gaussian_error(degree: int, n: int, count: int) -> Real:
    """Gaussian tail with the exact mean and variance of the gap; 0 for one pattern."""
    if count == 1:
        return Real(0)
    with _enough():
        sigma = Real((count - 1) * gap_second_moment(degree, n)).sqrt()
        return gaussian_tail(gap_mean(degree, n) / sigma)


@cache
def gap_below(degree: int, n: int, count: int) -> tuple[float, float]:
    """P(gap < 0) and P(gap = 0) of a fixed bit of a fixed pattern, each within 1e-11.

    The other patterns contribute independent values on a lattice, each with a fair sign; their sum is found
    by Fourier transforms on a circle so long that (by Chernoff's bound) less than 1e-14 wraps round.

    Raises ValueError unless degree >= 2, n >= 2 and count >= 1.
    """
    if degree < 2 or n < 2 or count < 1:
        raise ValueError(f"expected degree >= 2, n >= 2 and count >= 1, found {degree}, {n} and {count}")
    others = count - 1
    if others == 0:
        return 0.0, 0.0
    table = _folded(contributions(degree, n))
    unit = math.gcd(*(v for v, _ in table))
    mean = gap_mean(degree, n)
    reach = _reach(table, others)
    if mean > reach:
        return 0.0, 0.0
    size = 1 << max(4, math.ceil(math.log2(2 * reach / unit + 2)))
    chances = _sum_law(table, others, unit, size)
    total = unit * np.arange(size)
    total = np.where(total <= reach, total, total - unit * size)
    return float(np.sum(chances[total < -mean])), float(np.sum(chances[total == -mean]))


def _folded(table: list[tuple[int, int]]) -> list[tuple[int, float]]:
    """Absolute values with their probabilities: the sign is fair anyway."""
    ways: dict[int, int] = {}
    for v, w in table:
        ways[abs(v)] = ways.get(abs(v), 0) + w
    whole = sum(ways.values())
    return [(v, float(Fraction(w, whole))) for v, w in sorted(ways.items())]


def _reach(table: list[tuple[int, float]], others: int) -> int:
    """A number t with P(|sum| > t) < 1e-14 (Chernoff, best of many exponents), at most the largest sum."""
    v = np.array([float(a) for a, _ in table])
    with np.errstate(divide="ignore"):
        log_w = np.log(np.array([w for _, w in table]))
    sigma = math.sqrt(others * float(np.sum(np.exp(log_w) * v * v)))
    best = float(others * v.max())
    for s in np.geomspace(1.0, 60.0, 60) / sigma:
        # log E cosh(s v), the hyperbolic cosine written without overflow
        terms = log_w + s * v + np.log1p(np.exp(-2 * s * v)) - math.log(2)
        top = terms.max()
        log_mean = float(top + np.log(np.sum(np.exp(terms - top))))
        best = min(best, (others * log_mean + math.log(2e14)) / float(s))
    return math.ceil(best)


def _sum_law(table: list[tuple[int, float]], others: int, unit: int, size: int) -> Any:
    """Probabilities of the sums unit * t for t = 0..size-1 modulo size."""
    one = np.zeros(size)
    for v, w in table:
        for place in (v // unit, -(v // unit)):
            one[place % size] += w / 2
    # One contribution is symmetric, so that its transform is real and its powers lose no phase.
    return np.fft.irfft(_power(np.fft.rfft(one).real, others), size)


def _power(a: Any, k: int) -> Any:
    """a^k by repeated squaring, several times faster than the general power of large arrays."""
    result = np.ones_like(a)
    while k:
        if k % 2:
            result *= a
        k //= 2
        a = a * a if k else a
    return result


def crossing(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The largest integer in [low, high) at which ``holds``, for a property that holds first and then fails.

    Raises ValueError unless it holds at ``low`` and fails at ``high``.
    """
    if not holds(low) or holds(high):
        raise ValueError(f"the property does not change between {low} and {high}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


# Certified roots


def root(f: Callable[[arb], arb], low: Fraction, high: Fraction, bits: int = BITS) -> Real:
    """A ball of relative width about 2^-bits that certainly contains a zero of a continuous function.

    ``f`` maps balls to balls and has certified, opposite signs at the ends. Bisection, every sign certified.

    Raises ValueError otherwise.
    """
    with precision(4 * bits):
        left, right = Real(low).ball, Real(high).ball
        rising = bool(f(right) > 0)
        if not (f(left) < 0 if rising else f(left) > 0 and f(right) < 0):
            raise ValueError(f"no certified change of sign between {low} and {high}")
        for _ in range(bits):
            middle = ((left + right) / 2).mid()
            value = f(middle)
            if not (value > 0 or value < 0):
                break
            left, right = (middle, right) if (value > 0) != rising else (left, middle)
        return Real(left.union(right))


def small_error_load(error: Fraction, tail: str = "gaussian") -> Real:
    """The load K (2n-3)!!/N^(n-1) = 1/x^2 of the polynomial model with P(Z > x) = ``error``, certified.

    ``tail`` "asymptotic" puts exp(-x^2/2)/(x sqrt(2 pi)) in place of the Gaussian tail.

    Raises ValueError for another tail and for errors outside (1e-30, 0.1).
    """
    if tail not in ("gaussian", "asymptotic") or not Fraction(1, 10**30) < error < Fraction(1, 10):
        raise ValueError(f"expected a known tail and an error in (1e-30, 0.1), found {tail!r} and {error}")

    def excess(x: arb) -> arb:
        goal = Real(error).ball
        if tail == "gaussian":
            return (x / arb(2).sqrt()).erfc() / 2 - goal
        return (-x * x / 2).exp() / (x * (2 * arb.pi()).sqrt()) - goal

    x = root(excess, Fraction(1), Fraction(13))
    with _enough():
        return 1 / x**2


# Replica-symmetric theory of the Hebb rule at zero temperature (Amit, Gutfreund and Sompolinsky 1985/1987)


def retrieval_load(y: arb) -> arb:
    """alpha = (erf(y)/y - (2/sqrt pi) exp(-y^2))^2/2: the load of the solution y = m/sqrt(2 alpha r)."""
    return (y.erf() / y - 2 / arb.pi().sqrt() * (-y * y).exp()) ** 2 / 2


def retrieval_energy(y: arb) -> arb:
    """Energy per spin of the retrieval state, alpha (1 - r)/2 - m^2/2, m = erf(y), r = (m/y)^2/(2 alpha)."""
    alpha, m = retrieval_load(y), y.erf()
    return alpha / 2 - (m / y) ** 2 / 4 - m * m / 2


def glass_energy(alpha: arb) -> arb:
    """Energy per spin of the spin-glass state (m = 0): -1/pi - sqrt(2 alpha/pi)."""
    return -1 / arb.pi() - (2 * alpha / arb.pi()).sqrt()


@cache
def critical_y() -> Real:
    """The y of the largest load, certified and unique.

    The derivative of erf(y)/y - (2/sqrt pi) exp(-y^2) has the sign of k(y) = y (1 + 2 y^2) exp(-y^2) -
    (sqrt pi/2) erf(y). k(0) = 0 and k' = 4 y^2 (1 - y^2) exp(-y^2): k rises up to 1, falls beyond and
    ends below 0, so it has one zero, to the right of 1.
    """

    def slope(y: arb) -> arb:
        return y * (1 + 2 * y * y) * (-y * y).exp() - arb.pi().sqrt() / 2 * y.erf()

    return root(slope, Fraction(1), Fraction(4))


@cache
def critical_load() -> Real:
    """alpha_c = 0.1379..., the largest load with a retrieval solution, certified."""
    with _enough():
        return Real(retrieval_load(critical_y().ball))


@cache
def critical_overlap() -> Real:
    """erf(y) at alpha_c, certified."""
    with _enough():
        return Real(critical_y().ball.erf())


@cache
def equal_energy_load() -> Real:
    """The load, certified, at which retrieval and spin-glass energies agree (y above the critical one)."""
    y = root(lambda u: retrieval_energy(u) - glass_energy(retrieval_load(u)), Fraction(5, 2), Fraction(4))
    with _enough():
        return Real(retrieval_load(y.ball))


def decimals(value: Real, digits: int = 18) -> str:
    """The number rounded to that many significant digits, as text that is read back exactly.

    Raises ValueError for a ball that does not determine them (up to a few units of the last one).
    """
    with precision(max(ctx.prec, 4 * digits + 64)):
        known = value.ball
        if value.is_exact and value == 0:
            return "0"
        if not value.is_exact and known.rel_accuracy_bits() < 3.33 * digits:
            raise ValueError(f"{digits} digits: {value} is not known to so many")
        return str(known.mid().str(digits, radius=False))
