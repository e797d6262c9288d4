"""Forward-mode derivatives of array code, exact or in balls.

A :class:`Dual` carries a value and its derivative with respect to one parameter t, at t = 0. As elements of
NumPy object arrays, duals turn any array function into its directional derivative (W. K. Clifford's dual
numbers; see A. Griewank and A. Walther, "Evaluating Derivatives", SIAM 2008, chapter 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bounds.balls import DomainError, read
from bounds.real import ONE, ZERO, Real, as_real

Array = Any


def _lift(x: Any) -> Dual | None:
    if type(x) is Dual:
        return x
    if type(x) is Real:
        return Dual(x)
    raw = read(x)
    return None if raw is None else Dual(Real(raw))


class Dual:
    """``value + t * tangent`` modulo t^2; both are :class:`Real`. A missing tangent is 0 (a constant).

    Offers the operators and function names of :class:`Real`. Comparisons look at the values only, so branches
    are taken as the plain computation takes them. DomainError where the derivative does not exist (the square
    root or the absolute value at 0 along a direction that moves).
    """

    __slots__ = ("tangent", "value")
    value: Real
    tangent: Real

    def __init__(self, value: Any, tangent: Any = 0) -> None:
        self.value = as_real(value)
        self.tangent = as_real(tangent)

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.tangent!r})"

    @property
    def _constant(self) -> bool:
        return self.tangent.is_exact and self.tangent == 0

    def _chain(self, value: Real, slope: Callable[[], Real]) -> Dual:
        """f(self) from f and f' at the value; for constants the slope, which may not exist, is left out."""
        return Dual(value) if self._constant else Dual(value, slope() * self.tangent)

    # Arithmetic

    def __add__(self, other: Any) -> Dual:
        b = _lift(other)
        return NotImplemented if b is None else Dual(self.value + b.value, self.tangent + b.tangent)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.tangent)

    def __pos__(self) -> Dual:
        return self

    def __sub__(self, other: Any) -> Dual:
        b = _lift(other)
        return NotImplemented if b is None else Dual(self.value - b.value, self.tangent - b.tangent)

    def __rsub__(self, other: Any) -> Dual:
        b = _lift(other)
        return NotImplemented if b is None else b - self

    def __mul__(self, other: Any) -> Dual:
        b = _lift(other)
        if b is None:
            return NotImplemented
        return Dual(self.value * b.value, self.tangent * b.value + self.value * b.tangent)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Dual:
        b = _lift(other)
        if b is None:
            return NotImplemented
        ratio = self.value / b.value
        return Dual(ratio, (self.tangent - ratio * b.tangent) / b.value)

    def __rtruediv__(self, other: Any) -> Dual:
        b = _lift(other)
        return NotImplemented if b is None else b / self

    def __pow__(self, other: Any) -> Dual:
        b = _lift(other)
        if b is None:
            return NotImplemented
        x, y = self.value, b.value
        result = x**y
        if b._constant:
            if y.is_exact and y == 0:
                return Dual(result)
            return self._chain(result, lambda: y * x ** (y - 1))
        grown = b._chain(result, lambda: result * x.log())
        return Dual(result, grown.tangent + self._chain(result, lambda: y * x ** (y - 1)).tangent)

    def __rpow__(self, other: Any) -> Dual:
        b = _lift(other)
        return NotImplemented if b is None else b**self

    def __abs__(self) -> Dual:
        return self._chain(abs(self.value), self._sign)

    def _sign(self) -> Real:
        if self.value == 0:
            raise DomainError("derivative of abs", "0")
        return ONE if self.value > 0 else -ONE

    # Comparisons of values

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __lt__(self, other: Any) -> bool:
        b = _lift(other)
        return NotImplemented if b is None else self.value < b.value

    def __le__(self, other: Any) -> bool:
        b = _lift(other)
        return NotImplemented if b is None else self.value <= b.value

    def __gt__(self, other: Any) -> bool:
        b = _lift(other)
        return NotImplemented if b is None else self.value > b.value

    def __ge__(self, other: Any) -> bool:
        b = _lift(other)
        return NotImplemented if b is None else self.value >= b.value

    def __eq__(self, other: object) -> bool:
        b = _lift(other)
        return NotImplemented if b is None else self.value == b.value

    def __ne__(self, other: object) -> bool:
        b = _lift(other)
        return NotImplemented if b is None else self.value != b.value

    def __hash__(self) -> int:
        return hash(self.value)

    # Functions: each line is f and f'

    def exp(self) -> Dual:
        """e to this power."""
        y = self.value.exp()
        return self._chain(y, lambda: y)

    def expm1(self) -> Dual:
        """exp(x) - 1."""
        return self._chain(self.value.expm1(), self.value.exp)

    def log(self) -> Dual:
        """Natural logarithm."""
        return self._chain(self.value.log(), lambda: 1 / self.value)

    def log1p(self) -> Dual:
        """log(1 + x)."""
        return self._chain(self.value.log1p(), lambda: 1 / (1 + self.value))

    def sqrt(self) -> Dual:
        """Square root."""
        y = self.value.sqrt()
        return self._chain(y, lambda: 1 / (2 * y))

    def sin(self) -> Dual:
        """Sine."""
        return self._chain(self.value.sin(), self.value.cos)

    def cos(self) -> Dual:
        """Cosine."""
        return self._chain(self.value.cos(), lambda: -self.value.sin())

    def tan(self) -> Dual:
        """Tangent."""
        y = self.value.tan()
        return self._chain(y, lambda: 1 + y * y)

    def tanh(self) -> Dual:
        """Hyperbolic tangent."""
        # 1 - tanh^2 would cancel for large arguments
        return self._chain(self.value.tanh(), lambda: 1 / self.value.cosh() ** 2)

    def sinh(self) -> Dual:
        """Hyperbolic sine."""
        return self._chain(self.value.sinh(), self.value.cosh)

    def cosh(self) -> Dual:
        """Hyperbolic cosine."""
        return self._chain(self.value.cosh(), self.value.sinh)

    def arccos(self) -> Dual:
        """Inverse cosine."""
        return self._chain(self.value.arccos(), lambda: -1 / (1 - self.value**2).sqrt())

    def arcsin(self) -> Dual:
        """Inverse sine."""
        return self._chain(self.value.arcsin(), lambda: 1 / (1 - self.value**2).sqrt())

    def arctan(self) -> Dual:
        """Inverse tangent."""
        return self._chain(self.value.arctan(), lambda: 1 / (1 + self.value**2))

    def gamma(self) -> Dual:
        """Gamma function."""
        y = self.value.gamma()
        return self._chain(y, lambda: y * self.value.digamma())

    def lgamma(self) -> Dual:
        """log Gamma."""
        return self._chain(self.value.lgamma(), self.value.digamma)

    def lambertw(self, branch: int = 0) -> Dual:
        """Lambert W on branch 0 or -1."""
        w = self.value.lambertw(branch)
        return self._chain(w, lambda: (-w).exp() / (1 + w))

    def floor(self) -> Dual:
        """Largest integer <= x; not differentiable at integers."""
        y = self.value.floor()
        return self._chain(y, lambda: self._flat("floor", y))

    def ceil(self) -> Dual:
        """Smallest integer >= x; not differentiable at integers."""
        y = self.value.ceil()
        return self._chain(y, lambda: self._flat("ceil", y))

    def _flat(self, name: str, y: Real) -> Real:
        if self.value == y:
            raise DomainError(f"derivative of {name}", str(y))
        return ZERO


def directional_derivative(fn: Callable[[Array], Any], point: Array, direction: Array) -> tuple[Any, Any]:
    """fn(x) and d/dt fn(x + t v) at t = 0, for array code ``fn``.

    ``point`` x and ``direction`` v have one shape; both are read as exact numbers. Returns two object arrays
    of :class:`Real` (two Reals when ``fn`` returns a scalar). Raises ValueError when the shapes differ.
    """
    x, v = np.asarray(point, dtype=object), np.asarray(direction, dtype=object)
    if x.shape != v.shape:
        raise ValueError(f"point has shape {x.shape} but direction has shape {v.shape}")
    seeds = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        seeds[index] = Dual(x[index], v[index])
    result = fn(seeds)
    # A result which does not depend on the point (or only through comparisons) has derivative zero.
    parts = np.frompyfunc(lambda y: (y.value, y.tangent) if type(y) is Dual else (as_real(y), ZERO), 1, 2)(
        result
    )
    return parts[0], parts[1]
