"""Readings at one point: mpmath numbers (an oracle, not rigorous) and rigorous balls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import mpmath
import numpy as np

from bounds.exact import DomainError, Real, as_real, beta_lower_regularised, e, enclose_max, enclose_min, pi
from bounds.expr_fold import named_values


class ExpressionDomainError(DomainError):
    """A DomainError which also knows where in the formula it happened: ``subexpression``."""

    def __init__(self, operation: str, argument: str, subexpression: Any) -> None:
        super().__init__(operation, argument)
        self.args = (operation, argument, subexpression)
        self.subexpression = subexpression

    def __str__(self) -> str:
        return f"{self.operation} of {self.argument} in {self.subexpression}"


class Precise:
    """Algebra of mpmath numbers at mpmath's current precision; raises ExpressionDomainError."""

    def __init__(self, env: Mapping[Any, Any]) -> None:
        self._env = named_values(env)

    def rational(self, p: int, q: int) -> Any:
        return mpmath.mpf(p) / q

    def constant(self, name: str) -> Any:
        return +(mpmath.pi if name == "pi" else mpmath.e)

    def symbol(self, name: str, node: Any) -> Any:
        if name not in self._env:
            raise KeyError(f"no value given for {name}")
        given = self._env[name]
        if isinstance(given, Fraction):
            return mpmath.mpf(given.numerator) / given.denominator
        if hasattr(given, "is_Rational"):
            return mpmath.mpf(int(given.p)) / int(given.q)
        value = mpmath.mpf(given)
        return self._checked(value, "value", given, node)

    def no_value(self, node: Any) -> Any:
        raise ExpressionDomainError("value", str(node), node)

    def add(self, args: Sequence[Any], node: Any) -> Any:
        return mpmath.fsum(args)

    def mul(self, args: Sequence[Any], node: Any) -> Any:
        return reduce(lambda a, b: a * b, args)

    def int_power(self, base: Any, n: int, node: Any) -> Any:
        if n < 0 and base == 0:
            raise ExpressionDomainError("division by zero", str(node), node)
        return base**n

    def power(self, base: Any, exponent: Any, node: Any) -> Any:
        if base == 0 and exponent < 0:
            raise ExpressionDomainError("division by zero", str(node), node)
        return self._checked(base**exponent, "power", base, node)

    def call(self, name: str, args: Sequence[Any], node: Any) -> Any:
        if name in ("log", "loggamma") and args[0] <= 0:
            raise ExpressionDomainError(name, mpmath.nstr(args[0]), node)
        if name == "lambertw_1" and args[0] >= 0:
            raise ExpressionDomainError(name, mpmath.nstr(args[0]), node)
        if name == "cap_area" and not (args[0] >= 2 and 0 <= args[1] <= mpmath.pi):
            raise ExpressionDomainError(name, ", ".join(map(mpmath.nstr, args)), node)
        try:
            value = _PRECISE[name](*args)
        except ValueError:  # a pole of gamma
            raise ExpressionDomainError(name, mpmath.nstr(args[0]), node) from None
        return self._checked(value, name, args[0], node)

    def _checked(self, value: Any, operation: str, argument: Any, node: Any) -> Any:
        if isinstance(value, mpmath.mpc) or not mpmath.isfinite(value):
            raise ExpressionDomainError(operation, str(argument), node)
        return value


def _precise_cap(d: Any, theta: Any) -> Any:
    if theta > mpmath.pi / 2:
        return 1 - _precise_cap(d, mpmath.pi - theta)
    return mpmath.betainc((d - 1) / 2, mpmath.mpf(1) / 2, 0, mpmath.sin(theta) ** 2, regularized=True) / 2


_SAME_NAME = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "gamma", "floor")
"""Functions which mpmath and Real call as the fold does."""

