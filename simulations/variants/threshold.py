"""The threshold that entmax and normmax share: the point u where the norm of (u - a)_+ is 1.

Rows of scores are handled one cache-sized block at a time, and only the scores that can be in the
support take part in the search.
"""

import math
from collections.abc import Callable

from array_api_compat import device, is_numpy_namespace

from simulations.variants.base import Array, Namespace

# Elements of a block of rows (a mebibyte of float64: about what a core's cache holds).
ROWS = 1 << 17
# Newton steps before bisection steps are mixed in. Convex as it is, a norm with many kinks can be slow.
PATIENCE = 12
# Rows at least this long start from the root for every STRIDE-th score.
SAMPLED, STRIDE = 1024, 16
# Newton steps after which the scores that u has passed are dropped.
SIFT = frozenset((1,))


def by_rows(function: Callable[..., Array], v: Array, xp: Namespace, *others: Array) -> Array:
    """Apply ``function(rows, *others)`` to v (..., M) seen as rows (R, M), in blocks for NumPy.

    ``others`` are (...) or numbers; ``function`` sees arrays among them as (R, 1).
    """
    lead, m = v.shape[:-1], v.shape[-1]
    count = math.prod(lead)
    rows = xp.reshape(v, (count, m))
    columns = [
        xp.reshape(xp.broadcast_to(o, lead), (count, 1)) if getattr(o, "ndim", 0) else o for o in others
    ]
    size = max(1, ROWS // max(1, m)) if is_numpy_namespace(xp) else max(1, count)
    if count <= size:
        return xp.reshape(function(rows, *columns), v.shape)
    parts = []
    for start in range(0, count, size):
        cut = slice(start, min(start + size, count))
        parts.append(function(rows[cut, :], *(c[cut, :] if getattr(c, "ndim", 0) else c for c in columns)))
    return xp.reshape(xp.concat(parts, axis=0), v.shape)


def gather(rows: Array, chosen: Array, fill: float, xp: Namespace) -> tuple[Array, Array]:
    """Return the chosen elements of rows (R, M) to the left, padded with ``fill``, and their counts (R, 1).

    If more than a third of some row is chosen, the rows are returned as they are: it is the caller who sees
    to it that elements not chosen do no harm.
    """
    count = xp.sum(xp.astype(chosen, xp.int64), axis=-1, keepdims=True)
    width = int(xp.max(count)) if rows.shape[0] else 0
    if 3 * width > rows.shape[-1] or width == 0:
        return rows, count
    picked = xp.take(xp.reshape(rows, (-1,)), xp.nonzero(xp.reshape(chosen, (-1,)))[0])
    rank = xp.reshape(xp.arange(width, device=device(rows)), (1, width))
    present = rank < count
    place = xp.cumulative_sum(count, axis=0) - count + rank
    place = xp.where(present, place, xp.zeros_like(place))
    values = xp.reshape(xp.take(picked, xp.reshape(place, (-1,))), place.shape)
    return xp.where(present, values, xp.asarray(fill, dtype=rows.dtype, device=device(rows))), count


def norm_threshold(a: Array, r: Array, xp: Namespace) -> Array:
    """Return the u (R, 1) in (0, 1] with |(u - a)_+|_r = 1, for gaps a (R, M) >= 0 with smallest 0.

    r is a number or (R, 1), at least 1. The norm is convex and increasing in u, so Newton's method lands at
    or above the root after one step and decreases to it from there; it ends when it no longer moves. If
    every other gap is at least 1 then u is exactly 1.
    """
    # Gaps of 1 and more contribute 0. Not "a < 1": rows of nan must stay what they are (here and below).
    a, count = gather(a, ~(a >= 1), 1.0, xp)
    u = xp.ones_like(a[:, :1])
    # The root if all gaps were 0. Below it the powers might underflow.
    low = xp.exp(-xp.log(xp.astype(count, a.dtype)) / r)
    low = xp.where(low < u, low, u) * (1 - 4 * float(xp.finfo(a.dtype).eps))
    if a.shape[-1] >= SAMPLED:
        guess = _search(a[:, ::STRIDE], u, low / 2, r, xp, STRIDE)
        guess = xp.where(guess < low, low, guess)
        excess, slope = _excess(a, guess, r, xp)
        guess = guess - excess / slope
        u = xp.where((guess < u) & (count > 1), xp.where(guess < low, low, guess), u)
    return _search(a, u, low, r, xp)


def _search(a: Array, u: Array, low: Array, r: Array, xp: Namespace, weight: int = 1) -> Array:
    """Decrease u to the root, each gap counted ``weight`` times; a u below the root is returned as it is."""
    step = 0
    while True:
        excess, slope = _excess(a, u, r, xp, weight)
        new = xp.maximum(u - excess / slope, low)
        # Also ends where the result is nan, or low is no lower bound (in a sample).
        moving = (new < u) & (excess > 0)
        if not bool(xp.any(moving)):
            return u
        u = xp.where(moving, new, u)
        step += 1
        if step in SIFT:
            a, _ = gather(a, ~(a >= u), 1.0, xp)
        if step > PATIENCE:
            middle = low + (u - low) / 2
            above = _excess(a, middle, r, xp, weight)[0] > 0
            low, u = xp.where(above, low, middle), xp.where(above, middle, u)


def _excess(a: Array, u: Array, r: Array, xp: Namespace, weight: int = 1) -> tuple[Array, Array]:
    """Return (e, g), positive multiples of (h - 1, h') by the same factor, for h = |(u - a)_+|_r."""
    x = xp.clip(u - a, min=0)
    if isinstance(r, float) and r == 2:
        total = weight * xp.vecdot(x, x, axis=-1)[..., None]
        slope = weight * xp.sum(x, axis=-1, keepdims=True)
        return total - xp.sqrt(total), xp.where(slope <= 0, xp.ones_like(slope), slope)
    inside = ~(x <= 0)
    y = xp.where(inside, xp.where(inside, x, xp.ones_like(x)) ** (r - 1), xp.zeros_like(x))
    total = weight * xp.vecdot(x, y, axis=-1)[..., None]
    # total - total^(1 - 1/r): log and expm1 keep its sign for large r.
    one = xp.ones_like(total)
    usable = xp.where(total <= 0, one, total)
    excess = xp.where(total <= 0, -one, -total * xp.expm1(-xp.log(usable) / r))
    slope = weight * xp.sum(y, axis=-1, keepdims=True)
    return excess, xp.where(slope <= 0, one, slope)


def log_shares(a: Array, u: Array, xp: Namespace) -> Array:
    """Return log((u - a)_+ / u), accurate where a is much smaller than u; -inf where a >= u."""
    used = a / u
    inside = ~(used >= 1)  # not "used < 1": a nan must stay visible
    return xp.where(inside, xp.log1p(-xp.where(inside, used, xp.zeros_like(used))), -math.inf)
