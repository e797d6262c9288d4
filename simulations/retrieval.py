"""Iterate the retrieval map to a fixed point, many queries at once."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_namespace

from simulations.backends import NUMPY, Backend
from simulations.variants.base import BLOCK, Array, Namespace, Variant, jacobian, norm

# Plain steps after which the still active queries may be polished by Newton's method.
_POLISH_AT = frozenset(2**k for k in range(5, 20))
_NEWTON_STEPS = 60
# Plain steps taken on another backend before NumPy takes over.
_HANDOVER = 256
# Largest Jacobian that counts as contracting: 1 itself occurs at a bifurcation.
_CALM = 1 + 1e-9


@dataclass(frozen=True)
class Retrieval:
    """Where the iteration ended, for leading shape (...).

    Attributes:
        state: (..., d) the last state x.
        steps: (...) applications of T (a Newton polish counts as one).
        converged: (...) whether the residual met the tolerance.
        residual: (...) |x - T(x)| at the last state.
        energies: (1 + most steps, ...) energy after each step, constant once a query has stopped; or None.
    """

    state: Array
    steps: Array
    converged: Array
    residual: Array
    energies: Array | None


@dataclass(frozen=True)
class _Problem:
    """Memories (g, 1, M, d) and beta as a number or (g, q): every query (g, q) belongs to a set g."""

    variant: Variant
    memories: Array
    beta: Array
    limit: Array

    def step(self, x: Array) -> Array:
        return self.variant.update(self.memories, x, self.beta)

    def keep(self, chosen: Callable[[Array], Array], axis: int) -> "_Problem":
        """Restrict to the chosen queries: those of all sets (axis 1) or those of the chosen sets (axis 0)."""
        beta = chosen(self.beta) if getattr(self.beta, "ndim", 0) else self.beta
        limit = chosen(self.limit) if self.limit.shape[axis] > 1 else self.limit
        return _Problem(self.variant, self.memories if axis else chosen(self.memories), beta, limit)


def retrieve(
    variant: Variant,
    memories: Array,
    query: Array,
    beta: Array,
    max_steps: int = 10_000,
    tol: float = 1e-13,
    record_energy: bool = False,
    polish: bool = False,
) -> Retrieval:
    """Iterate x <- T(x) until |x - T(x)| <= tol m, or for max_steps.

    Args:
        memories: (M, d), (n, M, d) with queries (n, d), (n, 1, M, d) with queries (n, q, d), or any
            shape that broadcasts. m is the largest norm in each set (1 if all are zero).
        tol: relative to m; raised to 8 ulps of the data type where smaller.
        polish: try Newton's method on queries that are still moving after 32, 64, 128, ... steps. Its
            result replaces the iterate only if it meets the tolerance at a place the plain iteration is
            heading for: an attracting fixed point within four times the remaining way that the observed
            contraction factor predicts, with a contraction all the way.
            NumPy arrays only.

    A query that has stopped is no longer computed, and does not move while others go on. Near a
    bifurcation a small residual is much smaller than the distance to the fixed point.

    Raises:
        ValueError: record_energy for a variant without energy; polish on other than NumPy arrays.
    """
    xp = array_namespace(memories, query)
    if record_energy and variant.energy is None:
        raise ValueError(f"variant {variant.name!r} has no energy to record")
    if polish and not is_numpy_namespace(xp):
        raise ValueError("the Newton polish is available for NumPy arrays only")
    memories, query, beta, lead = _grouped(memories, query, beta, xp)
    axis = 1 if query.shape[0] == 1 else 0
    limit = _tolerance(memories, tol, xp)
    whole = _Problem(variant, memories, beta, limit)
    parts = []
    cost = memories.shape[-2] * query.shape[1 - axis]
    size = max(1, BLOCK // max(1, cost))
    count = query.shape[axis]
    for start in range(0, max(1, count), size):
        cut = _slicer(slice(start, min(start + size, count)), axis)
        parts.append(_iterate(whole.keep(cut, axis), cut(query), axis, max_steps, record_energy, polish, xp))
    return _joined(parts, axis, lead, xp)


def settle(
    variant: Variant, memories: Array, query: Array, beta: Array, max_steps: int, backend: Backend = NUMPY
) -> Retrieval:
    """Iterate NumPy arrays as ``retrieve`` does, with the Newton polish where the variant has a Jacobian.

    The polish works on rows picked here and there and stays on NumPy.  On another backend the first 256 plain
    steps run there, always in float64: where an orbit ends can depend on the last digit near a saddle.
    """
    polish = any(getattr(variant, name, None) is not None for name in ("response", "jacobian"))
    if backend == NUMPY or "arrays" not in variant.supports:
        return retrieve(variant, memories, query, beta, max_steps=max_steps, polish=polish)
    away = backend.double
    begun = retrieve(
        variant,
        away.array(memories),
        away.array(query),
        away.array(beta) if np.ndim(beta) else beta,
        max_steps=min(max_steps, _HANDOVER),
    )
    rest = max_steps - min(max_steps, _HANDOVER)
    ended = retrieve(variant, memories, away.host(begun.state), beta, max_steps=rest, polish=polish)
    return replace(ended, steps=ended.steps + away.host(begun.steps))


def _slicer(rows: slice, axis: int) -> Callable[[Array], Array]:
    return lambda a: a[:, rows, ...] if axis else a[rows, ...]


def _grouped(
    memories: Array, query: Array, beta: Array, xp: Namespace
) -> tuple[Array, Array, Array, tuple[int, ...]]:
    """Bring the arguments to memories (g, 1, M, d), query (g, q, d), beta number or (g, q)."""
    m, d = memories.shape[-2:]
    batched = bool(getattr(beta, "ndim", 0))
    lead = np.broadcast_shapes(query.shape[:-1], memories.shape[:-2], beta.shape if batched else ())
    query = xp.broadcast_to(query, (*lead, d))
    if memories.ndim == 2:
        groups, each = 1, math.prod(lead)
    elif memories.ndim == 4 and memories.shape[1] == 1 and len(lead) == 2 and memories.shape[0] == lead[0]:
        groups, each = lead
    else:
        memories = xp.broadcast_to(memories, (*lead, m, d))
        groups, each = math.prod(lead), 1
    if batched:
        beta = xp.reshape(xp.broadcast_to(beta, lead), (groups, each))
    return xp.reshape(memories, (groups, 1, m, d)), xp.reshape(query, (groups, each, d)), beta, lead


def _tolerance(memories: Array, tol: float, xp: Namespace) -> Array:
    """Return the residual (g, 1) at which a query of set g stops."""
    m = xp.max(norm(memories, xp), axis=-1)
    return max(tol, 8 * float(xp.finfo(memories.dtype).eps)) * xp.where(m > 0, m, xp.ones_like(m))


@dataclass
class _Rows:
    """What is known of a block of queries when they leave the iteration."""

    index: Array
    state: Array
    steps: Array
    converged: Array
    residual: Array

    def keep(self, chosen: Callable[[Array], Array], along: Callable[[Array], Array]) -> "_Rows":
        return _Rows(
            along(self.index), *(chosen(a) for a in (self.state, self.steps, self.converged, self.residual))
        )


def _iterate(
    problem: _Problem, x: Array, axis: int, max_steps: int, record: bool, polish: bool, xp: Namespace
) -> tuple[_Rows, list[tuple[Array, Array]]]:
    """Run one block; finished rows are set aside and the arrays compacted once half of them are done."""
    zeros = xp.zeros_like(x[..., 0])
    rows = _Rows(xp.arange(x.shape[axis], device=device(x)), x, xp.astype(zeros, xp.int64), zeros > 0, zeros)
    finished: list[_Rows] = []
    energies: list[tuple[Array, Array]] = []
    for t in range(max_steps + 1):
        y = problem.step(rows.state)
        # A query that has stopped keeps its residual: rounding differs between blocks of other sizes.
        previous, now = rows.residual, norm(y - rows.state, xp)
        rows.residual = xp.where(rows.converged, previous, now)
        rows.converged = rows.converged | (now <= problem.limit)
        if polish and t in _POLISH_AT:
            _polish(problem, rows, y, previous)
        if record and problem.variant.energy is not None:
            energies.append((rows.index, problem.variant.energy(problem.memories, rows.state, problem.beta)))
        idle = xp.all(rows.converged, axis=1 - axis)
        if t == max_steps or bool(xp.all(idle)):
            break
        if 2 * int(xp.count_nonzero(idle)) >= idle.shape[0]:
            done, going = _chooser(idle, axis, xp), _chooser(~idle, axis, xp)
            finished.append(rows.keep(done, _chooser(idle, 0, xp)))
            rows, problem, y = rows.keep(going, _chooser(~idle, 0, xp)), problem.keep(going, axis), going(y)
        rows.state = xp.where(rows.converged[..., None], rows.state, y)
        rows.steps = rows.steps + xp.astype(~rows.converged, xp.int64)
    return _restored([*finished, rows], axis, xp), energies


def _chooser(mask: Array, axis: int, xp: Namespace) -> Callable[[Array], Array]:
    index = xp.nonzero(mask)[0]
    return lambda a: xp.take(a, index, axis=axis)


def _restored(pieces: list[_Rows], axis: int, xp: Namespace) -> _Rows:
    """Put rows that finished at different times back into their order."""
    index = xp.concat([p.index for p in pieces])
    order = xp.argsort(index)

    def join(*arrays: Array) -> Array:
        return xp.take(xp.concat(arrays, axis=axis), order, axis=axis)

    return _Rows(
        index,
        join(*(p.state for p in pieces)),
        join(*(p.steps for p in pieces)),
        join(*(p.converged for p in pieces)),
        join(*(p.residual for p in pieces)),
    )


def _joined(
    parts: list[tuple[_Rows, list[tuple[Array, Array]]]], axis: int, lead: tuple[int, ...], xp: Namespace
) -> Retrieval:
    def join(arrays: list[Array]) -> Array:
        whole = xp.concat(arrays, axis=axis)
        return xp.reshape(whole, (*lead, *whole.shape[2:]))

    energies = None
    if parts and parts[0][1]:
        longest = max(len(history) for _, history in parts)
        blocks = [_history(history, longest, axis, xp) for _, history in parts]
        energies = xp.reshape(xp.concat(blocks, axis=axis + 1), (longest, *lead))
    return Retrieval(
        join([rows.state for rows, _ in parts]),
        join([rows.steps for rows, _ in parts]),
        join([rows.converged for rows, _ in parts]),
        join([rows.residual for rows, _ in parts]),
        energies,
    )


def _history(history: list[tuple[Array, Array]], longest: int, axis: int, xp: Namespace) -> Array:
    """Expand energies of compacted blocks: a row that is no longer listed keeps its last energy."""
    full = history[0][1]
    table = [full]
    for index, values in history[1:]:
        place = xp.searchsorted(index, history[0][0])
        place = xp.where(place < index.shape[0], place, xp.zeros_like(place))
        listed = xp.take(index, place) == history[0][0]
        full = xp.where(listed if axis else listed[:, None], xp.take(values, place, axis=axis), full)
        table.append(full)
    return xp.stack(table + [full] * (longest - len(table)), axis=0)


def _polish(problem: _Problem, rows: _Rows, y: Array, previous: Array) -> None:
    """Replace slow iterates by the fixed point they are heading for, where Newton's method finds it."""
    # A residual that does not fall says nothing about where the iteration goes: leave it alone.
    slow = np.argwhere(~rows.converged & (rows.residual < previous) & (rows.residual > 0))
    count, dimension = problem.memories.shape[-2:]
    size = max(1, BLOCK // (count * dimension))
    for start in range(0, len(slow), size):
        g, q = slow[start : start + size].T
        # Newton's method is drawn to saddles as well: T must contract at both ends of the way and between.
        calm = _slope(_chosen(problem, g, q), y[g, q]) <= _CALM
        if not np.any(calm):
            continue
        g, q = g[calm], q[calm]
        before, now, near = previous[g, q], rows.residual[g, q], _chosen(problem, g, q)
        found, residual, good = _newton(near, y[g, q])
        good &= np.linalg.norm(found - y[g, q], axis=-1) <= 4 * now * before / (before - now)
        good &= _slope(near, found) <= _CALM
        good &= _slope(near, (found + y[g, q]) / 2) <= _CALM
        found, residual = found[good], residual[good]
        g, q = g[good], q[good]
        rows.state[g, q], rows.residual[g, q], rows.converged[g, q] = found, residual, True
        rows.steps[g, q] += 1


def _chosen(problem: _Problem, g: Array, q: Array) -> _Problem:
    """Return the problem of queries (g_i, q_i) in one row, with memories (M, d) or (k, M, d)."""
    shared = problem.memories.shape[0] == 1
    memories = problem.memories[0, 0] if shared else problem.memories[g, 0]
    beta = problem.beta[g, q] if getattr(problem.beta, "ndim", 0) else problem.beta
    return _Problem(problem.variant, memories, beta, problem.limit[0 if shared else g, 0])


def _slope(problem: _Problem, x: Array) -> Array:
    """Return the spectral norm of the Jacobian at states x (k, d)."""
    return np.linalg.norm(jacobian(problem.variant, problem.memories, x, problem.beta), 2, axis=(-2, -1))


def _newton(problem: _Problem, x: Array) -> tuple[Array, Array, Array]:
    """Solve x = T(x) from x (k, d); a row fails once its residual does not fall before the tolerance.

    Returns the states, their residuals and which of them meet the tolerance.
    """
    eye = np.eye(x.shape[-1])
    residual = np.full(len(x), np.inf)
    good, alive = np.zeros(len(x), dtype=bool), np.ones(len(x), dtype=bool)
    for _ in range(_NEWTON_STEPS):
        move = problem.step(x) - x
        now = np.linalg.norm(move, axis=-1)
        alive &= now < residual
        residual = np.where(alive, now, residual)
        good |= alive & (now <= problem.limit)
        alive &= ~good
        if not np.any(alive):
            break
        slope = eye - jacobian(problem.variant, problem.memories, x, problem.beta)
        alive &= np.linalg.slogdet(slope)[0] != 0
        moved = np.linalg.solve(np.where(alive[:, None, None], slope, eye), move[..., None])[..., 0]
        x = np.where(alive[:, None], x + moved, x)
    return x, residual, good
