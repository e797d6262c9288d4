"""The tightest certified interval for A(n, s), and which bounds gave it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from bounds.exact import Real, Undecided, escalate
from bounds.packing import asymptotic, elementary, existence, levenshtein, linear, simplex, three_point
from bounds.packing.certificate import (
    cap_floor,
    circle_floor,
    fejes_toth_floor,
    levenshtein_size,
    linear_data,
    make,
    simplex_floor,
)
from bounds.packing.cosine import check_dimension, rational_above, read_cosine, real_cosine
from bounds.packing.records import SOURCES, Bound, SizeBounds, size_bounds

DEGREE_LIMIT = 40
"""Largest degree of the linear programme by default; the unknowns become badly scaled far beyond it."""

CAP_LIMIT = 1000
"""Largest dimension in which cap areas are evaluated here; they need more and more digits."""

Methods = Sequence[str] | None


def best_bounds(
    n: int,
    s: Any,
    *,
    degree: int | None = None,
    sdp: int = 0,
    methods: Methods = None,
    known: Sequence[Bound] = (),
) -> SizeBounds:
    """All bounds on A(n, s) that apply, certified where they can be, and the best certified interval.

    ``s`` as :func:`read_cosine` takes it, n >= 2.  ``degree`` of the linear programme (chosen from s by
    default); ``sdp`` the degree of the three-point bound (0: left out; it needs cvxpy); ``methods``
    restricts the upper bounds to these names; ``known`` adds lower bounds from codes at hand.  Raises
    ValueError for n or s out of range.
    """
    check_dimension(n)
    value = read_cosine(s)
    found = [*_size_upper(n, value, degree, methods), *_size_lower(n, value), *known, *_growth(n, value)]
    if sdp and value > 0 and n > 2:
        found += _three_point_size(n, value, sdp)
    return size_bounds(n, str(value), tuple(found))


def _size_upper(n: int, s: Any, degree: int | None, methods: Methods) -> Iterator[Bound]:
    positive = s > 0
    rules: dict[str, tuple[bool, Callable[[int, Any], int]]] = {
        "circle": (n == 2, circle_floor),
        "rankin": (not positive, elementary.rankin_size),
        "levenshtein": (True, levenshtein_size),
        "fejes-toth": (n == 3 and positive, fejes_toth_floor),
        "simplex": (positive and 3 <= n <= simplex.DIMENSION_LIMIT, simplex_floor),
        "caps": (n <= CAP_LIMIT, cap_floor),
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


def _three_point_size(n: int, s: Any, degree: int) -> list[Bound]:
    name = "three-point"
    try:
        proof = three_point.three_point_bound(n, rational_above(s, 60), degree)
    except ArithmeticError:
        return []
    size = math.floor(proof.value)
    certificate = make(name, "size_at_most", n, s, size, **three_point.data(proof))
    return [Bound(name, "upper", size, True, SOURCES[name], certificate, _exact_text(proof.value))]


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
    if n <= CAP_LIMIT:
        rules |= {"covering": existence.covering_size, "random": existence.expurgated_size}
    for name, rule in rules.items():
        size = rule(n, s)
        yield Bound(name, "lower", size, True, SOURCES[name], make(name, "size_at_least", n, s, size))


def _growth(n: int, s: Any) -> Iterator[Bound]:
    """Statements for n -> infinity, shown beside the bounds; they certify nothing at this n."""
    if s <= 0:
        return
    for name, rule in _GROWTH.items():
        try:
            value = escalate(partial(_at, rule, n, s), 128, 1024)
        except Undecided:  # s within 2^-500 of 0 or 1
            continue
        yield Bound(name, "asymptotic", value, False, SOURCES[name])


def _at(rule: Callable[[int, Real], Real], n: int, s: Any) -> Real:
    return rule(n, real_cosine(s))


_GROWTH: dict[str, Callable[[int, Real], Real]] = {
    "kabatiansky-levenshtein": lambda _n, s: asymptotic.kl_localised_exponent(s),
    "chabauty-shannon-wyner": asymptotic.csw_leading,
    "jenssen-joos-perkins": asymptotic.jjp_leading,
}
