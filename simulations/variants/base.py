"""A model variant and what can be computed from it: scores, update, Jacobian, retrieval error.

Shapes throughout: memories (..., M, d), one memory per row; query (..., d); beta a number or (...);
target an integer array (...). Leading axes broadcast. Memories of shape (M, d) serve many queries by
one matrix product; so do memories (n, 1, M, d) with queries (n, q, d).

The code runs on every array-API namespace and on NumPy object arrays whose elements do exact or
rigorous arithmetic. On object arrays nothing is shifted by a maximum: comparing two balls may raise,
and elements with an unbounded exponent do not overflow.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_namespace

from simulations import kernels

Array = Any
Namespace = Any
Energy = Callable[[Array, Array, Array], Array]
Similarity = Callable[[Array, Array, Namespace], Array]

# Elements (not bytes) of the largest temporary made when (M, d) memories meet many queries.
BLOCK = 1 << 21

# Scores (M x queries) from which on NumPy arrays are streamed: below, they fit the cache as they are.
STREAM_FROM = 1 << 18

# Scores that the plain computation holds at a time where memories (M, d) are shared.
PLAIN = 1 << 24


PROPERTIES = {
    "descent": "E(T(x)) <= E(x) - |x - T(x)|^2 / 2",
    "monotone": "E(T(x)) <= E(x)",
    "gradient": "the gradient of E at x is x - T(x)",
    "stationary": "a fixed point of T is a stationary point of E",
    "limit": "the iteration reaches a fixed point",
    "distribution": "the weights are nonnegative and sum to 1",
    "hull": "T(x) lies in the convex hull of the memories",
    "rotation": "T commutes with orthogonal maps of memories and query",
    "permutation": "T does not depend on the order of the memories",
    "scaling": "memories and query times c, beta divided by c^2, give T(x) times c",
    "contraction": "|T(x) - T(y)| <= beta lipschitz |Xi|_2^2 |x - y|",
    "margin": "a score margin of at least ``margin`` retrieves the target exactly",
}
"""What a model may promise of its dynamics; :mod:`verify.dynamics` tests each promise."""


class Model(Protocol):
    """What every retrieval dynamics offers, whatever it is made of."""

    @property
    def name(self) -> str: ...
    @property
    def citation(self) -> str: ...
    @property
    def energy(self) -> Energy | None: ...
    @property
    def supports(self) -> frozenset[str]: ...
    @property
    def promises(self) -> frozenset[str]: ...
    @property
    def statements(self) -> tuple[str, ...]: ...
    def update(self, memories: Array, query: Array, beta: Array) -> Array:
        """Return T(x) (..., d)."""
        ...


@dataclass(frozen=True)
class Variant:
    """A model with weights: T(x) = sum_j p_j xi_j with p = weights(beta z), z_j = <xi_j, x>.

    Attributes:
        name: the key under which statements refer to the variant, parameters included.
        citation: where it was defined.
        weights: (scores (..., M), xp) -> p (..., M); scores are beta z.
        log_weights: the logarithm of ``weights``, without underflow; -inf where a weight is 0.
        response: (scores, xp) -> (w, k) such that the Jacobian of T is beta k Cov_w(xi); k (..., 1).
            None where the Jacobian has no such form (``similarity`` given, weights that do not sum to 1).
        jacobian: (memories, query, beta) -> (..., d, d), where there is no ``response``; None if unknown.
        surplus: (scores, xp) -> (log |sum_j p_j - 1| (..., 1), its sign) for weights that do not sum to 1,
            without underflow; None stands for a sum of 1.
        pair_bounds: (margin, xp) -> (a, b), upper bounds given margin = beta <xi_mu - xi_nu, x> only:
            p_nu <= a, and |Jacobian|_2 <= beta sum_nu b_nu |xi_nu - xi_mu|^2. Both decrease in the margin.
            None if unknown.
        energy: (memories, query, beta) -> (...), which T does not increase; None if none is known.
        supports: capabilities: "smooth" (T is differentiable everywhere), "exact" (a weight can be
            exactly 0 or 1), "rational" (rational input gives rational output), "balls" (object arrays of
            exact or ball numbers are taken), "arrays" (every array-API namespace, not only NumPy), "spins"
            (memories and queries must be -1 or +1).
        promises: the keys of ``PROPERTIES`` that the theory promises of T.
        margin: the score margin from which on the target's weight is exactly 1; None if there is none.
        lipschitz: a Lipschitz constant of ``weights`` in the Euclidean norm; None if there is none.
        similarity: z; None stands for the inner product.
        stream: how :mod:`simulations.kernels` computes T for many queries: ("softmax", extra) for weights
            exp(v_j) / (extra + sum_i exp(v_i)), ("entmax", alpha), or ("topk", k, "A" or "B"): softmax
            over all, truncated to the k largest, or softmax over these; behind it ``weights`` once more,
            so that a model with other weights made from this one is not streamed. Where not softmax,
            ``weights`` is called with scores of -inf, too, whose weight is 0. None: always plain.
        statements: ids (globs allowed) of the statements that were made of this variant.
        min_memories: fewest memories that a set must have.
    """

    name: str
    citation: str
    weights: Callable[[Array, Namespace], Array]
    log_weights: Callable[[Array, Namespace], Array]
    response: Callable[[Array, Namespace], tuple[Array, Array]] | None
    pair_bounds: Callable[[Array, Namespace], tuple[Array, Array]] | None
    energy: Energy | None
    supports: frozenset[str]
    promises: frozenset[str] = frozenset()
    margin: float | None = None
    lipschitz: float | None = None
    similarity: Similarity | None = None
    stream: tuple[Any, ...] | None = None
    statements: tuple[str, ...] = ()
    jacobian: Callable[[Array, Array, Array], Array] | None = None
    surplus: Callable[[Array, Namespace], tuple[Array, float]] | None = None
    min_memories: int = 1

    def scores(self, memories: Array, query: Array, beta: Array) -> Array:
        """Return beta z (..., M)."""
        if self.similarity is None:
            return scores(memories, query, beta)
        return per_row(beta) * self.similarity(memories, query, array_namespace(memories, query))

    def update(self, memories: Array, query: Array, beta: Array) -> Array:
        """Return T(x) (..., d); see ``update``."""
        return update(self, memories, query, beta)


@dataclass(frozen=True)
class Rule:
    """A model given by its update alone: linear maps, random features, states of spins, gradient steps.

    The attributes mean what they mean for :class:`Variant`; ``step(memories, query, beta)`` is T, computed
    to the relative ``accuracy`` (0: that of the data type).
    """

    name: str
    citation: str
    step: Callable[[Array, Array, Array], Array]
    energy: Energy | None
    supports: frozenset[str]
    promises: frozenset[str] = frozenset()
    statements: tuple[str, ...] = ()
    min_memories: int = 1
    accuracy: float = 0.0

    def update(self, memories: Array, query: Array, beta: Array) -> Array:
        """Return T(x) (..., d)."""
        return self.step(memories, query, beta)


def is_object(a: Array) -> bool:
    """Tell whether ``a`` is a NumPy array of Python objects."""
    return getattr(a.dtype, "kind", None) == "O"


def per_row(beta: Array) -> Array:
    """Give a batched beta (...) the trailing axis that makes it broadcast against (..., M)."""
    return beta[..., None] if getattr(beta, "ndim", 0) else beta


def _one_set(memories: Array, rows: Array) -> Array | None:
    """Return (..., M, d) memories that whole blocks of rows share, or None if each row has its own."""
    if memories.ndim == 2:
        return memories
    if memories.shape[-3] == 1 and rows.ndim >= 2:
        return memories[..., 0, :, :]
    return None


def overlaps(memories: Array, query: Array, xp: Namespace) -> Array:
    """Return z (..., M), z_j = <xi_j, x>."""
    shared = _one_set(memories, query)
    if shared is not None:
        return xp.matmul(query, xp.matrix_transpose(shared))
    return xp.matmul(memories, query[..., None])[..., 0]


def combine(memories: Array, weights: Array, xp: Namespace) -> Array:
    """Return sum_j weights_j xi_j (..., d)."""
    shared = _one_set(memories, weights)
    if shared is not None:
        return xp.matmul(weights, shared)
    return xp.matmul(weights[..., None, :], memories)[..., 0, :]


def pick(memories: Array, target: Array, xp: Namespace) -> Array:
    """Return the memories xi_target (..., d) without copying the others."""
    lead, (m, d) = memories.shape[:-2], memories.shape[-2:]
    sets = math.prod(lead)
    first = xp.reshape(xp.arange(sets, device=device(memories)) * m, lead)
    index = target + first
    rows = xp.take(xp.reshape(memories, (sets * m, d)), xp.reshape(index, (-1,)), axis=0)
    return xp.reshape(rows, (*index.shape, d))


def norm(a: Array, xp: Namespace) -> Array:
    """Return the Euclidean norm over the last axis, scaled so that squares neither over- nor underflow."""
    top = xp.max(xp.abs(a), axis=-1, keepdims=True)
    scale = xp.where(top > 0, top, xp.ones_like(top))
    return (scale * xp.sqrt(xp.sum((a / scale) ** 2, axis=-1, keepdims=True)))[..., 0]


def log_or_minus_inf(a: Array, xp: Namespace) -> Array:
    """Return log a for a >= 0, with log 0 = -inf and no warning."""
    positive = a > 0
    return xp.where(positive, xp.log(xp.where(positive, a, xp.ones_like(a))), -math.inf)


def scores(memories: Array, query: Array, beta: Array) -> Array:
    """Return the scores beta z (..., M)."""
    return per_row(beta) * overlaps(memories, query, array_namespace(memories, query))


def update(variant: Variant, memories: Array, query: Array, beta: Array) -> Array:
    """Return the retrieval map T(x) = sum_j p_j xi_j (..., d).

    Large problems never hold all M x queries scores: NumPy arrays are streamed where the variant declares
    how, other arrays with memories (M, d) are taken some queries at a time. Rounding may differ from that
    of a small problem with the same query.
    """
    xp = array_namespace(memories, query)

    def plain(memories: Array, query: Array, beta: Array) -> Array:
        return combine(memories, variant.weights(variant.scores(memories, query, beta), xp), xp)

    lead = np.broadcast_shapes(query.shape[:-1], memories.shape[:-2], getattr(beta, "shape", ()))
    m, d = memories.shape[-2:]
    if math.prod(lead) * m < STREAM_FROM or is_object(memories) or is_object(query):
        return plain(memories, query, beta)
    stream = _stream(variant, xp)
    if stream and _has_sets(memories, lead) and kernels.can_stream(stream, memories, query, beta):
        sets = math.prod(memories.shape[:-2])
        query = np.broadcast_to(query, (*lead, d)).reshape(sets, -1, d)
        beta = np.broadcast_to(beta, lead).reshape(sets, -1) if np.ndim(beta) else beta
        out = kernels.step(stream, variant.weights, memories.reshape(sets, m, d), query, beta)
        return out.reshape(*lead, d)
    if memories.ndim == 2:
        query = xp.broadcast_to(query, (*lead, d))
    # A similarity may hold (queries, M, d).
    each = m if variant.similarity is None else m * d
    return _in_blocks(plain, memories, query, (beta,), xp, max(1, PLAIN // each))


def _stream(variant: Variant, xp: Namespace) -> tuple[Any, ...] | None:
    """Return how a variant is streamed, if it is and still has the weights that were declared with it."""
    if variant.stream is None or variant.similarity is not None or not is_numpy_namespace(xp):
        return None
    *how, weights = variant.stream
    return tuple(how) if weights is variant.weights else None


def _has_sets(memories: Array, lead: tuple[int, ...]) -> bool:
    """Tell whether memories are one set (M, d) or (1, .., M, d), or (.., 1, M, d) with queries (.., n, d)."""
    own = tuple(memories.shape[:-2])
    return math.prod(own) == 1 or (own[-1] == 1 and own[:-1] == tuple(lead[:-1]))


def jacobian(variant: Variant, memories: Array, query: Array, beta: Array) -> Array:
    """Return the Jacobian of T at the query, beta k Cov_w(xi), of shape (..., d, d).

    Where T has a kink the Jacobian of one adjoining piece is returned (the one whose support is the
    set of positive weights). Memory: (..., M, d), in blocks if the memories are (M, d).

    Raises:
        ValueError: the variant has neither ``response`` nor ``jacobian``.
    """
    if variant.jacobian is not None:
        return variant.jacobian(memories, query, beta)
    xp = array_namespace(memories, query)
    response = variant.response
    if response is None:
        raise ValueError(f"variant {variant.name!r} declares no Jacobian")

    def one(memories: Array, query: Array, beta: Array) -> Array:
        w, k = response(variant.scores(memories, query, beta), xp)
        # Second moments about a heavy memory keep the relative accuracy of a covariance that is tiny
        # because one weight is nearly 1. Comparing weights may raise on balls: there any centre will do.
        centre = memories[..., 0, :] if is_object(w) else pick(memories, xp.argmax(w, axis=-1), xp)
        away = memories - centre[..., None, :]
        mean = combine(away, w, xp)
        second = xp.matmul(xp.matrix_transpose(away * w[..., None]), away)
        covariance = second - mean[..., :, None] * mean[..., None, :]
        return per_row(per_row(beta)) * k[..., None] * covariance

    return _in_blocks(one, memories, query, (beta,), xp)


def retrieval_error(variant: Variant, memories: Array, query: Array, beta: Array, target: Array) -> Array:
    """Return |T(x) - xi_mu| (...) as |sum_{j != mu} p_j (xi_j - xi_mu)|.

    This form has no absolute floor: it is accurate to a few ulps down to the smallest float. Weights that
    sum to 1 + c (see ``surplus``) add the term c xi_mu.
    """
    xp = array_namespace(memories, query)

    def one(memories: Array, query: Array, beta: Array, target: Array) -> Array:
        if is_object(memories):
            return xp.sqrt(_squared_error(variant, memories, query, beta, target, xp))
        shift, direction = _scaled_error(variant, memories, query, beta, target, xp)
        return xp.exp(shift) * norm(direction, xp)

    return _in_blocks(one, memories, query, (beta, target), xp)


def log_retrieval_error(variant: Variant, memories: Array, query: Array, beta: Array, target: Array) -> Array:
    """Return log |T(x) - xi_mu| (...), summed as in ``retrieval_error``, in log space throughout.

    -inf means that the sum is exactly 0: a sparse weight vector equal to e_mu, a single memory, or
    nothing but copies of xi_mu in the support. For softmax nothing underflows.
    """
    xp = array_namespace(memories, query)

    def one(memories: Array, query: Array, beta: Array, target: Array) -> Array:
        if is_object(memories):
            squared = _squared_error(variant, memories, query, beta, target, xp)
            return np.frompyfunc(lambda s: -math.inf if s == 0 else s.log() / 2, 1, 1)(squared)
        shift, direction = _scaled_error(variant, memories, query, beta, target, xp)
        return shift + log_or_minus_inf(norm(direction, xp), xp)

    return _in_blocks(one, memories, query, (beta, target), xp)


def _scaled_error(
    variant: Variant, memories: Array, query: Array, beta: Array, target: Array, xp: Namespace
) -> tuple[Array, Array]:
    """Return (s, v) with |sum_j p_j (xi_j - xi_mu)| = exp(s) |v| and the largest term of v of length 1."""
    own = pick(memories, target, xp)[..., None, :]
    away = memories - own
    v = variant.scores(memories, query, beta)
    logs = variant.log_weights(v, xp)
    if variant.surplus is not None:
        rest, sign = variant.surplus(v, xp)
        logs, away = xp.concat([logs, rest], axis=-1), xp.concat([away, sign * own], axis=-2)
    length = norm(away, xp)
    # The largest *term* sets the scale, not the largest weight: the latter may belong to a copy of xi_mu.
    logs = logs + log_or_minus_inf(length, xp)
    top = xp.max(logs, axis=-1, keepdims=True)
    shift = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    unit = away / xp.where(length > 0, length, xp.ones_like(length))[..., None]
    return shift[..., 0], combine(unit, xp.exp(logs - shift), xp)


def _squared_error(
    variant: Variant, memories: Array, query: Array, beta: Array, target: Array, xp: Namespace
) -> Array:
    own = pick(memories, target, xp)
    away = memories - own[..., None, :]
    p = variant.weights(variant.scores(memories, query, beta), xp)
    error = combine(away, p, xp)
    if variant.surplus is not None:
        error = error + (xp.sum(p, axis=-1, keepdims=True) - 1) * own
    return xp.sum(error * error, axis=-1, keepdims=True)[..., 0]


def _in_blocks(
    function: Callable[..., Array],
    memories: Array,
    query: Array,
    others: tuple[Array, ...],
    xp: Namespace,
    size: int | None = None,
) -> Array:
    """Apply ``function`` to blocks of queries, so that (queries, M, d) temporaries stay small."""
    lead = query.shape[:-1]
    many = math.prod(lead)
    size = size or max(1, BLOCK // max(1, math.prod(memories.shape[-2:])))
    if memories.ndim != 2 or many <= size:
        return function(memories, query, *others)
    flat = xp.reshape(query, (many, query.shape[-1]))
    rows = [xp.reshape(xp.broadcast_to(o, lead), (many,)) if getattr(o, "ndim", 0) else o for o in others]
    parts = []
    for start in range(0, many, size):
        cut = slice(start, min(start + size, many))
        block = [r[cut] if getattr(r, "ndim", 0) else r for r in rows]
        parts.append(function(memories, flat[cut, :], *block))
    whole = xp.concat(parts, axis=0)
    return xp.reshape(whole, (*lead, *whole.shape[1:]))
