"""Real numbers that are either exact rationals or rigorous balls, as elements of NumPy object arrays.

Arithmetic stays rational while every operand is rational; otherwise it moves to balls at the current
precision, always rounding outward. NumPy applies ufuncs to ``dtype=object`` arrays by calling operators and
methods of the elements, so array code such as ``np.exp(a).sum()`` runs unchanged and yields rigorous results.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq
from numpy import nextafter

from bounds import balls
from bounds.balls import Raw, Undecided, read

_new = object.__new__
_FACTORIAL_LIMIT = 1000  # gamma of larger integers is a ball


def _make(value: Raw) -> Real:
    result = _new(Real)
    result._v = value
    return result


def _restore_ball(mid: tuple[int, int], rad: tuple[int, int]) -> Real:
    """A ball from its pickled parts; its radius may come back rounded up by a few parts in 2^30."""
    with balls.precision(max(64, ctx.prec, mid[0].bit_length() + 2)):
        return _make(arb(mid, rad))


def _parts(x: arb) -> tuple[int, int]:
    mantissa, exponent = x.man_exp()
    return int(mantissa), int(exponent)


class Real:
    """A real number known exactly (a rational) or up to a rigorous ball.

    ``Real(3)``, ``Real("3/7")``, ``Real("0.1")`` (the decimal, exactly), ``Real(0.1)`` (the dyadic rational
    which that float is), ``Real(Fraction(1, 3))``; ``fmpq``, ``arb`` and NumPy numbers are taken as well.
    Raises TypeError for truth values and other types, ValueError for infinities, NaN and unreadable text.

    Comparisons are certified: they raise Undecided, never guess, when balls overlap.
    """

    # No __array_ufunc__ and no __array_priority__ on purpose: returning NotImplemented for arrays then lets
    # NumPy broadcast `Real * array` elementwise, and `np.exp(real)` and `np.float64(2) * real` give a Real.
    __slots__ = ("_v",)
    _v: Raw

    def __init__(self, value: Any) -> None:
        if type(value) is Real:
            self._v = value._v
            return
        raw = read(Fraction(value) if isinstance(value, str) else value)
        if raw is None:
            raise TypeError(f"cannot read {type(value).__name__} as a real number")
        self._v = raw

    @staticmethod
    def between(lo: Any, hi: Any) -> Real:
        """The smallest available ball around [lo, hi]; exact when the ends are the same rational.

        Raises ValueError when lo > hi.
        """
        a, b = as_real(lo), as_real(hi)
        if a._v is b._v or (a.is_exact and b.is_exact and a._v == b._v):
            return a
        if a > b:
            raise ValueError(f"empty interval [{a}, {b}]")
        return _make(balls.ball(a._v).union(balls.ball(b._v)))

    # What is known of the number

    @property
    def is_exact(self) -> bool:
        """Whether the number is held as a rational."""
        return type(self._v) is fmpq

    @property
    def fraction(self) -> Fraction:
        """The exact rational. Raises Undecided for a ball."""
        if type(self._v) is not fmpq:
            raise Undecided(f"{self!r} is a ball, not an exact rational")
        return balls.fraction(self._v, 1)

    @property
    def ball(self) -> arb:
        """The number as an Arb ball at the current precision."""
        return balls.ball(self._v)

    def lower(self) -> Fraction:
        """Largest known lower bound. OverflowError when it has more than 2^20 binary digits."""
        return balls.fraction(self._v if self.is_exact else self._v.lower(), -1)

    def upper(self) -> Fraction:
        """Smallest known upper bound. OverflowError when it has more than 2^20 binary digits."""
        return balls.fraction(self._v if self.is_exact else self._v.upper(), 1)

    def outward(self) -> tuple[float, float]:
        """Floats (lo, hi) with lo <= the number <= hi; ends may be infinite; they are equal for floats."""
        lo, hi = (self, self) if self.is_exact else (_make(self._v.lower()), _make(self._v.upper()))
        a, b = float(lo), float(hi)
        inf = math.inf
        with balls.precision(max(ctx.prec, 64)):  # so that a float is compared exactly
            a = float(nextafter(a, -inf)) if a == inf or (a > -inf and lo < a) else a
            b = float(nextafter(b, inf)) if b == -inf or (b < inf and hi > b) else b
        return a, b

    def midpoint(self) -> Real:
        """The number itself if exact, else the middle of the ball (as a ball of radius zero)."""
        return self if self.is_exact else _make(self._v.mid())

    def contains(self, other: Any) -> bool:
        """Whether every value of ``other`` lies in this ball (or is this exact number)."""
        v = as_real(other)._v
        if type(self._v) is fmpq:
            return bool(v == self._v)
        return bool(self._v.contains(v))

    def __float__(self) -> float:
        """The float nearest to the rational or to the midpoint; beyond the largest float, an infinity."""
        try:
            return float(self._v)
        except OverflowError:
            return float(arb(self._v))

    def __repr__(self) -> str:
        return str(self._v) if type(self._v) is fmpq else str(self._v.str(20))

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        if type(self._v) is fmpq:
            return Real, (self.fraction,)
        return _restore_ball, (_parts(self._v.mid()), _parts(self._v.rad()))

    def __hash__(self) -> int:
        if type(self._v) is not fmpq:
            raise TypeError("a ball stands for an unknown number and cannot be hashed")
        return hash(self.fraction)

    # Arithmetic. The type test comes first because arrays of many thousand elements run through here.

    def __add__(self, other: Any) -> Real:
        b = other._v if type(other) is Real else read(other)
        if b is None:
            return NotImplemented
        r = _new(Real)
        r._v = self._v + b
        return r

    __radd__ = __add__

    def __sub__(self, other: Any) -> Real:
        b = other._v if type(other) is Real else read(other)
        if b is None:
            return NotImplemented
        r = _new(Real)
        r._v = self._v - b
        return r

    def __rsub__(self, other: Any) -> Real:
        b = read(other)
        return NotImplemented if b is None else _make(b - self._v)

    def __mul__(self, other: Any) -> Real:
        b = other._v if type(other) is Real else read(other)
        if b is None:
            return NotImplemented
        r = _new(Real)
        r._v = self._v * b
        return r

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Real:
        b = other._v if type(other) is Real else read(other)
        return NotImplemented if b is None else _make(balls.divide(self._v, b))

    def __rtruediv__(self, other: Any) -> Real:
        b = read(other)
        return NotImplemented if b is None else _make(balls.divide(b, self._v))

    def __pow__(self, other: Any) -> Real:
        b = other._v if type(other) is Real else read(other)
        return NotImplemented if b is None else _make(balls.power(self._v, b))

    def __rpow__(self, other: Any) -> Real:
        b = read(other)
        return NotImplemented if b is None else _make(balls.power(b, self._v))

    def __neg__(self) -> Real:
        return _make(-self._v)

    def __pos__(self) -> Real:
        return self

    def __abs__(self) -> Real:
        return _make(balls.absolute(self._v))

    # Certified comparisons

    def _undecided(self, sign: str, b: Raw) -> Undecided:
        return Undecided(f"{balls.text(self._v)} {sign} {balls.text(b)} cannot be decided at {ctx.prec} bits")

    def __bool__(self) -> bool:
        return self != 0

    def __lt__(self, other: Any) -> bool:
        a, b = self._v, other._v if type(other) is Real else read(other)
        if b is None:
            return NotImplemented
        if a < b:
            return True
        if a >= b:
            return False
        raise self._undecided("<", b)

    def __le__(self, other: Any) -> bool:
        a, b = self._v, other._v if type(other) is Real else read(other)
        if b is None:
            return NotImplemented
        if a <= b:
            return True
        if a > b:
            return False
        raise self._undecided("<=", b)

    def __gt__(self, other: Any) -> bool:
        less_or_equal = self.__le__(other)
        return less_or_equal if less_or_equal is NotImplemented else not less_or_equal

    def __ge__(self, other: Any) -> bool:
        less = self.__lt__(other)
        return less if less is NotImplemented else not less

    def __eq__(self, other: object) -> bool:
        a, b = self._v, other._v if type(other) is Real else read(other)
        if b is None:
            return NotImplemented
        if a == b:
            return True
        if a != b:
            return False
        raise self._undecided("==", b)

    def __ne__(self, other: object) -> bool:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    # Functions. Names are those NumPy's ufuncs look up. Exact arguments with a rational value stay exact.

    def _apply(self, name: str, fn: Callable[[arb], arb]) -> Real:
        return _make(balls.finite(fn(balls.ball(self._v)), name, self._v))

    def _rising(
        self, name: str, fn: Callable[[arb], arb], lo: int | None = None, hi: int | None = None
    ) -> Real:
        return self._apply(name, lambda x: balls.monotone(fn, x, lo, hi))

    def _is(self, value: int) -> bool:
        return type(self._v) is fmpq and bool(self._v == value)

    def exp(self) -> Real:
        """e to this power."""
        return ONE if self._is(0) else self._apply("exp", arb.exp)

    def expm1(self) -> Real:
        """exp(x) - 1 without cancellation."""
        return ZERO if self._is(0) else self._rising("expm1", arb.expm1)

    def log(self) -> Real:
        """Natural logarithm on x > 0."""
        balls.check("log", self._v, self._v > 0, self._v <= 0)
        return ZERO if self._is(1) else self._apply("log", arb.log)

    def log1p(self) -> Real:
        """log(1 + x) on x > -1, without cancellation."""
        balls.check("log1p", self._v, self._v > -1, self._v <= -1)
        return ZERO if self._is(0) else self._rising("log1p", arb.log1p)

    def sqrt(self) -> Real:
        """Square root on x >= 0; exact for squares of rationals."""
        return _make(balls.square_root(self._v))

    def sin(self) -> Real:
        """Sine (radians)."""
        return ZERO if self._is(0) else self._apply("sin", arb.sin)

    def cos(self) -> Real:
        """Cosine (radians)."""
        return ONE if self._is(0) else self._apply("cos", arb.cos)

    def tan(self) -> Real:
        """Tangent (radians); Undecided when the ball reaches a pole."""
        return ZERO if self._is(0) else self._apply("tan", arb.tan)

    def tanh(self) -> Real:
        """Hyperbolic tangent."""
        return ZERO if self._is(0) else self._rising("tanh", arb.tanh)

    def sinh(self) -> Real:
        """Hyperbolic sine."""
        return ZERO if self._is(0) else self._rising("sinh", arb.sinh)

    def cosh(self) -> Real:
        """Hyperbolic cosine."""
        return ONE if self._is(0) else self._apply("cosh", arb.cosh)

    def arccos(self) -> Real:
        """Inverse cosine on [-1, 1], in [0, pi]."""
        balls.check("arccos", self._v, self._v >= -1 and self._v <= 1, self._v < -1 or self._v > 1)
        return ZERO if self._is(1) else self._rising("arccos", arb.acos, -1, 1)

    def arcsin(self) -> Real:
        """Inverse sine on [-1, 1], in [-pi/2, pi/2]."""
        balls.check("arcsin", self._v, self._v >= -1 and self._v <= 1, self._v < -1 or self._v > 1)
        return ZERO if self._is(0) else self._rising("arcsin", arb.asin, -1, 1)

    def arctan(self) -> Real:
        """Inverse tangent, in (-pi/2, pi/2)."""
        return ZERO if self._is(0) else self._rising("arctan", arb.atan)

    def gamma(self) -> Real:
        """Gamma function; DomainError at 0, -1, -2, ...; exact at 1, 2, ..., 1000."""
        v = self._v
        if type(v) is fmpq and v.q == 1:
            balls.check("gamma", v, v > 0, v <= 0)
            if v <= _FACTORIAL_LIMIT:
                return _make(fmpq(math.factorial(int(v.p) - 1)))
        return self._apply("gamma", arb.gamma)

    def lgamma(self) -> Real:
        """log Gamma on x > 0."""
        balls.check("lgamma", self._v, self._v > 0, self._v <= 0)
        return ZERO if self._is(1) or self._is(2) else self._apply("lgamma", arb.lgamma)

    def digamma(self) -> Real:
        """Derivative of lgamma; DomainError at 0, -1, -2, ..."""
        v = self._v
        if type(v) is fmpq and v.q == 1:
            balls.check("digamma", v, v > 0, v <= 0)
        return self._apply("digamma", arb.digamma)

    def lambertw(self, branch: int = 0) -> Real:
        """Real w with w*exp(w) = x: w >= -1 for ``branch`` 0 (x >= -1/e), w <= -1 for -1 (-1/e <= x < 0).

        Raises ValueError for any other branch.
        """
        if branch not in (0, -1):
            raise ValueError(f"LambertW has real values on branches 0 and -1 only, not {branch}")
        v, border = self._v, -arb(-1).exp()
        upper_side = branch == 0 or bool(v < 0)
        beyond = branch == -1 and bool(v >= 0)
        name = f"lambertw (branch {branch})"
        balls.check(name, v, v > border and upper_side, v < border or beyond)
        return ZERO if self._is(0) else self._rising(name, lambda x: x.lambertw(branch))

    def floor(self) -> Real:
        """Largest integer <= x, exactly; Undecided when the ball reaches over an integer."""
        v = self._v
        if type(v) is fmpq:
            return _make(fmpq(v.floor()))
        integer = v.floor().unique_fmpz()
        if integer is None:
            raise Undecided(f"floor of {balls.text(v)}: the ball reaches over an integer")
        return _make(fmpq(integer))

    def ceil(self) -> Real:
        """Smallest integer >= x, exactly; Undecided when the ball reaches over an integer."""
        return -((-self).floor())

    def __floor__(self) -> int:
        return int(self.floor()._v.p)

    def __ceil__(self) -> int:
        return int(self.ceil()._v.p)


def as_real(x: Any) -> Real:
    """``x`` as a :class:`Real` (unchanged if it is one); raises as the constructor does."""
    return x if type(x) is Real else Real(x)


ZERO, ONE = Real(0), Real(1)
