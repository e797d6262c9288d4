"""Precision, certified errors, and operations on the rationals and balls that a ``Real`` holds.

A raw value is a FLINT ``fmpq`` (exact) or an ``arb`` (a midpoint and a radius which certainly contain the
number meant). Everything here rounds outward at the current precision.

Ball arithmetic: F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic",
IEEE Transactions on Computers 66(8), 2017.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from flint import arb, ctx, fmpq, fmpz
from numpy import bool_, floating

T = TypeVar("T")
Raw = Any  # fmpq | arb

EXACT_BITS = 1 << 22  # a rational power with more bits than this is carried as a ball
EXPONENT_BITS = 1 << 20  # endpoints finer than 2^-this are rounded outward, beyond 2^this refused
WIDE = arb((1, -16))  # balls with a larger radius are mapped through monotone functions by their ends


class Undecided(ArithmeticError):
    """The balls at hand are too wide to decide a comparison, a domain or an integer part."""


class DomainError(ArithmeticError):
    """An operation whose argument is certified to lie outside its real domain.

    Attributes: ``operation`` (for example ``"log"``) and ``argument`` (the offending number, as text).
    """

    def __init__(self, operation: str, argument: str) -> None:
        super().__init__(operation, argument)
        self.operation = operation
        self.argument = argument

    def __str__(self) -> str:
        return f"{self.operation} of {self.argument}"


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with balls of ``bits`` bits inside the ``with`` block.

    The setting belongs to the process, not to a thread. Raises ValueError when ``bits`` < 2.
    """
    if bits < 2:
        raise ValueError(f"precision must be at least 2 bits, not {bits}")
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def escalate(fn: Callable[[], T], start: int = 128, cap: int = 8192) -> T:
    """Run ``fn()`` at ``start`` bits and double the precision while it raises :class:`Undecided`.

    ``fn`` must build its balls afresh on every call. The last Undecided is raised once ``cap`` bits fail.
    """
    bits = start
    while True:
        try:
            with precision(bits):
                return fn()
        except Undecided:
            if bits >= cap:
                raise
            bits = min(2 * bits, cap)


def _dyadic(x: Any) -> fmpq:
    try:
        return fmpq(*(int(part) for part in x.as_integer_ratio()))
    except (ValueError, OverflowError):
        raise ValueError(f"{x!r} is not a real number") from None


def _bounded(x: arb) -> arb:
    if not x.is_finite():
        raise ValueError(f"{x} is not a finite ball")
    return x


_CONVERT: dict[type, Callable[[Any], Raw]] = {
    int: fmpq,
    float: _dyadic,
    fmpq: lambda x: x,
    fmpz: fmpq,
    arb: _bounded,
    Fraction: lambda x: fmpq(x.numerator, x.denominator),
}


def read(x: Any) -> Raw | None:
    """The rational or ball that a number stands for, or None for anything that is not a real number.

    Floats are read as the dyadic rationals they are. Raises TypeError for truth values (a mask multiplied
    into numbers is nearly always a slip) and ValueError for infinities and NaN.
    """
    convert = _CONVERT.get(type(x))
    if convert is not None:
        return convert(x)
    if isinstance(x, (bool, bool_)):
        raise TypeError("truth values are not numbers; use np.where to select")
    if isinstance(x, numbers.Rational):
        return fmpq(int(x.numerator), int(x.denominator))
    if isinstance(x, (float, floating, Decimal)):
        return _dyadic(x)
    return None


def text(value: Raw) -> str:
    """Short text for messages; a rational with very many digits is shown as a ball."""
    if type(value) is arb:
        return str(value.str(12))
    return str(value) if value.height_bits() < 400 else str(arb(value).str(12))


def ball(value: Raw) -> arb:
    """The value as a ball (a rational is rounded outward)."""
    return value if type(value) is arb else arb(value)


def finite(result: arb, operation: str, argument: Raw) -> arb:
    """``result`` itself; raises Undecided when it has lost every bound."""
    if not result.is_finite():
        raise Undecided(f"{operation} of {text(argument)} has no bounded enclosure at {ctx.prec} bits")
    return result


def check(operation: str, value: Raw, inside: bool, outside: bool) -> None:
    """Raise unless ``inside``; both answers are certified, so both may be False (then: Undecided)."""
    if inside:
        return
    if outside:
        raise DomainError(operation, text(value))
    raise Undecided(f"{operation} of {text(value)}: the ball straddles the border of the domain")


