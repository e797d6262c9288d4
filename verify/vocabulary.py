"""The quantities that formulas speak of: one SymPy symbol each, and how it is measured on a batch.

A measuring function takes :class:`verify.instances.Instances` and returns an array of shape (B,).  It is
written once and runs on float arrays and on object arrays of exact or ball numbers alike.  Positive
quantities that underflow in double precision also have a logarithmic reading, used for floats only.
Symbols follow README notation: ``xi_mu`` target memory, ``x`` query, ``T`` retrieval map of the
statement's model, ``m`` largest norm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from scipy.spatial.distance import pdist

from bounds.exact import Real, enclose_fixed_point, enclose_max, enclose_min, euclidean_norm, spectral_norm
from simulations import geometry
from simulations.backends import NUMPY
from simulations.retrieval import settle
from simulations.variants import base
from verify.instances import Array, Instances

Measure = Callable[[Instances], Array]

LARGEST_EXACT = 1_000_000
"""Products M d^2 beyond which Jacobians and fixed points are not enclosed (minutes of ball arithmetic)."""

LIMIT_STEPS = 4096
"""Steps after which an iteration counts as ended (a Newton polish comes before that)."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A named quantity: its symbol, meaning, measurement and (for floats) the logarithm of it.

    ``native``: it is about the arithmetic of the batch's backend, and is not measured again in another one.
    """

    symbol: Any
    meaning: str
    measure: Measure
    log_measure: Measure | None = None
    native: bool = False


VOCABULARY: dict[Any, Quantity] = {}


def quantity(
    name: str, meaning: str, *, log: Measure | None = None, native: bool = False, **assumptions: bool
) -> Callable[[Measure], Any]:
    """Register a measuring function; the decorated name becomes the SymPy symbol."""

    def register(measure: Measure) -> Any:
        symbol = sp.Symbol(name, **(assumptions or {"nonnegative": True}))
        known = VOCABULARY.get(symbol)
        # A user's file may be loaded more than once; two files must not claim one name.
        if known is not None and _file_of(known.measure) != _file_of(measure):
            raise ValueError(f"quantity {name!r} is defined twice")
        VOCABULARY[symbol] = Quantity(symbol, meaning, measure, log, native)
        return symbol

    return register


def _file_of(function: Measure) -> str:
    return str(getattr(getattr(function, "__code__", None), "co_filename", ""))


def measure(batch: Instances, symbol: Any) -> Array:
    """The value of a quantity on a batch, shape (B,), cached on the batch."""
    return _cached(batch, symbol, lambda: _full(batch, _lookup(batch, symbol)(batch)))


def measure_log(batch: Instances, symbol: Any) -> Array | None:
    """Natural logarithm of a quantity where it has its own logarithmic reading, else ``None``."""
    known = VOCABULARY.get(symbol)
    if known is None or known.log_measure is None or batch.exact:
        return None
    log_measure = known.log_measure
    return _cached(batch, (symbol, "log"), lambda: _full(batch, log_measure(batch)))


def _lookup(batch: Instances, symbol: Any) -> Measure:
    if str(symbol) in batch.scalars:
        return lambda b: b.scalars[str(symbol)]
    return VOCABULARY[symbol].measure


def _cached(batch: Instances, key: Any, compute: Callable[[], Any]) -> Any:
    if key not in batch.cache:
        batch.cache[key] = compute()
    return batch.cache[key]


def _full(batch: Instances, value: Array) -> Array:
    return np.broadcast_to(np.asarray(value), (batch.size,))


# -- array helpers that work in both readings -------------------------------------------------------


def largest(a: Array, axis: int = -1) -> Array:
    """Maximum along an axis; a rigorous enclosure for ball arrays."""
    return enclose_max(a, axis) if a.dtype == object else np.max(a, axis=axis)


def smallest(a: Array, axis: int = -1) -> Array:
    """Minimum along an axis; a rigorous enclosure for ball arrays."""
    return enclose_min(a, axis) if a.dtype == object else np.min(a, axis=axis)


def norm(v: Array) -> Array:
    """Euclidean norm along the last axis."""
    if v.dtype == object:
        return euclidean_norm(v)
    return np.sqrt(np.sum(v * v, axis=-1))


def target_memory(b: Instances) -> Array:
    """xi_mu, shape (B, d)."""
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    return memories[np.arange(b.size), b.target]


def others(b: Instances, values: Array) -> Array:
    """Values (B, M) without the target's column, shape (B, M-1)."""
    keep = np.arange(values.shape[-1]) != b.target[:, None]
    return values[keep].reshape(b.size, values.shape[-1] - 1)


