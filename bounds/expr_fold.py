"""One recursive walk over a SymPy tree, parametrised by an algebra.

``sympy.lambdify`` prints 1/3 as a floating-point number, so a ball evaluation of lambdified code is wrong
with radius zero.  Here a rational reaches the algebra as a pair of integers, a square root by its name, and
an algebra sees every operation together with the node it came from, so it can say which part of a formula
has no real value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import sympy as sp

from bounds.functions import CapArea

V = TypeVar("V")

_NAMES: dict[Any, str] = {
    sp.exp: "exp",
    sp.log: "log",
    sp.sin: "sin",
    sp.cos: "cos",
    sp.tan: "tan",
    sp.sinh: "sinh",
    sp.cosh: "cosh",
    sp.tanh: "tanh",
    sp.acos: "acos",
    sp.Abs: "abs",
    sp.Max: "max",
    sp.Min: "min",
    sp.floor: "floor",
    sp.ceiling: "ceiling",
    sp.gamma: "gamma",
    sp.loggamma: "loggamma",
    CapArea: "cap_area",
}

_DERIVED: dict[Any, Callable[[Any], Any]] = {
    sp.cot: lambda u: sp.cos(u) / sp.sin(u),
    sp.sec: lambda u: 1 / sp.cos(u),
    sp.csc: lambda u: 1 / sp.sin(u),
    sp.coth: lambda u: sp.cosh(u) / sp.sinh(u),
    sp.sech: lambda u: 1 / sp.cosh(u),
    sp.csch: lambda u: 1 / sp.sinh(u),
    sp.asin: lambda u: sp.pi / 2 - sp.acos(u),
    sp.re: lambda u: u,
    sp.conjugate: lambda u: u,
    sp.im: lambda u: sp.Mul(0, u, evaluate=False),
}
"""Functions read through others; every symbol is real here.

SymPy introduces some by itself: tan(x + pi/2) becomes -cot(x), Abs(exp(x)) becomes exp(re(x)).
"""

_CONSTANTS: dict[Any, str] = {sp.pi: "pi", sp.E: "e"}

# SymPy produces these when it meets an undefined constant such as log(0) or sqrt(-2) on construction.
_NOT_REAL = (sp.I, sp.zoo, sp.nan, sp.oo, -sp.oo)


class UnsupportedFunction(TypeError):
    """The expression uses a function which no reading knows."""


class Algebra(Protocol[V]):
    """What one reading must supply.  ``node`` is the SymPy subexpression being evaluated."""

    def rational(self, p: int, q: int) -> V:
        """The number p/q."""

    def constant(self, name: str) -> V:
        """The number called ``pi`` or ``e``."""

    def symbol(self, name: str, node: Any) -> V:
        """The value given for a symbol."""

    def no_value(self, node: Any) -> V:
        """A constant which is not a real number (imaginary unit, infinity, nan)."""

    def add(self, args: Sequence[V], node: Any) -> V:
        """Sum of the arguments."""

    def mul(self, args: Sequence[V], node: Any) -> V:
        """Product of the arguments."""

    def int_power(self, base: V, n: int, node: Any) -> V:
        """``base ** n`` for an integer n of either sign."""

    def power(self, base: V, exponent: V, node: Any) -> V:
        """``base ** exponent`` in general."""

    def call(self, name: str, args: Sequence[V], node: Any) -> V:
        """The function ``name``: sqrt, lambertw0, lambertw_1 or a name of the table above."""


def check_expression(expr: Any) -> Any:
    """Return ``expr`` as a SymPy expression.

    Raises ValueError, naming the number, when it contains a float, and TypeError when it is a relation or
    not an expression at all.
    """
    if isinstance(expr, float):
        raise ValueError(f"floating-point number {expr!r} in an expression; write an exact rational")
    tree = sp.sympify(expr)
    if not isinstance(tree, sp.Expr):
        raise TypeError(f"not an expression: {tree!r} (take the two sides of a relation separately)")
    floats = tree.atoms(sp.Float)
    if floats:
        listed = ", ".join(sorted(str(f) for f in floats))
        raise ValueError(f"floating-point number {listed} in {tree}; write an exact rational")
    return tree


def named_values(env: Mapping[Any, Any]) -> dict[str, Any]:
    """An environment keyed by strings; the keys given may be strings or SymPy symbols."""
    return {str(key): value for key, value in env.items()}


def fold(expr: Any, algebra: Algebra[V]) -> V:
    """Value of ``expr`` in ``algebra``; equal subexpressions are evaluated once.

    Raises UnsupportedFunction naming the function and the subexpression, ValueError for floats, and
    whatever the algebra raises.
    """
    memo: dict[Any, V] = {}

    def visit(node: Any) -> V:
        if node not in memo:
            memo[node] = _step(node, algebra, visit)
        return memo[node]

    return visit(check_expression(expr))


def _step(node: Any, algebra: Algebra[V], visit: Any) -> V:
    if isinstance(node, sp.Rational):
        return algebra.rational(int(node.p), int(node.q))
    if isinstance(node, sp.Symbol):
        return algebra.symbol(node.name, node)
    if node in _CONSTANTS:
        return algebra.constant(_CONSTANTS[node])
    if node in _NOT_REAL or (isinstance(node, sp.Mul) and sp.I in node.args):
        # The other factors may be functions that occur in complex constants only, such as asinh.
        return algebra.no_value(node)
    if isinstance(node, sp.Add):
        return algebra.add([visit(a) for a in node.args], node)
    if isinstance(node, sp.Mul):
        return algebra.mul([visit(a) for a in node.args], node)
    if isinstance(node, sp.Pow):
        return _power(node, algebra, visit)
    if isinstance(node, sp.LambertW):
        return algebra.call(_lambertw_name(node), [visit(node.args[0])], node)
    if node.func in _DERIVED:
        derived: V = visit(_DERIVED[node.func](*node.args))
        return derived
    name = _NAMES.get(node.func)
    if name is None:
        raise UnsupportedFunction(f"no reading for {node.func.__name__} in {node}")
    return algebra.call(name, [visit(a) for a in node.args], node)


def _power(node: Any, algebra: Algebra[V], visit: Any) -> V:
    base, exponent = node.args
    if base == sp.E:
        return algebra.call("exp", [visit(exponent)], node)
    if isinstance(exponent, sp.Integer):
        return algebra.int_power(visit(base), int(exponent), node)
    if isinstance(exponent, sp.Rational) and exponent.q == 2:
        # By name: an algebra knows sqrt(0) and the roots of perfect squares exactly.
        root = algebra.call("sqrt", [visit(base)], node)
        return root if exponent.p == 1 else algebra.int_power(root, int(exponent.p), node)
    return algebra.power(visit(base), visit(exponent), node)


def _lambertw_name(node: Any) -> str:
    branch = node.args[1] if len(node.args) == 2 else sp.S.Zero
    if branch == 0:
        return "lambertw0"
    if branch == -1:
        return "lambertw_1"
    raise UnsupportedFunction(f"branch {branch} of LambertW is not real in {node}")