_PRECISE: dict[str, Callable[..., Any]] = {
    **{n: getattr(mpmath, n) for n in (*_SAME_NAME, "acos", "loggamma")},
    "ceiling": mpmath.ceil,
    "abs": abs,
    "max": max,
    "min": min,
    "lambertw0": mpmath.lambertw,
    "lambertw_1": lambda x: mpmath.lambertw(x, -1),
    "cap_area": _precise_cap,
}


class Balls:
    """Algebra of :class:`bounds.exact.Real`: exact rationals where possible, Arb balls otherwise."""

    def __init__(self, env: Mapping[Any, Any]) -> None:
        self._env = {}
        for name, value in named_values(env).items():
            rational = getattr(value, "is_Rational", False)
            self._env[name] = as_real(Fraction(int(value.p), int(value.q)) if rational else value)

    def _guarded(self, node: Any, fn: Callable[[], Real]) -> Real:
        try:
            return fn()
        except DomainError as error:
            raise ExpressionDomainError(error.operation, error.argument, node) from None

    def rational(self, p: int, q: int) -> Real:
        return Real(Fraction(p, q))

    def constant(self, name: str) -> Real:
        return pi() if name == "pi" else e()

    def symbol(self, name: str, node: Any) -> Real:
        if name not in self._env:
            raise KeyError(f"no value given for {name}")
        return self._env[name]

    def no_value(self, node: Any) -> Real:
        raise ExpressionDomainError("value", str(node), node)

    def add(self, args: Sequence[Real], node: Any) -> Real:
        return reduce(lambda a, b: a + b, args)

    def mul(self, args: Sequence[Real], node: Any) -> Real:
        return reduce(lambda a, b: a * b, args)

    def int_power(self, base: Real, n: int, node: Any) -> Real:
        return self._guarded(node, lambda: base**n)

    def power(self, base: Real, exponent: Real, node: Any) -> Real:
        return self._guarded(node, lambda: base**exponent)

    def call(self, name: str, args: Sequence[Real], node: Any) -> Real:
        return self._guarded(node, lambda: _BALL[name](*args))


_HALF = Real(Fraction(1, 2))


def ball_cap_area(d: Real, theta: Real) -> Real:
    """Cap area in balls.

    Raises DomainError for certified d < 2 or theta outside [0, pi], Undecided on the border of that domain.
    """
    if d < 2 or theta < 0 or theta > pi():
        raise DomainError("cap area", f"d = {d}, theta = {theta}")
    if theta.is_exact and theta == 0:
        return Real(0)
    order, cosine = (d - 1) / 2, theta.cos()
    if abs(cosine).upper() > Fraction(7, 10):
        half = beta_lower_regularised(order, _HALF, theta.sin() ** 2) / 2
        return half if cosine > 0 else 1 - half
    # About the equator sin^2 is near 1 and its ball may reach beyond; there I_x(a,b) = 1 - I_{1-x}(b,a).
    if not cosine.ball.contains(0):
        belt = beta_lower_regularised(_HALF, order, cosine**2) / 2
        return _HALF - belt if cosine > 0 else _HALF + belt
    reach = (beta_lower_regularised(_HALF, order, (cosine**2).upper()) / 2).upper()
    return Real.between(Fraction(1, 2) - reach, Fraction(1, 2) + reach)


def _extreme(fn: Callable[..., Any], args: Sequence[Real]) -> Real:
    return as_real(fn(np.array(args, dtype=object)))


_BALL: dict[str, Callable[..., Real]] = {
    **{n: getattr(Real, n) for n in _SAME_NAME},
    "acos": Real.arccos,
    "loggamma": Real.lgamma,
    "ceiling": Real.ceil,
    "abs": abs,
    "max": lambda *args: _extreme(enclose_max, args),
    "min": lambda *args: _extreme(enclose_min, args),
    "lambertw0": lambda x: x.lambertw(0),
    "lambertw_1": lambda x: x.lambertw(-1),
    "cap_area": ball_cap_area,
}