def compute(b: Instances, variant: Any, function: Callable[..., Array]) -> Array:
    """``function(memories, query, beta, target, xp)`` on the batch's backend, as a NumPy array.

    Exact arithmetic, and models written for NumPy alone, stay on NumPy (in float64).
    """
    anywhere = variant is None or "arrays" in variant.supports
    backend = b.backend if anywhere and not b.exact else NUMPY
    xp = np if backend == NUMPY else backend.xp
    return backend.host(function(*b.arrays(backend), xp))


def overlaps(b: Instances) -> Array:
    """z = Xi^T x, shape (B, M)."""

    def found() -> Array:
        return _full2(b, compute(b, None, lambda xi, x, _beta, _mu, xp: base.overlaps(xi, x, xp)))

    return _cached(b, "overlaps", found)


def _full2(b: Instances, value: Array) -> Array:
    return np.broadcast_to(value, (b.size, *value.shape[1:]))


def target_overlaps(b: Instances) -> Array:
    """<xi_mu, xi_nu> for all nu, shape (B, M)."""
    return _cached(b, "target overlaps", lambda: _full2(b, base.overlaps(b.memories, target_memory(b), np)))


def column(b: Instances, values: Array) -> Array:
    """The target's entry of values (B, M), shape (B,)."""
    return values[np.arange(b.size), b.target]


def weights(b: Instances, model: str | None = None) -> Array:
    """p(x) of a model (default: the statement's), shape (B, M)."""
    variant = b.named(model or b.model)

    def found() -> Array:
        # On NumPy the overlaps are at hand; in balls they are most of the work.
        if variant.similarity is None and (b.exact or b.backend == NUMPY):
            return variant.weights(b.beta[:, None] * overlaps(b), np)
        return compute(
            b, variant, lambda xi, x, beta, _mu, xp: variant.weights(variant.scores(xi, x, beta), xp)
        )

    return _cached(b, ("weights", variant.name), found)


def update(b: Instances, model: str | None = None) -> Array:
    """T(x), shape (B, d)."""
    variant = b.named(model or b.model)

    def found() -> Array:
        return _full2(b, compute(b, variant, lambda xi, x, beta, _mu, _xp: variant.update(xi, x, beta)))

    return _cached(b, ("update", variant.name), found)


def error(b: Instances, model: str) -> Array:
    """|T(x) - xi_mu| as a sum over p_j (xi_j - xi_mu), shape (B,)."""
    variant = b.named(model)
    return compute(b, variant, lambda *parts: base.retrieval_error(variant, *parts[:-1]))


def log_error(b: Instances, model: str) -> Array:
    """log |T(x) - xi_mu|, never underflowing, shape (B,)."""
    variant = b.named(model)
    return compute(b, variant, lambda *parts: base.log_retrieval_error(variant, *parts[:-1]))


def at_update(b: Instances) -> Instances:
    """The batch with the query replaced by T(x)."""
    moved: Instances = _cached(b, "at update", lambda: b.with_query(update(b)))
    return moved


def at_fixed_point(b: Instances) -> Instances:
    """The batch with the query replaced by x*_mu, the limit of the iteration from the target memory."""
    moved: Instances = _cached(b, "at fixed point", lambda: b.with_query(fixed_point(b)))
    return moved


def fixed_point(b: Instances) -> Array:
    """x*_mu, shape (B, d): the limit from xi_mu; in exact reading a Krawczyk enclosure of that limit."""
    return _cached(b, "fixed point", lambda: limit_from(b, target_memory(b)))


def limit_from(b: Instances, start: Array) -> Array:
    """The limit of the iteration from ``start`` (B, d); enclosed by balls in exact reading."""
    if not b.exact:
        return settle(b.variant, b.memories, start, b.beta, max_steps=LIMIT_STEPS, backend=b.backend).state
    refuse_large(b, "fixed point")
    memories = np.array([[[float(v) for v in row] for row in s] for s in b.memories])
    guess = settle(
        b.variant,
        memories,
        np.array([[float(v) for v in row] for row in start]),
        np.array([float(v) for v in b.beta]),
        max_steps=LIMIT_STEPS,
    ).state[0]
    found = enclose_fixed_point(
        lambda x: b.variant.update(b.memories, x[None, :], b.beta)[0],
        lambda x: base.jacobian(b.variant, b.memories, x[None, :], b.beta)[0],
        guess,
    )
    return found[None, :]


def refuse_large(b: Instances, what: str) -> None:
    """Raise ArithmeticError where ball arithmetic on Jacobians would take minutes."""
    count, dimension = b.memories.shape[-2:]
    if count * dimension**2 > LARGEST_EXACT:
        raise ArithmeticError(f"a {what} of {count} memories in dimension {dimension} is too large for balls")


