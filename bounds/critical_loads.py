"""Critical loads of the log-sum-exp memory with P = exp(alpha N) patterns, N large, in balls.

Setting (Lucibello and Mezard 2024, PRL, arXiv 2304.14964): x has norm sqrt(N), one pattern has
overlap N cos(theta) with it, the others independent overlaps N t with P(t > q) = exp(-N rate(q) + o(N)) for
q > 0.  The pattern is retrieved if its weight tends to 1, that is, if ``lam * cos(theta)`` exceeds

    Phi(alpha) = max of alpha - rate(q) + lam q over q >= 0 with rate(q) <= alpha

(the random energy model of Derrida 1981).  All is found from this definition by certified bisection.

At finite N :func:`failure_bound` and :func:`success_bound` bound the probabilities themselves, by the
inequalities of Markov and Chebyshev for the sum over the other patterns, cut off at an overlap kappa.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

from flint import acb, arb

from bounds.balls import Undecided, precision
from bounds.enclosures import beta_lower_regularised
from bounds.real import Real

ENSEMBLES = ("spherical", "gaussian", "binary")
"""Patterns uniform on the sphere of radius sqrt(N), standard normal with x of norm sqrt(N), uniform signs."""

WIDTH = Fraction(1, 2**110)
"""Width of the intervals at which bisection stops."""

SPLITS = (Fraction(1, 2), Fraction(3, 8))
"""Where an interval is split: the second point is tried where the sign at the first cannot be decided."""

BITS = 192
"""Binary digits carried, whatever the caller's precision."""


def rate(ensemble: str, q: Real) -> Real:
    """I(q) with P(t > q) = exp(-N I(q) + o(N)), for 0 <= q < 1 (any q >= 0 if "gaussian").

    Raises ValueError for an unknown ensemble.
    """
    if ensemble == "spherical":
        return -(1 - q * q).log() / 2
    if ensemble == "gaussian":
        return q * q / 2
    if ensemble == "binary":
        return ((1 + q) * q.log1p() + (1 - q) * (-q).log1p()) / 2
    raise ValueError(f"ensemble: expected one of {', '.join(ENSEMBLES)}, found {ensemble!r}")


def slope(ensemble: str, q: Real) -> Real:
    """I'(q), increasing in q."""
    if ensemble == "spherical":
        return q / (1 - q * q)
    if ensemble == "gaussian":
        return q
    return (q.log1p() - (-q).log1p()) / 2


def root(increasing: Callable[[Real], Real], low: Fraction, high: Fraction) -> Real:
    """An interval no wider than ``WIDTH`` (or as the precision allows) that holds the zero in [low, high].

    The function must not be positive at ``low`` nor negative at ``high``; neither end is evaluated.
    """
    while high - low > WIDTH:
        for share in SPLITS:
            middle = low + share * (high - low)
            try:
                below = increasing(Real(middle)) < 0
            except Undecided:
                continue  # the point may be the zero itself
            low, high = (middle, high) if below else (low, middle)
            break
        else:
            break
    return Real.between(low, high)


@cache
def saddle(ensemble: str, lam: Fraction) -> Real:
    """The overlap q at which I'(q) = lam: it dominates the sum over the other patterns if there are any."""
    top = lam + 1 if ensemble == "gaussian" else Fraction(1)
    with precision(BITS):
        return root(lambda q: slope(ensemble, q) - lam, Fraction(0), top)


def edge(ensemble: str, alpha: Real) -> Real:
    """The overlap q at which I(q) = alpha: beyond it there are no patterns."""
    top = 2 * alpha.upper() + 2 if ensemble == "gaussian" else Fraction(1)
    with precision(BITS):
        return root(lambda q: rate(ensemble, q) - alpha, Fraction(0), top)


def free_entropy(ensemble: str, alpha: Real, lam: Fraction) -> Real:
    """Phi(alpha), for alpha > 0 and lam > 0."""
    with precision(BITS):
        q = saddle(ensemble, lam)
        level = rate(ensemble, q)
        try:
            return alpha - level + lam * q if alpha >= level else lam * edge(ensemble, alpha)
        except Undecided:
            # At the transition both branches agree.
            a, b = alpha - level + lam * q, lam * edge(ensemble, alpha)
            return Real.between(min(a.lower(), b.lower()), max(a.upper(), b.upper()))


@cache
def typical_load(ensemble: str, lam: Fraction) -> Real:
    """alpha_1: the largest load up to which a given pattern is retrieved from itself, Phi(alpha_1) = lam."""
    with precision(BITS):
        return root(lambda a: free_entropy(ensemble, a, lam) - lam, Fraction(0), lam + 1)


# -- finite N ----------------------------------------------------------------------------------------------


