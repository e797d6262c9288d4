"""Exact arithmetic in the field Q(a) of a :class:`simulations.codes.exact.Ring`, with enclosures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, fmpq, fmpq_poly

from simulations.codes.exact import GOLDEN, Ring


@dataclass(frozen=True)
class Algebraic:
    """An element of Q(a), as a polynomial in a of degree below that of the ring.

    ``+ - * /``, powers with an integer exponent and ``==`` are exact; the other operand may be an int or a
    Fraction.  Operands of two different rings are refused (ValueError), division by zero too.
    """

    ring: Ring
    polynomial: Any

    @classmethod
    def make(cls, ring: Ring, coefficients: Sequence[Fraction | int]) -> Algebraic:
        """The element with these coefficients by 1, a, a^2, ..."""
        return cls(ring, fmpq_poly([_rational(c) for c in coefficients]) % _modulus(ring))

    @property
    def coefficients(self) -> list[Fraction]:
        """The coefficients by 1, a, ..., a^(degree - 1)."""
        found = [Fraction(int(c.p), int(c.q)) for c in self.polynomial.coeffs()]
        return found + [Fraction(0)] * (self.ring.degree - len(found))

    @property
    def fraction(self) -> Fraction | None:
        """The number itself where it is rational, else None."""
        return None if self.polynomial.degree() > 0 else self.coefficients[0]

    def ball(self) -> arb:
        """An enclosure at the precision of the flint context."""
        return self.ring.ball(self.coefficients)

    def __float__(self) -> float:
        return float(self.ball().mid())

    def _other(self, value: Any) -> Any:
        if isinstance(value, Algebraic):
            if value.ring != self.ring:
                raise ValueError("two numbers of different fields: expected the same ring")
            return value.polynomial
        if isinstance(value, int | Fraction):
            return fmpq_poly([_rational(value)])
        return None

    def _with(self, polynomial: Any) -> Algebraic:
        return Algebraic(self.ring, polynomial % _modulus(self.ring))

    def __add__(self, other: Any) -> Algebraic:
        p = self._other(other)
        return NotImplemented if p is None else self._with(self.polynomial + p)

    def __sub__(self, other: Any) -> Algebraic:
        p = self._other(other)
        return NotImplemented if p is None else self._with(self.polynomial - p)

    def __mul__(self, other: Any) -> Algebraic:
        p = self._other(other)
        return NotImplemented if p is None else self._with(self.polynomial * p)

    def __truediv__(self, other: Any) -> Algebraic:
        p = self._other(other)
        return NotImplemented if p is None else self._with(self.polynomial * self._inverse(p))

    def __rtruediv__(self, other: Any) -> Algebraic:
        p = self._other(other)
        return NotImplemented if p is None else self._with(p * self._inverse(self.polynomial))

    def __rsub__(self, other: Any) -> Algebraic:
        p = self._other(other)
        return NotImplemented if p is None else self._with(p - self.polynomial)

    def __neg__(self) -> Algebraic:
        return Algebraic(self.ring, -self.polynomial)

    def __pow__(self, exponent: int) -> Algebraic:
        result = Algebraic.make(self.ring, [1])
        for _ in range(exponent):
            result = result * self
        return result

    __radd__, __rmul__ = __add__, __mul__

    def _inverse(self, polynomial: Any) -> Any:
        if polynomial == 0:
            raise ValueError("division by zero in an algebraic field")
        common, inverse, _ = polynomial.xgcd(_modulus(self.ring))
        return inverse / common[0]

    def __eq__(self, other: object) -> bool:
        p = self._other(other)
        return bool(p is not None and self.polynomial == p)

    def __hash__(self) -> int:
        return hash((self.ring, tuple(self.coefficients)))


def root_five(rational: Fraction | int, factor: Fraction | int) -> Algebraic:
    """rational + factor sqrt(5), an element of Q((1 + sqrt 5)/2)."""
    return Algebraic.make(GOLDEN, [Fraction(rational) - factor, 2 * Fraction(factor)])


def _modulus(ring: Ring) -> Any:
    return fmpq_poly(list(ring.minimal))


def _rational(value: Fraction | int) -> fmpq:
    return fmpq(value.numerator, value.denominator)
