"""The tightest certified interval for A(n, s) and for the least max cosine s*(n, N), and which bounds gave
it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from scipy.optimize import brentq

from bounds.exact import Real, Undecided, escalate, precision
from bounds.packing import asymptotic, elementary, existence, levenshtein, linear, simplex
from bounds.packing.certificate import (
    cap_floor,
    circle_floor,
    fejes_toth_floor,
    levenshtein_size,
    linear_data,
    make,
    simplex_floor,
)
from bounds.packing.cosine import check_dimension, check_size, rational_above, read_cosine, real_cosine

DEGREE_LIMIT = 40
"""Largest degree of the linear programme by default; the unknowns become badly scaled far beyond it."""

_CAP_LIMIT = 1000
"""Largest dimension in which cap areas are evaluated here; they need more and more digits."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound: on the number of points (``side`` upper, lower, asymptotic) or on the max cosine (lower,
    upper).

    ``value`` is an int, Fraction or Real; ``exact`` its closed form as text, or empty.  ``certificate``
    is the JSON object that proves it, None for bounds that are not certified.
    """

    name: str
    side: str
    value: Any
    certified: bool
    source: str
    certificate: dict[str, Any] | None = None
    exact: str = ""


@dataclass(frozen=True, slots=True)
class SizeBounds:
    """``lower`` <= A(n, s) <= ``upper``, both certified; ``bounds`` holds all that was computed."""

    dimension: int
    max_cosine: str
    lower: int
    upper: int
    bounds: tuple[Bound, ...]

    def best(self, side: str) -> Bound:
        """The certified bound that gave ``lower`` or ``upper``; the first of several."""
        target = self.lower if side == "lower" else self.upper
        return next(b for b in self.bounds if b.certified and b.side == side and b.value == target)


@dataclass(frozen=True, slots=True)
class CosineBounds:
    """``lower`` <= s*(n, N) <= ``upper``, both certified rational numbers; closed forms are in ``bounds``."""

    dimension: int
    size: int
    lower: Fraction
    upper: Fraction
    bounds: tuple[Bound, ...]

    def best(self, side: str) -> Bound:
        """The certified bound that gave ``lower`` or ``upper``."""
        target = self.lower if side == "lower" else self.upper
        return next(b for b in self.bounds if b.certified and b.side == side and b.value == target)


Methods = Sequence[str] | None


def best_bounds(
    n: int, s: Any, *, degree: int | None = None, methods: Methods = None, known: Sequence[Bound] = ()
) -> SizeBounds:
    """All bounds on A(n, s) that apply, certified where they can be, and the best certified interval.

    ``s`` as :func:`read_cosine` takes it, n >= 2.  ``degree`` of the linear programme (chosen from s by
    default); ``methods`` restricts the upper bounds to these names; ``known`` adds lower bounds from
    codes at hand. Raises ValueError for n or s out of range.
    """
    check_dimension(n)
    value = read_cosine(s)
    found = [*_size_upper(n, value, degree, methods), *_size_lower(n, value), *known, *_growth(n, value)]
    upper = min(b.value for b in found if b.side == "upper" and b.certified)
    lower = max(b.value for b in found if b.side == "lower" and b.certified)
    return SizeBounds(n, str(value), lower, upper, tuple(found))


def _size_upper(n: int, s: Any, degree: int | None, methods: Methods) -> Iterator[Bound]:
    positive = s > 0
    rules: dict[str, tuple[bool, Callable[[int, Any], int]]] = {
        "circle": (n == 2, circle_floor),
        "rankin": (not positive, elementary.rankin_size),
        "levenshtein": (True, levenshtein_size),
        "fejes-toth": (n == 3 and positive, fejes_toth_floor),
        "simplex": (positive and 3 <= n <= simplex.DIMENSION_LIMIT, simplex_floor),
        "caps": (n <= _CAP_LIMIT, cap_floor),
    }
    for name, (applies, rule) in rules.items():
        if applies and (methods is None or name in methods or name == "caps"):
            try:
                size = rule(n, s)
            except ArithmeticError:  # out of reach here: degree too high, precision too low
                continue
            yield Bound(name, "upper", size, True, SOURCES[name], make(name, "size_at_most", n, s, size))
    if positive and n > 2 and (methods is None or "linear-programming" in methods):
        yield from _linear_size(n, s, degree)


def _linear_size(n: int, s: Any, degree: int | None) -> Iterator[Bound]:
    upto = rational_above(s, 60)
    try:
        proof = linear.linear_bound(n, upto, degree or default_degree(n, upto))
    except ArithmeticError:
        return
    size = math.floor(proof.value)
    certificate = make("linear-programming", "size_at_most", n, s, size, **linear_data(proof))
    name = "linear-programming"
    yield Bound(name, "upper", size, True, SOURCES[name], certificate, _exact_text(proof.value))


def _exact_text(value: Fraction) -> str:
    return str(value) if value.denominator < 10**6 else f"{float(value):.12g}"


def default_degree(n: int, s: Fraction) -> int:
    """Degree of the linear programme: well above that of Levenshtein's polynomial at s, at most
    DEGREE_LIMIT.
    """
    try:
        base = levenshtein.levenshtein(n, Real(s)).degree
    except ArithmeticError:
        return DEGREE_LIMIT
    return min(DEGREE_LIMIT, max(12, 2 * base + 6))


def _size_lower(n: int, s: Any) -> Iterator[Bound]:
    rules: dict[str, Callable[[int, Any], int]] = {"elementary": existence.elementary_size}
    if n <= _CAP_LIMIT:
        rules |= {"covering": existence.covering_size, "random": existence.expurgated_size}
    for name, rule in rules.items():
        size = rule(n, s)
        yield Bound(name, "lower", size, True, SOURCES[name], make(name, "size_at_least", n, s, size))


def _growth(n: int, s: Any) -> Iterator[Bound]:
    """Statements for n -> infinity, shown beside the bounds; they certify nothing at this n."""
    if s <= 0:
        return
    with precision(128):
        x = real_cosine(s)
        for name, rule in _GROWTH.items():
            yield Bound(name, "asymptotic", rule(n, x), False, SOURCES[name])


_GROWTH: dict[str, Callable[[int, Real], Real]] = {
    "kabatiansky-levenshtein": lambda _n, s: asymptotic.kl_localised_exponent(s),
    "chabauty-shannon-wyner": asymptotic.csw_leading,
    "jenssen-joos-perkins": asymptotic.jjp_leading,
}

SOURCES = {
    "circle": "equal arcs",
    "rankin": "Rankin 1955",
    "levenshtein": "Levenshtein 1979, 1992",
    "fejes-toth": "L. Fejes Toth 1943",
    "simplex": "Coxeter 1963, Boroczky 1978",
    "caps": "disjoint caps",
    "linear-programming": "Delsarte, Goethals, Seidel 1977",
    "three-point": "Bachoc, Vallentin 2008",
    "elementary": "simplex, cross-polytope or regular polygon",
    "covering": "Gilbert 1952, Shannon 1959, Wyner 1965, with exact cap areas",
    "random": "deletion from a uniform random code, exact pair law",
    "kabatiansky-levenshtein": "Kabatiansky, Levenshtein 1978: exponent per dimension, for n -> infinity",
    "chabauty-shannon-wyner": "Chabauty 1953, Shannon 1959, Wyner 1965: leading term, for n -> infinity",
    "jenssen-joos-perkins": "Jenssen, Joos, Perkins 2018: leading term, for n -> infinity",
}


# The same for the max cosine of a given number of points


def best_angle_bounds(
    n: int, size: int, *, degree: int | None = None, methods: Methods = None, known: Sequence[Bound] = ()
) -> CosineBounds:
    """Certified bounds on s*(n, N), the least max cosine of N points on S^{n-1}, and the best interval.

    Lower bounds come from A(n, s) < N, each with a certificate at its own s.  n >= 2, N >= 2; ``degree``,
    ``methods`` as for :func:`best_bounds`; ``known`` adds upper bounds from codes at hand.  Raises
    ValueError out of range.
    """
    check_dimension(n)
    check_size(size)
    found = [*_cosine_lower(n, size, degree, methods), *_cosine_upper(n, size), *known]
    lower = max(b.value for b in found if b.side == "lower")
    upper = min(b.value for b in found if b.side == "upper" and b.certified)
    return CosineBounds(n, size, lower, upper, tuple(found))


def _lower(name: str, n: int, size: int, low: Fraction, exact: Any = None, **data: Any) -> Bound:
    """A bound at ``low``, with the certificate at the closed form where there is one."""
    s = low if exact is None else exact
    certificate = make(name, "cosine_at_least", n, s, size, **data)
    return Bound(name, "lower", low, True, SOURCES[name], certificate, "" if exact is None else str(exact))


def _cosine_lower(n: int, size: int, degree: int | None, methods: Methods) -> Iterator[Bound]:
    def asked(name: str) -> bool:
        return methods is None or name in methods

    yield Bound("none", "lower", Fraction(-1), True, "inner products of unit vectors are at least -1")
    if size <= 2 * n:
        low = elementary.rankin_cosine(n, size)
        yield _lower("rankin", n, size, low, low)
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
    if asked("caps") and n <= _CAP_LIMIT:
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
    name, low, exact = "elementary", Fraction(1), None
    if size <= 2 * n:
        low = elementary.rankin_cosine(n, size)
        exact = low
    elif n == 2 or size <= 6:
        exact = elementary.circle_cosine(size)
        low = _rational_floor(exact) + Fraction(1, 1 << 63)
    if exact is not None:
        certificate = make(name, "size_at_least", n, exact, size)
        yield Bound(name, "upper", low, True, SOURCES[name], certificate, str(exact))
    if n <= _CAP_LIMIT:
        yield from _covering_cosine(n, size)


def _covering_cosine(n: int, size: int) -> Iterator[Bound]:
    lo, hi = Fraction(-1), Fraction(1)
    while hi - lo > Fraction(1, 1 << 40):
        middle = (lo + hi) / 2
        if existence.covering_size(n, middle) >= size:
            hi = middle
        else:
            lo = middle
    if hi < 1:
        certificate = make("covering", "size_at_least", n, hi, size)
        yield Bound("covering", "upper", hi, True, SOURCES["covering"], certificate)
