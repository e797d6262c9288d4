"""Interval reading of an expression: rational end points, transcendental values from Arb balls.

A midpoint-radius ball around [0, h] always reaches a little below 0, so the closed border of a domain, such
as sqrt(x) at x = 0, can never be certified with balls alone.  Here both ends are exact rationals, arithmetic
on them is exact (rounded outward when they grow), and monotone functions are taken at the ends in balls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from flint import fmpq, fmpz

from bounds.exact import DomainError, Real, Undecided, pi
from bounds.expr_points import ExpressionDomainError, ball_cap_area

_END_BITS = 256
"""Ends whose numerator and denominator both exceed this are rounded outward to this many bits."""

_EXPONENT_LIMIT = 1 << 18
_EXP_LIMIT = 1 << 17
_GAMMA_LEFT, _GAMMA_RIGHT = fmpq(14616, 10000), fmpq(14617, 10000)
_GAMMA_MIN, _LOGGAMMA_MIN = fmpq(8856, 10000), fmpq(-1215, 10000)
"""The minimum of gamma on x > 0 lies between left and right and is 0.88560...; its logarithm -0.12148..."""


class Interval(NamedTuple):
    """The closed interval [lo, hi] with rational ends (flint ``fmpq``)."""

    lo: Any
    hi: Any


def _raw(x: Any) -> Any:
    if not isinstance(x, Real):
        return x
    return fmpq(x.fraction.numerator, x.fraction.denominator) if x.is_exact else x.ball


def _scaled(mantissa: int, exponent: int, sign: int) -> Any:
    if exponent > _EXPONENT_LIMIT:
        raise Undecided("an end of an interval has too many digits")
    if exponent < -_EXPONENT_LIMIT:
        # Too fine to write down: the next coarser number on the outer side.
        shift = -exponent - _EXPONENT_LIMIT
        mantissa = -((-mantissa) >> shift) if sign > 0 else mantissa >> shift
        exponent = -_EXPONENT_LIMIT
    return fmpq(mantissa * 2**exponent) if exponent >= 0 else fmpq(mantissa, fmpz(2) ** -exponent)


def _end(raw: Any, sign: int) -> Any:
    """A rational end: ``raw`` (fmpq or arb) rounded down for sign -1, up for +1."""
    if isinstance(raw, fmpq):
        p, q = int(raw.p), int(raw.q)
        if min(p.bit_length(), q.bit_length()) <= _END_BITS:
            return raw
        shift = _END_BITS - p.bit_length() + q.bit_length()
        p, q = (p << shift, q) if shift >= 0 else (p, q << -shift)
        return _scaled(-(-p // q) if sign > 0 else p // q, -shift, sign)
    side = raw.upper() if sign > 0 else raw.lower()
    if not side.is_finite():
        raise Undecided("an interval without a finite end")
    mantissa, exponent = side.man_exp()
    return _scaled(int(mantissa), int(exponent), sign)


def _down(x: Any) -> Any:
    return _end(_raw(x), -1)


def _up(x: Any) -> Any:
    return _end(_raw(x), 1)


def _around(lo: Any, hi: Any) -> Interval:
    return Interval(_down(lo), _up(hi))


def add(a: Interval, b: Interval) -> Interval:
    """Sum of two intervals."""
    return _around(a.lo + b.lo, a.hi + b.hi)


def multiply(a: Interval, b: Interval) -> Interval:
    """Product of two intervals."""
    if a.lo == a.hi and b.lo == b.hi:
        return _around(a.lo * b.lo, a.lo * b.lo)
    corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
    return _around(min(corners), max(corners))


def meet(a: Interval, b: Interval) -> Interval:
    """Intersection of two enclosures of the same number."""
    return Interval(max(a.lo, b.lo), min(a.hi, b.hi))


class Intervals:
    """Algebra of :class:`Interval`: encloses the range of an expression over a box.

    ``env`` maps names to intervals.  An ExpressionDomainError says that every point of the box is outside the
    domain of the subexpression; Undecided, that some point may be.
    """

    def __init__(self, env: Mapping[str, Interval]) -> None:
        self._env = env

    def rational(self, p: int, q: int) -> Interval:
        return Interval(fmpq(p, q), fmpq(p, q))

    def constant(self, name: str) -> Interval:
        value = pi() if name == "pi" else Real(1).exp()
        return _around(value, value)

    def symbol(self, name: str, node: Any) -> Interval:
        if name not in self._env:
            raise KeyError(f"no interval given for {name}")
        return self._env[name]

    def no_value(self, node: Any) -> Interval:
        raise ExpressionDomainError("value", str(node), node)

    def add(self, args: Sequence[Interval], node: Any) -> Interval:
        return reduce(add, args)

    def mul(self, args: Sequence[Interval], node: Any) -> Interval:
        return reduce(multiply, args)

    def int_power(self, base: Interval, n: int, node: Any) -> Interval:
        lo, hi = base
        if n < 0 and lo <= 0 <= hi:
            self._require(False, lo == hi, "division by zero", base, node)
        if n % 2 == 0 and lo < 0:
            lo, hi = (fmpq(0), max(-lo, hi)) if hi > 0 else (-hi, -lo)
        if lo == hi:
            return self._span(Real(lo) ** n, Real(lo) ** n)
        ends = (Real(lo) ** n, Real(hi) ** n)
        return self._span(*(ends if n > 0 else ends[::-1]))

    def power(self, base: Interval, exponent: Interval, node: Any) -> Interval:
        if exponent.lo == exponent.hi and exponent.lo.q == 1:
            return self.int_power(base, int(exponent.lo.p), node)
        if base.lo < 0:
            # A negative base has a power for integer exponents only.
            integer_free = exponent.lo.ceil() > exponent.hi.floor()
            self._require(False, base.hi < 0 and integer_free, "non-integer power", base, node)
        if base.lo == 0 and exponent.lo <= 0:
            self._require(False, base.hi == 0 and exponent.hi < 0, "division by zero", base, node)
        # Monotone in each variable alone, so the extremes are at corners.
        corners = [Real(b) ** Real(e) for b in set(base) for e in set(exponent)]
        return Interval(min(map(_down, corners)), max(map(_up, corners)))

    def call(self, name: str, args: Sequence[Interval], node: Any) -> Interval:
        try:
            return getattr(self, "_" + name)(*args, node)  # type: ignore[no-any-return]
        except ExpressionDomainError:
            raise
        except DomainError as error:
            # The methods below take values at the ends only after placing the interval in the domain, up to
            # borders that are not rational; there one end may be outside and the other inside.
            raise Undecided(f"{error} at one end of {args} in {node}") from None

    def _require(self, inside: bool, outside: bool, operation: str, x: Interval, node: Any) -> None:
        if inside:
            return
        shown = f"[{Real(x.lo)}, {Real(x.hi)}]" if x.lo != x.hi else str(Real(x.lo))
        if outside:
            raise ExpressionDomainError(operation, shown, node)
        raise Undecided(f"{operation} of {shown} in {node}")

    @staticmethod
    def _span(lo: Real, hi: Real) -> Interval:
        return _around(lo, hi)

    def _rising(self, fn: Callable[[Real], Real], x: Interval) -> Interval:
        lo = fn(Real(x.lo))
        return self._span(lo, lo if x.lo == x.hi else fn(Real(x.hi)))

    def _falling(self, fn: Callable[[Real], Real], x: Interval) -> Interval:
        hi = fn(Real(x.lo))
        return self._span(hi if x.lo == x.hi else fn(Real(x.hi)), hi)

    # Functions, one method per name of the fold

    def _exp(self, x: Interval, node: Any) -> Interval:
        if x.hi > _EXP_LIMIT:
            raise Undecided(f"{node} is too large to enclose")
        low = fmpq(0) if x.lo < -_EXP_LIMIT else _down(Real(x.lo).exp())
        return Interval(low, _up(Real(max(x.hi, fmpq(-_EXP_LIMIT))).exp()))

    def _log(self, x: Interval, node: Any) -> Interval:
        self._require(x.lo > 0, x.hi <= 0, "log", x, node)
        return self._rising(Real.log, x)

    def _sqrt(self, x: Interval, node: Any) -> Interval:
        self._require(x.lo >= 0, x.hi < 0, "sqrt", x, node)
        return self._rising(Real.sqrt, x)

    def _sinh(self, x: Interval, node: Any) -> Interval:
        self._require(max(-x.lo, x.hi) < _EXP_LIMIT, False, "sinh", x, node)
        return self._rising(Real.sinh, x)

    def _cosh(self, x: Interval, node: Any) -> Interval:
        self._require(max(-x.lo, x.hi) < _EXP_LIMIT, False, "cosh", x, node)
        return self._rising(Real.cosh, self._abs(x, node))

    def _tanh(self, x: Interval, node: Any) -> Interval:
        inner = self._rising(Real.tanh, x)
        return meet(inner, Interval(fmpq(-1), fmpq(1)))

    def _wave(self, fn: Callable[[Real], Real], x: Interval, shift: Any) -> Interval:
        """sin or cos: extremes (-1)^k at (k + shift) pi, monotone between."""
        first = (_down(Real(x.lo) / pi()) - shift).floor()
        last = (_up(Real(x.hi) / pi()) - shift).floor()
        if last - first > 1:
            return Interval(fmpq(-1), fmpq(1))
        ends = [fn(Real(x.lo)), fn(Real(x.hi))]
        lo, hi = min(map(_down, ends)), max(map(_up, ends))
        if last != first:
            lo, hi = (lo, fmpq(1)) if last % 2 == 0 else (fmpq(-1), hi)
        return meet(Interval(lo, hi), Interval(fmpq(-1), fmpq(1)))

    def _cos(self, x: Interval, node: Any) -> Interval:
        return self._wave(Real.cos, x, 0)

    def _sin(self, x: Interval, node: Any) -> Interval:
        return self._wave(Real.sin, x, fmpq(1, 2))

    def _tan(self, x: Interval, node: Any) -> Interval:
        strips = [(f(Real(v) / pi()) + fmpq(1, 2)).floor() for f, v in ((_down, x.lo), (_up, x.hi))]
        self._require(strips[0] == strips[1], False, "tan", x, node)
        return self._rising(Real.tan, x)

    def _acos(self, x: Interval, node: Any) -> Interval:
        self._require(x.lo >= -1 and x.hi <= 1, x.lo > 1 or x.hi < -1, "acos", x, node)
        return self._falling(Real.arccos, x)

    def _abs(self, x: Interval, node: Any) -> Interval:
        if x.lo >= 0:
            return x
        return Interval(-x.hi, -x.lo) if x.hi <= 0 else Interval(fmpq(0), max(-x.lo, x.hi))

    def _max(self, *args: Any) -> Interval:
        return Interval(max(a.lo for a in args[:-1]), max(a.hi for a in args[:-1]))

    def _min(self, *args: Any) -> Interval:
        return Interval(min(a.lo for a in args[:-1]), min(a.hi for a in args[:-1]))

    def _floor(self, x: Interval, node: Any) -> Interval:
        return Interval(fmpq(x.lo.floor()), fmpq(x.hi.floor()))

    def _ceiling(self, x: Interval, node: Any) -> Interval:
        return Interval(fmpq(x.lo.ceil()), fmpq(x.hi.ceil()))

    def _valley(self, fn: Callable[[Real], Real], x: Interval, bottom: Any) -> Interval:
        if x.hi <= _GAMMA_LEFT:
            return self._falling(fn, x)
        if x.lo >= _GAMMA_RIGHT:
            return self._rising(fn, x)
        return Interval(bottom, max(_up(fn(Real(x.lo))), _up(fn(Real(x.hi)))))

    def _gamma(self, x: Interval, node: Any) -> Interval:
        if x.lo > 0:
            return self._valley(Real.gamma, x, _GAMMA_MIN)
        pole = x.lo.ceil() <= min(x.hi, fmpq(0))
        self._require(not pole, pole and x.lo == x.hi, "gamma", x, node)
        value = Real.between(x.lo, x.hi).gamma()
        return self._span(value, value)

    def _loggamma(self, x: Interval, node: Any) -> Interval:
        self._require(x.lo > 0, x.hi <= 0, "loggamma", x, node)
        return self._valley(Real.lgamma, x, _LOGGAMMA_MIN)

    def _lambertw0(self, x: Interval, node: Any) -> Interval:
        border = -Real(-1).exp()
        self._require(x.lo >= _up(border), x.hi < _down(border), "LambertW", x, node)
        return self._rising(lambda v: v.lambertw(0), x)

    def _lambertw_1(self, x: Interval, node: Any) -> Interval:
        border = -Real(-1).exp()
        inside = x.lo >= _up(border) and x.hi < 0
        self._require(inside, x.hi < _down(border) or x.lo >= 0, "LambertW, branch -1,", x, node)
        return self._falling(lambda v: v.lambertw(-1), x)

    def _cap_area(self, d: Interval, theta: Interval, node: Any) -> Interval:
        self._require(d.lo >= 2, d.hi < 2, "CapArea: dimension", d, node)
        inside = theta.lo >= 0 and theta.hi <= _down(pi())
        self._require(inside, theta.hi < 0 or theta.lo > _up(pi()), "CapArea: angle", theta, node)
        # Rising in the angle.  In the dimension falling for small caps and rising for those past the equator,
        # as the density sin^(d-2) moves the angle towards pi/2.
        low = [ball_cap_area(Real(n), Real(theta.lo)) for n in set(d)]
        high = [ball_cap_area(Real(n), Real(theta.hi)) for n in set(d)]
        return meet(Interval(min(map(_down, low)), max(map(_up, high))), Interval(fmpq(0), fmpq(1)))
