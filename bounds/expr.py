"""One SymPy formula, many readings: arrays, logarithmic arrays, mpmath, rigorous balls, and typeset forms.

A formula is written once with exact numbers.  ``arrays`` and ``log_arrays`` evaluate it on any array-API
namespace with a mask of where it is real, ``precise`` in mpmath, ``ball`` rigorously; ``latex``, ``mathml``
and ``plain`` show it.  Supported: + * **, rationals, pi, E, exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh,
acos, asin, Abs, Max, Min, floor, ceiling, gamma, loggamma, LambertW(x), LambertW(x, -1), CapArea(d, theta).

Conventions: log(0) is outside the domain; 0 times an undefined value is undefined; 0**0 = 1 as in SymPy; a
non-integer power of a negative number has no value.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from sympy.printing.mathml import MathMLPresentationPrinter

from bounds.exact import Real
from bounds.expr_arrays import LinearArrays
from bounds.expr_fold import UnsupportedFunction, check_expression, fold
from bounds.expr_logs import LogArrays, SignedLog
from bounds.expr_points import Balls, ExpressionDomainError, Precise

__all__ = [
    "ExpressionDomainError",
    "Reading",
    "Sides",
    "SignedLog",
    "UnsupportedFunction",
    "arrays",
    "ball",
    "latex",
    "log_arrays",
    "mathml",
    "plain",
    "precise",
    "sides",
]

Array = Any
Env = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """Linear values of an expression; NaN exactly where ``defined`` is False.

    ``left`` lists (subexpression, number of elements), counted in the shape of that subexpression: the places
    at which a value first left the real domain, was given as NaN or infinity, or was lost to overflow
    (inf - inf).
    """

    value: Array
    defined: Array
    left: tuple[tuple[Any, int], ...]


def arrays(expr: Any, env: Env, xp: Any = np) -> Reading:
    """Evaluate ``expr`` in floating point on arrays of the namespace ``xp``.

    ``env`` maps names or symbols to numbers and arrays which broadcast together; the result has the shape
    those of them that occur in ``expr`` broadcast to.  The dtype is the widest floating one given (else the
    default of ``xp``).  An overflow, such as exp(1000), is +-inf and counts as defined; an underflow is taken
    for zero, so 1/exp(-1000) counts as a division by zero: use ``log_arrays`` or ``ball`` there.

    Raises ValueError for floats in ``expr``, KeyError for a symbol without a value, UnsupportedFunction,
    TypeError for complex arrays.
    """
    algebra = LinearArrays(env, xp)
    with np.errstate(all="ignore"):
        cell = fold(expr, algebra)
    return Reading(cell.value, cell.defined, tuple(algebra.losses.left))


def log_arrays(expr: Any, env: Env, xp: Any = np) -> SignedLog:
    """Evaluate ``expr`` with every node held as (sign, log of absolute value).

    As ``arrays``, and values in ``env`` may be SignedLog.  exp(-1e5) or gamma(1e6) are exact to rounding of
    the logarithm; LambertW(exp(y)) solves w + log(w) = y.
    """
    algebra = LogArrays(env, xp)
    with np.errstate(all="ignore"):
        result = fold(expr, algebra)
    return SignedLog(result.sign, result.log, result.defined, tuple(algebra.losses.left))


def precise(expr: Any, env: Env, dps: int = 50) -> Any:
    """Evaluate ``expr`` at one point as an mpmath ``mpf`` of ``dps`` digits.  An oracle: not rigorous.

    ``env`` holds ints, Fractions, SymPy rationals, floats (taken exactly), decimal strings or mpf.
    Raises ExpressionDomainError outside the real domain, else as ``arrays``.
    """
    with mpmath.workdps(dps + 15):
        value = fold(expr, Precise(env))
    with mpmath.workdps(dps):
        return +value


def ball(expr: Any, env: Env) -> Real:
    """Evaluate ``expr`` at one point (or ball) rigorously, at the current ``bounds.exact.precision``.

    ``env`` holds Real, int, Fraction, SymPy rationals, exact decimal strings.  Rational expressions of exact
    values stay exact.  Raises ExpressionDomainError (with ``subexpression``) when an argument is certified to
    be outside its domain, Undecided when a ball straddles the border, else as ``arrays``.
    """
    return fold(expr, Balls(env))


@dataclass(frozen=True, slots=True)
class Sides:
    """``lhs <= rhs`` (``<`` if strict, ``==`` if equality).  Unpacks as ``lhs, rhs = sides(relation)``."""

    lhs: Any
    rhs: Any
    strict: bool = False
    equality: bool = False

    def __iter__(self) -> Iterator[Any]:
        return iter((self.lhs, self.rhs))


def sides(relation: Any) -> Sides:
    """The two sides of a SymPy relation, turned so that the left is claimed to be the smaller.

    Raises TypeError for anything but Le, Lt, Ge, Gt, Eq, including relations which SymPy has already
    evaluated to true or false (build those with ``evaluate=False``).
    """
    left, right = getattr(relation, "lhs", None), getattr(relation, "rhs", None)
    if isinstance(relation, sp.Le | sp.Lt):
        return Sides(left, right, strict=isinstance(relation, sp.Lt))
    if isinstance(relation, sp.Ge | sp.Gt):
        return Sides(right, left, strict=isinstance(relation, sp.Gt))
    if isinstance(relation, sp.Eq):
        return Sides(left, right, equality=True)
    raise TypeError(f"not a relation that can be compared: {relation!r}")


def _shown(expr: Any) -> Any:
    return expr if isinstance(expr, sp.core.relational.Relational) else check_expression(expr)


def latex(expr: Any) -> str:
    """LaTeX of an expression or relation."""
    return str(sp.latex(_shown(expr)))


def plain(expr: Any) -> str:
    """Unicode text, on several lines where there are fractions, for terminals."""
    return str(sp.pretty(_shown(expr), use_unicode=True))


def mathml(expr: Any) -> str:
    """A complete presentation-MathML ``<math>`` element: well-formed XML without named entities."""
    body = MathMLPresentationPrinter().doprint(_shown(expr))
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML">{_NAMED_ENTITY.sub(_character, body)}</math>'


# SymPy writes HTML entities such as &ExponentialE;, which XML does not know.
_NAMED_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]*;")


def _character(match: re.Match[str]) -> str:
    text = html.unescape(match.group())
    if text.startswith("&"):
        raise ValueError(f"unknown entity {match.group()} in MathML")
    return text