def jacobian_norm(b: Instances) -> Array:
    """Spectral norm of the Jacobian of T at x, shape (B,)."""
    if b.exact:
        refuse_large(b, "Jacobian")
    jacobian = compute(b, b.variant, lambda xi, x, beta, *_: base.jacobian(b.variant, xi, x, beta))
    if b.exact:
        return np.array([spectral_norm(jacobian[0])], dtype=object)
    found = np.max(np.abs(np.linalg.eigvalsh(jacobian)), axis=-1)
    # Weights near the smallest float have lost their relative accuracy; to a bound this small they are 0.
    lost = 1e-290 if b.backend.dtype == "float64" else 1e-30
    return np.where(found < lost, 0.0, found)


def centred(b: Instances) -> Array:
    """Memories minus the target memory, shape (B, M, d)."""
    return b.memories - target_memory(b)[:, None, :]


def number(b: Instances, value: int) -> Array:
    """A constant in the batch's own arithmetic, shape (B,)."""
    return np.full(b.size, Real(value) if b.exact else float(value), dtype=object if b.exact else float)


# -- sizes and geometry ---------------------------------------------------------------------------------


@quantity("M", "number of memories", integer=True, positive=True)
def M(b: Instances) -> Array:
    return number(b, b.memories.shape[-2])


@quantity("d", "dimension", integer=True, positive=True)
def d(b: Instances) -> Array:
    return number(b, b.memories.shape[-1])


@quantity("beta", "inverse temperature", positive=True)
def beta(b: Instances) -> Array:
    return b.beta


def norms(b: Instances) -> Array:
    """|xi_nu|, shape (B, M)."""
    return _cached(b, "norms", lambda: _full2(b, norm(b.memories)))


@quantity("m", "largest norm of a memory")
def m(b: Instances) -> Array:
    return largest(norms(b))


@quantity("norm_spread", "relative spread of the squared norms of the memories")
def norm_spread(b: Instances) -> Array:
    squares = np.sum(b.memories * b.memories, axis=-1)
    high, low = largest(squares), smallest(squares)
    if b.exact:
        return np.array([(h - v) / h if h > 0 else h for h, v in zip(high, low, strict=True)], dtype=object)
    return (high - low) / np.where(high > 0, high, 1.0)


@quantity("R", "half the smallest distance between two memories")
def R(b: Instances) -> Array:
    if b.memories.shape[-2] == 1:
        return number(b, 0)
    return _cached(b, "R", lambda: pair_extremes(b)[0] / 2)


@quantity("diam", "largest distance between two memories")
def diam(b: Instances) -> Array:
    return number(b, 0) if b.memories.shape[-2] == 1 else pair_extremes(b)[1]


def pair_extremes(b: Instances) -> tuple[Array, Array]:
    """Smallest and largest distance between two memories, each (B,) or (1,)."""

    def compute() -> tuple[Array, Array]:
        if not b.exact:
            return 2 * geometry.half_min_distance(b.memories), geometry.diameter(b.memories)
        rows = b.memories[0]
        found = []
        for pick, (i, j) in zip((smallest, largest), _extreme_pairs(rows), strict=True):
            away = rows[i] - rows[j]
            found.append(np.sqrt(pick(np.sum(away * away, axis=-1)[None, :])))
        return found[0], found[1]

    extremes: tuple[Array, Array] = _cached(b, "pair extremes", compute)
    return extremes


