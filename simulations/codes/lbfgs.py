"""L-BFGS on many independent problems at once, on any array-API namespace."""

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace

Array = Any
Objective = Callable[[Array], tuple[Array, Array]]


def minimise(
    objective: Objective,
    start: Array,
    iterations: int = 100,
    memory: int = 8,
    tol: float = 1e-10,
    reach: float = 0.1,
) -> Array:
    """Minimise B independent functions by L-BFGS (Nocedal 1980) with Armijo backtracking.

    Args:
        objective: x (B, D) -> (value (B,), gradient (B, D)).
        start: (B, D).
        iterations: evaluations of the objective, all problems together in each.
        memory: pairs (s, y) kept.
        tol: a problem rests once its largest gradient component is at most tol.
        reach: no component moves further in one step.

    Returns:
        (B, D), never worse than the start.

    A problem whose step is refused tries a shorter one at the next evaluation while the others go on;
    for it this evaluation leaves a void pair in the memory, so that all share one ring of pairs.
    """
    xp = array_namespace(start)
    x = start
    value, gradient = objective(x)
    pairs: list[tuple[Array, Array, Array]] = []
    shrink = xp.ones_like(value)
    scale = xp.zeros_like(value)
    for _ in range(iterations):
        steepness = xp.max(xp.abs(gradient), axis=-1)
        active = (steepness > tol) & (shrink > 1e-9)
        if not bool(xp.any(active)):
            break
        # Before anything is known of the curvature the first step is reach/10 in the largest component.
        first = reach / 10 / xp.where(steepness > 0, steepness, xp.ones_like(steepness))
        direction = -_inverse_hessian(gradient, pairs, xp.where(scale > 0, scale, first), xp)
        slope = xp.sum(direction * gradient, axis=-1)
        uphill = slope >= 0
        direction = xp.where(uphill[:, None], -first[:, None] * gradient, direction)
        slope = xp.where(uphill, -first * xp.sum(gradient * gradient, axis=-1), slope)
        longest = xp.max(xp.abs(direction), axis=-1)
        length = shrink * reach / xp.maximum(longest, reach * xp.ones_like(longest))
        step = xp.where(active[:, None], length[:, None] * direction, xp.zeros_like(direction))
        new_value, new_gradient = objective(x + step)
        rise = new_value - value - 1e-4 * length * slope
        good = active & (rise <= 1e-15 * xp.abs(value))
        change = new_gradient - gradient
        bend = xp.sum(step * change, axis=-1)
        size = xp.sum(change * change, axis=-1)
        useful = good & (bend > 1e-12 * xp.sqrt(size * xp.sum(step * step, axis=-1)))
        one = xp.ones_like(bend)
        pairs.append((step, change, xp.where(useful, 1 / xp.where(useful, bend, one), 0 * one)))
        pairs = pairs[-memory:]
        scale = xp.where(useful, bend / xp.where(useful, size, one), scale)
        x = xp.where(good[:, None], x + step, x)
        gradient = xp.where(good[:, None], new_gradient, gradient)
        value = xp.where(good, new_value, value)
        shrink = xp.where(good, one, xp.where(active, 0.3 * shrink, shrink))
    return x


def _inverse_hessian(
    gradient: Array, pairs: list[tuple[Array, Array, Array]], scale: Array, xp: Any
) -> Array:
    """Apply the two-loop recursion; pairs are (s, y, 1/<s, y>), 0 in the last place voiding a pair."""
    q = gradient
    taken = []
    for s, y, inverse in reversed(pairs):
        a = inverse * xp.sum(s * q, axis=-1)
        q = q - a[:, None] * y
        taken.append(a)
    q = scale[:, None] * q
    for (s, y, inverse), a in zip(pairs, reversed(taken), strict=True):
        b = inverse * xp.sum(y * q, axis=-1)
        q = q + (a - b)[:, None] * s
    return q
