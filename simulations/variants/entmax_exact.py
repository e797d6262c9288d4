"""alpha-entmax of exact and ball numbers: every comparison is certified, every weight enclosed."""

from typing import Any

import numpy as np

from simulations.variants.base import Array
from simulations.variants.dense import softmax
from simulations.variants.sparse import sparsemax

HALVINGS = 120


def certified_entmax(v: Array, alpha: Any) -> Array:
    """Return enclosures of the alpha-entmax weights of an object array v (..., M); alpha a number or (...).

    alpha = 1 is softmax, alpha = 2 sparsemax, alpha = 3/2 a closed form on its support; otherwise the
    threshold is enclosed by certified signs at rational points. Apart from alpha = 2 the elements need
    roots or exponentials and the constructor ``between`` (as ``bounds.exact.Real``). Floats as alpha are
    read as the dyadic rationals they are.

    Raises:
        ValueError: alpha below 1, or elements that have no enclosures.
        ArithmeticError: the balls are too wide to decide which weights are positive.
    """
    out = np.empty(v.shape, dtype=object)
    orders = np.broadcast_to(np.asarray(alpha, dtype=object), v.shape[:-1])
    for index in np.ndindex(*v.shape[:-1]):
        out[index] = _row(v[index], orders[index])
    return out


def _row(v: Array, alpha: Any) -> Array:
    if alpha < 1:
        raise ValueError(f"alpha: expected at least 1, found {alpha}")
    if alpha == 1:
        return softmax(v, np)
    if alpha == 2:
        return sparsemax(v, np)
    zero = v[0] * 0
    if not hasattr(zero, "between"):
        raise ValueError(f"entmax: expected elements with enclosures, found {type(zero).__name__}")
    s = zero + alpha - 1
    top = v[0]
    for x in v[1:]:
        # The larger of two, without a comparison that balls might not decide.
        top = (top + x + abs(top - x)) / 2
    gaps = [s * (top - x) for x in v]
    near = [i for i, a in enumerate(gaps) if a < 1]
    out = np.full(len(v), zero, dtype=object)
    if len(near) == 1:
        out[near[0]] = zero + 1
        return out
    chosen = [gaps[i] for i in near]
    out[near] = _three_halves(chosen) if 2 * alpha == 3 else _enclosed(chosen, 1 / s)
    return out


def _three_halves(a: list[Any]) -> list[Any]:
    """Weights (u - a_j)_+^2 with sum 1: u solves a quadratic equation on the support.

    j belongs to the support if and only if the others would have less than mass 1 at u = a_j.
    """
    zero = a[0] * 0

    def positive(x: Any) -> Any:
        return (x + abs(x)) / 2

    member = [
        sum((positive(a[j] - a[i]) ** 2 for i in range(len(a)) if i != j), zero) < 1 for j in range(len(a))
    ]
    inside = [x for x, kept in zip(a, member, strict=True) if kept]
    mean = sum(inside, zero) / len(inside)
    spread = sum(((x - mean) ** 2 for x in inside), zero)
    u = mean + np.sqrt((1 - spread) / len(inside))
    return [(u - x) ** 2 if kept else zero for x, kept in zip(a, member, strict=True)]


def _enclosed(a: list[Any], power: Any) -> list[Any]:
    """Weights (u - a_j)_+^power with sum 1, for 0 <= a_j < 1 with smallest 0: the sum increases in u."""
    zero = a[0] * 0
    if all(getattr(x, "is_exact", False) and x == 0 for x in a):
        # Equal scores (the query 0, copies): an equality case that an enclosure could not decide.
        return [(zero + 1) / len(a)] * len(a)

    def mass(u: Any) -> Any:
        terms = (u - x for x in a)
        return sum((t**power for t in terms if t > 0), zero)

    low, high = zero, zero + 1
    for _ in range(HALVINGS):
        # A root that is itself a dyadic number leaves the middle undecided: try beside it.
        for part in (8, 7, 9):
            u = low + (high - low) * part / 16
            try:
                above = mass(u) > 1
            except ArithmeticError:
                continue
            low, high = (low, u) if above else (u, high)
            break
        else:
            break
    u = type(zero).between(low, high)
    return [(u - x) ** power if u > x else zero for x in a]
