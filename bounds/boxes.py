"""Rational boxes: their axes, their subdivision, and simple rational points in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import fmpq

from bounds.expr_fold import check_expression, fold
from bounds.intervals import Interval, Intervals

Box = tuple[Interval, ...]
Point = dict[str, Fraction]

_FINEST = fmpq(1, 1 << 50)
"""Sides shorter than this part of the original side are not halved again."""


def fraction(q: Any) -> Fraction:
    """A flint rational as a Fraction."""
    return Fraction(int(q.p), int(q.q))


def simplest(lo: Fraction, hi: Fraction) -> Fraction:
    """The rational of smallest denominator (then of smallest size) in [lo, hi]."""
    if lo <= 0 <= hi:
        return Fraction(0)
    if hi < 0:
        return -simplest(-hi, -lo)
    whole = -(-lo.numerator // lo.denominator)
    if whole <= hi:
        return Fraction(whole)
    base = lo.numerator // lo.denominator
    return base + 1 / simplest(1 / (hi - base), 1 / (lo - base))


@dataclass(frozen=True, slots=True)
class Axis:
    """One variable of a box.

    Where an end is irrational, such as pi, the axis is ``mapped``: the variable is ``lo + (hi - lo) t`` and
    boxes are made of t in [0, 1], so that the box is covered exactly and not up to rounding.
    """

    name: str
    lo: Any
    hi: Any
    integer: bool

    @property
    def mapped(self) -> bool:
        return not (self.lo.is_Rational and self.hi.is_Rational)

    def start(self) -> Interval:
        """The whole axis in coordinates."""
        if self.mapped:
            return Interval(fmpq(0), fmpq(1))
        lo, hi = (fmpq(int(v.p), int(v.q)) for v in (self.lo, self.hi))
        return Interval(fmpq(lo.ceil()), fmpq(hi.floor())) if self.integer else Interval(lo, hi)

    def value(self, coordinate: Any) -> Any:
        """The variable as a SymPy expression in a coordinate (symbol or exact number)."""
        return self.lo + (self.hi - self.lo) * coordinate if self.mapped else coordinate

    def coordinate(self, value: Any) -> Any:
        """The coordinate of an exact value of the variable."""
        return sp.simplify((value - self.lo) / (self.hi - self.lo)) if self.mapped else value

    def middle(self, side: Interval) -> Any:
        """The coordinate at which a side is halved (an integer on an integer axis)."""
        middle = (side.lo + side.hi) / 2
        return fmpq(middle.floor()) if self.integer else middle

    def measure(self, side: Interval) -> Fraction:
        """Length of a side; number of points on an integer axis; 1 for a side that never had a length."""
        if self.integer:
            return fraction(side.hi - side.lo + 1)
        return Fraction(1) if self.start().lo == self.start().hi else fraction(side.hi - side.lo)

    def outer(self, side: Interval) -> tuple[Any, Any]:
        """The two ends of a side as values of the variable (exact SymPy numbers when mapped)."""
        if not self.mapped:
            return fraction(side.lo), fraction(side.hi)
        ends = [self.value(sp.Rational(int(q.p), int(q.q))) for q in side]
        return ends[0], ends[1]

    def rational_in(self, side: Interval) -> Fraction | None:
        """A simple rational value of the variable certified to lie in the side; None if there is none."""
        if not self.mapped:
            lo, hi = fraction(side.lo), fraction(side.hi)
            if self.integer:
                lo, hi = Fraction(-(-lo // 1)), Fraction(hi // 1)
        else:
            lo_side, hi_side = (fold(sp.sympify(v), Intervals({})) for v in self.outer(side))
            lo, hi = fraction(lo_side.hi), fraction(hi_side.lo)
        return simplest(lo, hi) if lo <= hi else None


def axes_of(box: Mapping[Any, tuple[Any, Any]], integers: Iterable[Any] = ()) -> tuple[Axis, ...]:
    """Axes for ``{symbol: (lo, hi)}`` with closed, finite, exact ends (rationals, or e.g. ``sympy.pi``).

    Raises ValueError for floats, infinite ends, an empty side, and integer symbols without an integer.
    """
    whole = {str(s) for s in integers}
    unknown = whole - {str(s) for s in box}
    if unknown:
        raise ValueError(f"integer symbols without a range: {', '.join(sorted(unknown))}")
    result = []
    for symbol, ends in box.items():
        lo, hi = (check_expression(v) for v in ends)
        if not all(v.is_number and v.is_finite and v.is_real for v in (lo, hi)):
            raise ValueError(f"the range of {symbol} must have finite real ends, not {lo}, {hi}")
        if str(symbol) in whole:
            lo, hi = sp.ceiling(lo), sp.floor(hi)
        if bool(lo > hi):
            raise ValueError(f"empty range for {symbol}: {ends[0]} to {ends[1]}")
        result.append(Axis(str(symbol), lo, hi, str(symbol) in whole))
    return tuple(result)


def in_coordinates(expr: Any, axes: tuple[Axis, ...]) -> Any:
    """``expr`` as a function of the coordinates, which keep the names of the variables.

    Raises ValueError naming symbols without a range, and for different symbols of one name.
    """
    by_name = {a.name: a for a in axes}
    names = sorted(s.name for s in expr.free_symbols)
    missing = [n for n in names if n not in by_name]
    if missing:
        raise ValueError(f"no range given for {', '.join(missing)}")
    if len(set(names)) < len(names):
        raise ValueError(f"{expr} holds different symbols with the same name")
    # A fresh symbol without the assumptions of the old one: t in [0, 1] need not satisfy them.
    mapped = [s for s in expr.free_symbols if by_name[s.name].mapped]
    values = {s: by_name[s.name].value(sp.Symbol(s.name, real=True)) for s in mapped}
    dummies = {s: sp.Dummy() for s in mapped}
    if expr.xreplace(dummies).xreplace({d: s for s, d in dummies.items()}) == expr:
        return expr.xreplace(values)
    # SymPy would evaluate parts which were built with evaluate=False, such as 0*log(x).
    return _rebuilt(expr, values)


def _rebuilt(node: Any, values: Mapping[Any, Any]) -> Any:
    if node in values:
        return values[node]
    parts = [_rebuilt(a, values) for a in node.args]
    return node if parts == list(node.args) else node.func(*parts, evaluate=False)


def at_point(values: Point) -> dict[str, Interval]:
    """A rational point as an environment of the interval reading."""
    ends = {name: fmpq(v.numerator, v.denominator) for name, v in values.items()}
    return {name: Interval(q, q) for name, q in ends.items()}


def environment(axes: tuple[Axis, ...], box: Box) -> dict[str, Interval]:
    """The box as an environment of the interval reading."""
    return {a.name: side for a, side in zip(axes, box, strict=True)}


def centre(axes: tuple[Axis, ...], box: Box) -> Box:
    """The middle of a box, as a box holding one point."""
    return tuple(Interval(m, m) for m in (a.middle(s) for a, s in zip(axes, box, strict=True)))


def corners(box: Box) -> Iterator[Box]:
    """The corner points of a box."""
    for ends in itertools.product(*(sorted(set(side)) for side in box)):
        yield tuple(Interval(q, q) for q in ends)


def measure(axes: tuple[Axis, ...], box: Box) -> Fraction:
    """Volume of a box in coordinates, counting points on integer axes."""
    volume = Fraction(1)
    for axis, side in zip(axes, box, strict=True):
        volume *= axis.measure(side)
    return volume


def split(axes: tuple[Axis, ...], box: Box) -> list[Box]:
    """The two halves along the side that is longest relative to the original one; [] when all are finest."""
    shares = []
    for axis, side in zip(axes, box, strict=True):
        start = axis.start()
        full = start.hi - start.lo
        shares.append((side.hi - side.lo) / full if full else fmpq(0))
    widest = max(range(len(shares)), key=lambda i: shares[i], default=None)
    if widest is None or shares[widest] == 0:
        return []
    axis, side = axes[widest], box[widest]
    if not axis.integer and shares[widest] < _FINEST:
        return []
    middle = axis.middle(side)
    halves = (Interval(side.lo, middle), Interval(middle + 1 if axis.integer else middle, side.hi))
    return [(*box[:widest], half, *box[widest + 1 :]) for half in halves]


def rational_points(axes: tuple[Axis, ...], box: Box) -> Iterator[Point]:
    """Rational points of the box, the simplest first, then closer and closer to its centre."""
    middle = centre(axes, box)
    for level in range(0, 40, 2):
        shrunk = []
        for axis, side, mid in zip(axes, box, middle, strict=True):
            reach = fmpq(1, 1 << level)
            lo, hi = mid.lo - (mid.lo - side.lo) * reach, mid.lo + (side.hi - mid.lo) * reach
            shrunk.append(axis.rational_in(Interval(lo, hi)))
        if all(v is not None for v in shrunk):
            yield {a.name: v for a, v in zip(axes, shrunk, strict=True) if v is not None}
