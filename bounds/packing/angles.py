"""The tightest certified interval for s*(n, N), the least max cosine of N points, and what gave it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from scipy.optimize import brentq

from bounds.exact import Real, Undecided, escalate, precision
from bounds.packing import elementary, existence, levenshtein, linear, simplex, three_point
from bounds.packing.certificate import cap_floor, linear_data, make, simplex_floor
from bounds.packing.cosine import check_dimension, check_size, rational_above, read_cosine, real_cosine
from bounds.packing.records import SOURCES, Bound, CosineBounds, cosine_bounds
from bounds.packing.sizes import CAP_LIMIT, Methods, default_degree


def best_angle_bounds(
    n: int,
    size: int,
    *,
    degree: int | None = None,
    sdp: int = 0,
    methods: Methods = None,
    known: Sequence[Bound] = (),
) -> CosineBounds:
    """Certified bounds on s*(n, N), the least max cosine of N points on S^{n-1}, and the best interval.

    Lower bounds come from A(n, s) < N, each with a certificate at its own s.  n >= 2, N >= 2; ``degree``,
    ``sdp``, ``methods`` as for :func:`best_bounds`; ``known`` adds upper bounds from codes at hand.
    Raises ValueError out of range.
    """
    check_dimension(n)
    check_size(size)
    found = [*_cosine_lower(n, size, degree, methods), *_cosine_upper(n, size), *known]
    if sdp and n > 2 and size > 2 * n:
        found += _three_point_cosine(n, size, sdp, cosine_bounds(n, size, tuple(found)).lower)
    return cosine_bounds(n, size, tuple(found))


def _three_point_cosine(n: int, size: int, degree: int, start: Fraction) -> list[Bound]:
    try:
        proof = three_point.three_point_cosine(n, size, degree, start)
    except ArithmeticError:  # no gain over the bounds at hand
        return []
    return [_lower("three-point", n, size, proof.upto, **three_point.data(proof))]


def _lower(name: str, n: int, size: int, low: Fraction, exact: Any = None, **data: Any) -> Bound:
    """A bound at ``low``, with the certificate at the closed form where there is one."""
    s = low if exact is None else exact
    certificate = make(name, "cosine_at_least", n, s, size, **data)
    return Bound(name, "lower", low, True, SOURCES[name], certificate, "" if exact is None else str(exact))


def _cosine_lower(n: int, size: int, degree: int | None, methods: Methods) -> Iterator[Bound]:
    def asked(name: str) -> bool:
        return methods is None or name in methods

    low = elementary.rankin_cosine(n, min(size, 2 * n))  # more points have a larger max cosine
    yield _lower("rankin", n, size, low, low)
    if size <= 2 * n:
        return
    if n == 2:
        exact = elementary.circle_cosine(size)
        yield _lower("circle", n, size, _rational_floor(exact), exact)
        return
    start = Fraction(0)
    if asked("levenshtein"):
        try:
            start, closed = levenshtein.levenshtein_cosine(n, size)
            yield _lower("levenshtein", n, size, _rational_floor(closed, start), closed)
        except ArithmeticError:
            pass
    if n == 3 and asked("fejes-toth"):
        bound = escalate(lambda: elementary.fejes_toth_cosine(size).lower(), 128)
        yield _lower("fejes-toth", n, size, _coarse(bound))
    if asked("caps") and n <= CAP_LIMIT:
        yield from _by_search("caps", n, size, elementary.cap_packing_size, cap_floor)
    best = start
    if asked("linear-programming"):
        try:
            proof = linear.linear_cosine(n, size, degree or default_degree(n, start), start)
            yield _lower("linear-programming", n, size, proof.upto, **linear_data(proof))
            best = proof.upto
        except ArithmeticError:
            pass
    # In three dimensions this is Fejes Toth's bound; in many dimensions it rarely gains and costs seconds.
    if asked("simplex") and (4 <= n <= 8 or (8 < n <= 24 and simplex_floor(n, best) < size)):
        yield from _by_search("simplex", n, size, simplex.simplex_size, simplex_floor)


def _rational_floor(exact: Any, fallback: Fraction | None = None) -> Fraction:
    """A rational number at most the exact one, equal where it is rational."""
    if exact is None:
        assert fallback is not None
        return fallback
    value = read_cosine(exact)
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    with precision(128):
        return _coarse(real_cosine(value).lower())


def _coarse(x: Fraction, bits: int = 64) -> Fraction:
    """The largest multiple of 2^-bits that is at most x: short to write, and as good."""
    return Fraction((x.numerator << bits) // x.denominator, 1 << bits)


def _by_search(
    name: str, n: int, size: int, bound: Callable[[int, Real], Real], proved: Callable[[int, Any], int]
) -> Iterator[Bound]:
    """The largest s found with a proved bound below ``size``; the floating-point root only says where to
    look.
    """

    def excess(s: float) -> float:
        try:
            return math.log(float(escalate(partial(bound, n, Real(s)), 64, 256)) / size)
        except Undecided:
            return math.inf

    try:
        root = brentq(excess, 1e-6, _bracket(excess), xtol=1e-13, rtol=1e-13)
    except (ValueError, RuntimeError):  # no root: the bound is above `size` on the whole range
        return
    back = 1e-13
    while root - back > 0:
        low = Fraction(root - back)
        if proved(n, low) < size:
            yield _lower(name, n, size, low)
            return
        back *= 8


def _bracket(excess: Callable[[float], float]) -> float:
    gap = 0.5
    while gap > 1e-12 and excess(1 - gap) < 0:
        gap /= 2
    return 1 - gap


def _cosine_upper(n: int, size: int) -> Iterator[Bound]:
    name = "elementary"
    if size <= 2 * n or n == 2:
        exact = elementary.rankin_cosine(n, size) if size <= 2 * n else elementary.circle_cosine(size)
        high = rational_above(exact, 64)
        certificate = make(name, "size_at_least", n, exact, size)
        yield Bound(name, "upper", high, True, SOURCES[name], certificate, str(exact))
    high = _covering_cosine(n, size) if n <= CAP_LIMIT else Fraction(1)
    if high < 1:
        certificate = make("covering", "size_at_least", n, high, size)
        yield Bound("covering", "upper", high, True, SOURCES["covering"], certificate)
    elif size > 2 * n > 4:
        yield Bound("trivial", "upper", Fraction(1), True, "distinct points")


def _covering_cosine(n: int, size: int) -> Fraction:
    """The least multiple of 2^-40 at which the covering bound gives ``size`` points; 1 if there is none."""
    lo, hi = Fraction(-1), Fraction(1)
    while hi - lo > Fraction(1, 1 << 40):
        middle = (lo + hi) / 2
        if existence.covering_size(n, middle) >= size:
            hi = middle
        else:
            lo = middle
    return hi