def monotone(fn: Callable[[arb], arb], x: arb, lo: int | None = None, hi: int | None = None) -> arb:
    """Image of a ball under a monotone function; ``lo`` and ``hi`` are the ends of its closed domain.

    Narrow balls go to Arb directly. Wide ones, and those where Arb's own enclosure is unbounded, are mapped
    by their two ends, which loses nothing.
    """
    if x.rad() < WIDE:
        result = fn(x)
        if result.is_finite():
            return result
    a, b = x.lower(), x.upper()
    # The ends are rounded outward, so they may overshoot a border that the ball itself respects.
    a = arb(lo) if lo is not None and a < lo else a
    b = arb(hi) if hi is not None and b > hi else b
    return fn(a).union(fn(b))


def divide(a: Raw, b: Raw) -> Raw:
    """a / b; DomainError when b is zero, Undecided when b is a ball around zero."""
    if type(b) is fmpq:
        if not b:
            raise DomainError("division by zero", text(a))
        return a / b
    if b > 0 or b < 0:
        return a / b
    if b == 0:
        raise DomainError("division by zero", text(a))
    raise Undecided(f"division by {text(b)}: the ball contains zero")


def absolute(a: Raw) -> Raw:
    """|a|, with a ball around zero folded onto the non-negative side (up to the rounding of its radius)."""
    if type(a) is fmpq or a > 0 or a < 0:
        return abs(a)
    return arb(0).union(a.abs_upper())


def _integer_power(a: Raw, n: int) -> Raw:
    if n == 0:
        return fmpq(1)
    if n < 0 and a == 0:
        raise DomainError("negative power", "0")
    if type(a) is fmpq:
        bits = a.height_bits()
        if bits == 1:  # 0, 1 or -1: no exponent is too large
            return a if n % 2 else a * a
        if bits * abs(n) <= EXACT_BITS:
            return a**n
        a = arb(a)
    signed = bool(a > 0 or a < 0)
    if n < 0 and not signed:
        raise Undecided(f"negative power of {text(a)}: the ball contains zero")
    exponent = fmpz(n)
    if signed and a.rad() < WIDE * a.abs_lower():
        return finite(a**exponent, "power", a)
    ends = (a.lower() ** exponent).union(a.upper() ** exponent)
    return finite(ends.union(arb(0)) if not signed and n % 2 == 0 else ends, "power", a)


def _exact_root(a: fmpq, n: int) -> fmpq | None:
    """The n-th root of a non-negative rational if it is rational."""
    p, q = a.p.root(n), a.q.root(n)
    return fmpq(p, q) if p**n == a.p and q**n == a.q else None


def square_root(a: Raw) -> Raw:
    """sqrt(a), exact for squares of rationals."""
    check("sqrt", a, a >= 0, a < 0)
    if type(a) is fmpq:
        root = _exact_root(a, 2)
        return arb(a).sqrt() if root is None else root
    return monotone(arb.sqrt, a, 0)


def power(a: Raw, b: Raw) -> Raw:
    """a ** b on the reals: integer powers of anything, other powers of non-negative numbers (0**0 = 1)."""
    if type(b) is fmpq and b.q == 1:
        return _integer_power(a, int(b.p))
    if type(b) is fmpq and b.q == 2:
        return _integer_power(square_root(a), int(b.p))
    if a == 0:
        check("power 0**b, exponent", b, b > 0, b < 0)
        return fmpq(0)
    if type(b) is arb and type(a) is fmpq and a < 0 and b.contains_integer():
        raise Undecided(f"{text(a)} ** {text(b)}: the exponent may be an integer")
    check("non-integer power", a, a > 0 or (b > 0 and a >= 0), a < 0)
    if type(a) is fmpq:
        if a == 1:
            return a
        root = _exact_root(a, int(b.q)) if type(b) is fmpq and b.q <= 64 else None
        if root is not None:
            return _integer_power(root, int(b.p))
        return finite(arb(a) ** b, "power", a)
    if a > 0:
        return finite((b * a.log()).exp(), "power", a)
    return finite((b * a.upper().log()).exp().union(arb(0)), "power", a)


def fraction(end: Raw, sign: int) -> Fraction:
    """A rational or an exact ball as a Fraction.

    Endpoints with more than 2^20 binary places are rounded towards ``sign``; OverflowError when the integer
    part is longer than that.
    """
    if type(end) is fmpq:
        return Fraction(int(end.p), int(end.q))
    m, e = (int(part) for part in end.man_exp())
    if e > EXPONENT_BITS:
        raise OverflowError(f"{end.str(5)} has too many digits to be written as a fraction")
    if e >= -EXPONENT_BITS:
        return Fraction(m * 2**e) if e >= 0 else Fraction(m, 2**-e)
    shift = -e - EXPONENT_BITS
    return Fraction(-((-m) >> shift) if sign > 0 else m >> shift, 2**EXPONENT_BITS)