@cache
def moment(ensemble: str, n: int, steep: Fraction, shift: Fraction, kappa: Fraction) -> Real:
    """E[exp(steep n (t - shift)); t <= kappa] for the overlap t of one pattern in dimension n.

    Raises ValueError for an unknown ensemble; "spherical" needs an odd n >= 3 (then the density is entire).
    """
    if ensemble not in ENSEMBLES:
        raise ValueError(f"ensemble: expected one of {', '.join(ENSEMBLES)}, found {ensemble!r}")
    if ensemble == "spherical" and (n % 2 == 0 or n < 3):
        raise ValueError(f"n: expected an odd number of at least 3, found {n}")
    with precision(BITS):
        return {"spherical": _spherical_moment, "gaussian": _gaussian_moment, "binary": _binary_moment}[
            ensemble
        ](n, steep, shift, kappa)


def _gaussian_moment(n: int, steep: Fraction, shift: Fraction, kappa: Fraction) -> Real:
    """exp(n steep^2/2 - n steep shift) P(g <= (kappa - steep) sqrt(n)), g standard normal."""
    c = Real(kappa - steep) * (Real(n) / 2).sqrt()
    return (n * Real(steep * steep / 2 - steep * shift)).exp() * Real((-c.ball).erfc() / 2)


def _binary_moment(n: int, steep: Fraction, shift: Fraction, kappa: Fraction) -> Real:
    total, ways = Real(0), 1
    grow = (Real(-2) * steep).exp()
    factor = (n * Real(steep) * (1 - Real(shift))).exp() / Real(2) ** n
    for k in range(n + 1):  # k disagreements: t = 1 - 2 k/n
        if 1 - Fraction(2 * k, n) <= kappa:
            total = total + ways * factor
        factor = factor * grow
        ways = ways * (n - k) // (k + 1)
    return total


def _spherical_moment(n: int, steep: Fraction, shift: Fraction, kappa: Fraction) -> Real:
    s, c, half = _ball(steep), _ball(shift), (n - 3) // 2

    def density(t: acb, _analytic: bool) -> acb:
        return (1 - t * t) ** half * (n * s * (t - c)).exp()

    # Only the relative error matters: the integral may be as small as exp(-n (steep + shift)).
    small = arb((1, -20 * n - 200))
    found = acb.integral(density, acb(-1), acb(_ball(kappa)), rel_tol=arb((1, -40)), abs_tol=small).real
    logs = [Real(Fraction(k, 2)).lgamma() for k in (1, n - 1, n)]
    return Real(found) / (logs[0] + logs[1] - logs[2]).exp()


def _ball(value: Fraction) -> arb:
    return Real(value).ball


def tail(ensemble: str, n: int, kappa: Fraction) -> Real:
    """P(t > kappa)."""
    if ensemble == "gaussian":
        with precision(BITS):
            return Real((Real(kappa) * (Real(n) / 2).sqrt()).ball.erfc() / 2)
    if kappa >= 1:
        return Real(0)
    return 1 - moment(ensemble, n, Fraction(0), Fraction(0), kappa)


def cutoffs(ensemble: str, n: int, lam: Fraction, count: Real) -> tuple[Fraction, ...]:
    """Overlaps at which the sum over the other patterns is cut off, about the one that dominates it."""
    with precision(BITS):
        found = float(edge(ensemble, count.log() / n))
    q = Fraction(min(float(saddle(ensemble, lam)), found, 1.0)).limit_denominator(64)
    return (
        *(q * Fraction(j, 10) for j in (8, 9, 10)),
        *(q + (1 - q) * Fraction(j, 10) for j in (1, 2, 4, 7, 10)),
    )


def failure_bound(ensemble: str, n: int, lam: Fraction, count: Real, signal: Fraction = Fraction(1)) -> Real:
    """An upper bound on the probability of a weight of at most 1/2, with ``count`` other patterns.

    The weight is that of the pattern at overlap ``signal`` with x: the others sum to 1 or more.
    """
    bounds = [
        count * tail(ensemble, n, k) + count * moment(ensemble, n, lam, signal, k)
        for k in cutoffs(ensemble, n, lam, count)
    ]
    return min(bounds, key=lambda b: b.upper())


def success_bound(ensemble: str, n: int, lam: Fraction, count: Real, signal: Fraction = Fraction(1)) -> Real:
    """An upper bound on the probability of a weight above 1/2, with ``count`` other patterns; at most 1."""
    bounds = [Real(1)]
    for k in cutoffs(ensemble, n, lam, count):
        mean = count * moment(ensemble, n, lam, signal, k)
        if mean.lower() > 1:
            bounds.append(count * moment(ensemble, n, 2 * lam, signal, k) / (mean - 1) ** 2)
    return min(bounds, key=lambda b: b.upper())


def pair_bound(n: int, count: Real) -> Real:
    """Expected number of ordered pairs of ``count`` Gaussian patterns with <xi, eta> >= |xi|^2.

    Given xi, <xi, eta>/|xi| is standard normal, so a pair has the probability of a Student variable with n
    degrees of freedom to exceed sqrt(n), I_{1/2}(n/2, 1/2)/2.
    """
    with precision(BITS):
        return (
            count * (count - 1) * beta_lower_regularised(Fraction(n, 2), Fraction(1, 2), Fraction(1, 2)) / 2
        )