def _extreme_pairs(rows: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Pairs (i, j) of exact rows (M, d) among which the smallest, and the largest, distance certainly is.

    Squared distances in floats settle all pairs but those within the rounding error of the extreme one.
    """
    floats = np.array([[float(v) for v in row] for row in rows])
    size = float(np.max(np.abs(floats), initial=0.0))
    i, j = np.triu_indices(len(rows), 1)
    if not math.isfinite(size) or len(i) <= 64:
        return (i, j), (i, j)
    squares = pdist(floats, "sqeuclidean")
    # Coordinates are rounded once, differences twice as large once more, squares and sums d + 1 times.
    d = rows.shape[1]
    doubt = 8 * (d + 4) * d * np.finfo(float).eps * size * size + np.finfo(float).tiny
    near, far = squares <= np.min(squares) + 2 * doubt, squares >= np.max(squares) - 2 * doubt
    return (i[near], j[near]), (i[far], j[far])


@quantity("Delta_mu", "separation of the target memory", real=True)
def Delta_mu(b: Instances) -> Array:
    z = target_overlaps(b)
    return column(b, z) - largest(others(b, z))


@quantity("Delta_x", "separation of the query with respect to the target", real=True)
def Delta_x(b: Instances) -> Array:
    z = overlaps(b)
    return column(b, z) - largest(others(b, z))


@quantity("dist", "distance of the query from the target memory")
def dist(b: Instances) -> Array:
    return norm(b.query - target_memory(b))


@quantity("norm_x", "norm of the query")
def norm_x(b: Instances) -> Array:
    return norm(b.query)


@quantity("hull_defect", "how far the query is from being the stated convex combination of the memories")
def hull_defect(b: Instances) -> Array:
    combination = np.sum(b.hull[..., None] * b.memories, axis=-2)
    gap = np.sum(np.abs(combination - b.query), axis=-1) + np.abs(np.sum(b.hull, axis=-1) - 1)
    return gap + np.sum(np.abs(b.hull) - b.hull, axis=-1)


# -- the retrieval map --------------------------------------------------------------------------------


@quantity("err", "retrieval error |T(x) - xi_mu|", log=lambda b: log_error(b, b.model))
def err(b: Instances) -> Array:
    return error(b, b.model)


@quantity("err_dense", "retrieval error of the dense map", log=lambda b: log_error(b, "dense"))
def err_dense(b: Instances) -> Array:
    return error(b, "dense")


@quantity("err_sparse", "retrieval error of the sparse map", log=lambda b: log_error(b, "sparse"))
def err_sparse(b: Instances) -> Array:
    return error(b, "sparse")


@quantity("step", "|T(x) - x|")
def step(b: Instances) -> Array:
    return norm(update(b) - b.query)


@quantity("p_mu", "weight of the target memory")
def p_mu(b: Instances) -> Array:
    return column(b, weights(b))


def _log_rest(b: Instances) -> Array:
    scores = b.beta[:, None] * overlaps(b)
    rest = others(b, scores)
    top = np.max(rest, axis=-1)
    log_rest = top + np.log(np.sum(np.exp(rest - top[:, None]), axis=-1))
    return log_rest - np.logaddexp(log_rest, column(b, scores))


@quantity("q_mu", "weight 1 - p_mu of all memories but the target")
def q_mu(b: Instances) -> Array:
    w = weights(b)
    return np.sum(others(b, w), axis=-1) if w.shape[-1] > 1 else number(b, 0)


@quantity(
    "q_dense",
    "weight 1 - p_mu of the dense map",
    log=lambda b: _log_rest(b) if b.memories.shape[-2] > 1 else None,
)
def q_dense(b: Instances) -> Array:
    w = weights(b, "dense")
    return np.sum(others(b, w), axis=-1) if w.shape[-1] > 1 else number(b, 0)


@quantity("q_sparse", "weight 1 - p_mu of the sparse map")
def q_sparse(b: Instances) -> Array:
    w = weights(b, "sparse")
    return np.sum(others(b, w), axis=-1) if w.shape[-1] > 1 else number(b, 0)


@quantity("p_max", "largest weight")
def p_max(b: Instances) -> Array:
    return largest(weights(b))


@quantity("J_norm", "spectral norm of the Jacobian of T at x")
def J_norm(b: Instances) -> Array:
    return jacobian_norm(b)


@quantity("E_x", "energy at the query", real=True)
def E_x(b: Instances) -> Array:
    if b.variant.energy is None:
        raise ValueError(f"the variant {b.variant.name!r} has no energy")
    return compute(b, b.variant, lambda xi, x, beta, *_: b.variant.energy(xi, x, beta))


@quantity("E_Tx", "energy at T(x)", real=True)
def E_Tx(b: Instances) -> Array:
    return measure(at_update(b), E_x)


# -- the fixed point of the target --------------------------------------------------------------------------


@quantity("dist_star", "|x*_mu - xi_mu|, x*_mu the limit of the iteration from the target memory")
def dist_star(b: Instances) -> Array:
    return measure(at_fixed_point(b), dist)


@quantity("gap_star", "|x - x*_mu|")
def gap_star(b: Instances) -> Array:
    return norm(b.query - fixed_point(b))


@quantity("step_star", "|T(x) - x*_mu|")
def step_star(b: Instances) -> Array:
    return norm(update(b) - fixed_point(b))


@quantity(
    "err_star",
    "|T(x*_mu) - xi_mu| = |x*_mu - xi_mu|, accumulated as an error",
    log=lambda b: log_error(at_fixed_point(b), b.model),
)
def err_star(b: Instances) -> Array:
    return measure(at_fixed_point(b), err)
