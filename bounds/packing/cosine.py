"""Maximal cosines as exact numbers: reading ``1/sqrt(5)`` or ``0.5``, and rational numbers next to them."""

from __future__ import annotations

import ast
from fractions import Fraction
from typing import Any

import sympy as sp

from bounds import expr
from bounds.exact import Real, escalate, precision

_POWER_LIMIT = 64
_LENGTH_LIMIT = 400
_DIGITS_LIMIT = 300
_EXPECTED = "expected an exact number such as 1/2, 0.5, 1/sqrt(5) or cos(2*pi/5)"


def read_cosine(s: Any) -> Any:
    """The maximal cosine ``s`` as an exact SymPy number with -1 <= s < 1.

    Takes int, Fraction, float (the dyadic rational that it is), exact SymPy numbers and text: decimals (read
    as the decimal, exactly), + - * / **, ``sqrt``, ``cos`` and ``pi``.  Raises ValueError for anything else
    and for values outside [-1, 1).
    """
    value = _parse(s) if isinstance(s, str) else _given(s)
    if value.has(sp.zoo, sp.nan, sp.oo) or not (value.is_number and value.is_real):
        raise ValueError(f"max cosine {s!r}: {_EXPECTED}, found no real number")
    value = _rational_if_equal(value)
    if value < -1 or value >= 1:
        raise ValueError(f"max cosine {s!r}: expected a number in [-1, 1)")
    return value


def _rational_if_equal(value: Any) -> Any:
    """Radicals that add up to a rational number become that number, so that comparisons can be decided."""
    if value.is_Rational:
        return value
    near = sp.nsimplify(sp.N(value, 60), rational=True).limit_denominator(10**6)
    return near if same(value, near) else value


def same(a: Any, b: Any) -> bool:
    """Whether two exact numbers are equal; for numbers that are not algebraic, whether they look the same."""
    if a == b or abs(sp.N(a - b, 40)) > 1e-30:
        return bool(a == b)
    try:
        return bool(sp.minimal_polynomial(a - b, sp.Symbol("x")) == sp.Symbol("x"))
    except sp.polys.polyerrors.NotAlgebraic:
        return False


def _given(s: Any) -> Any:
    if isinstance(s, bool):
        raise ValueError(f"max cosine {s!r}: {_EXPECTED}")
    if isinstance(s, Real):
        s = s.fraction
    if isinstance(s, int | float | Fraction):
        try:
            exact = Fraction(s)
        except (ValueError, OverflowError):
            raise ValueError(f"max cosine {s!r}: {_EXPECTED}") from None
        return sp.Rational(exact.numerator, exact.denominator)
    if isinstance(s, sp.Expr) and not s.has(sp.Float):
        return s
    raise ValueError(f"max cosine {s!r}: {_EXPECTED}")


def _parse(text: str) -> Any:
    if len(text) > _LENGTH_LIMIT:
        raise ValueError(f"max cosine: expected at most {_LENGTH_LIMIT} characters, found {len(text)}")
    source = text.strip()
    try:
        tree = ast.parse(source, mode="eval")
        return _number(tree.body, source)
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"max cosine {text!r}: {_EXPECTED}") from None


def _number(node: ast.expr, source: str) -> Any:
    """Fold a parsed expression into a SymPy number; nothing of it is executed."""
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return _literal(ast.get_source_segment(source, node) or "", source)
        case ast.Name(id="pi"):
            return sp.pi
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_number(inner, source)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _number(inner, source)
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _number(left, source), _number(right, source), source)
        case ast.Call(func=ast.Name(id="sqrt" | "cos" as name), args=[inner], keywords=[]):
            return (sp.sqrt if name == "sqrt" else sp.cos)(_number(inner, source))
    raise ValueError(f"max cosine {source!r}: {_EXPECTED}")


def _literal(text: str, source: str) -> Any:
    """A decimal as the rational it is; its exponent is bounded so that it can be written out."""
    mantissa, _, exponent = text.lower().replace("_", "").partition("e")
    if len(mantissa) > _DIGITS_LIMIT or abs(int(exponent or 0)) > _DIGITS_LIMIT:
        raise ValueError(f"max cosine {source!r}: expected at most {_DIGITS_LIMIT} digits in {text}")
    value = Fraction(text.replace("_", ""))
    return sp.Rational(value.numerator, value.denominator)


def _binary(op: ast.operator, a: Any, b: Any, source: str) -> Any:
    match op:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.Div() if b != 0:
            return a / b
        case ast.Pow() if _small_power(a, b):
            return a**b
    raise ValueError(f"max cosine {source!r}: {_EXPECTED}")


def _small_power(a: Any, b: Any) -> bool:
    if not b.is_Rational or max(abs(b.p), b.q) > _POWER_LIMIT or (a == 0 and b <= 0):
        return False
    return all(abs(r.p) * r.q < 10**_DIGITS_LIMIT for r in a.atoms(sp.Rational))


def real_cosine(s: Any) -> Real:
    """The number ``s`` (as :func:`read_cosine` takes it): exact if rational, else a ball at the current
    precision.
    """
    return expr.ball(read_cosine(s), {})


def rational_above(s: Any, bits: int = 200) -> Fraction:
    """A rational number in [s, s + 2^-bits]; ``s`` itself when it is rational.

    Every bound here is for codes whose inner products are at most s, so a bound at a number above s is a
    bound at s.
    """
    value = read_cosine(s)
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))

    def above() -> Fraction:
        with precision(bits + 64):
            top = expr.ball(value, {}).upper()
        return Fraction(-((-top.numerator << (bits + 1)) // top.denominator), 1 << (bits + 1))

    result = escalate(above)
    # The grid point above s may be 1 for numbers within the resolution of it; such s are out of reach.
    if result >= 1:
        raise ValueError(f"max cosine {s!r}: expected a number below 1 by more than 2^-{bits}")
    return result


def rational_below(s: Any, bits: int = 200) -> Fraction:
    """A rational number in [s - 2^-bits, s]; ``s`` itself when it is rational."""
    value = read_cosine(s)
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    above = rational_above(value, bits + 2)
    return above - Fraction(1, 1 << (bits + 1))


def check_dimension(n: Any, least: int = 2) -> int:
    """``n`` as an int; raises ValueError unless it is an integer >= ``least``."""
    if isinstance(n, bool) or not isinstance(n, int) or n < least:
        raise ValueError(f"dimension {n!r}: expected an integer of at least {least}")
    return n


def check_size(size: Any, least: int = 2) -> int:
    """``size`` as an int; raises ValueError unless it is an integer >= ``least``."""
    if isinstance(size, bool) or not isinstance(size, int) or size < least:
        raise ValueError(f"size {size!r}: expected an integer of at least {least}")
    return size
