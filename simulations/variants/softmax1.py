"""The outlier-efficient model: Softmax_1 separation (Hu, Chang, et al. 2024, arXiv 2404.03828).

p_i = exp(v_i) / (1 + sum_j exp(v_j)): softmax with a further memory 0, which takes the missing mass.
"""

from array_api_compat import array_namespace

from simulations.variants.base import PROPERTIES, Array, Namespace, Variant, is_object, jacobian, scores
from simulations.variants.dense import DENSE


def softmax1(v: Array, xp: Namespace) -> Array:
    """Return exp(v_i) / (1 + sum_j exp(v_j)) over the last axis."""
    top, total = _partition(v, xp)
    return xp.exp(v if top is None else v - top) / total


def log_softmax1(v: Array, xp: Namespace) -> Array:
    """Return v_i - log(1 + sum_j exp(v_j)) over the last axis."""
    top, total = _partition(v, xp)
    return (v if top is None else v - top) - xp.log(total)


def lse1(v: Array, xp: Namespace) -> Array:
    """Return log(1 + sum_j exp(v_j)) over the last axis, kept; accurate for scores of any sign and size."""
    top, total = _partition(v, xp)
    if top is None:
        return xp.log(total)
    # Where no score is positive the sum may be tiny beside 1.
    capped = xp.where(v > 0, xp.zeros_like(v), v)
    small = xp.log1p(xp.sum(xp.exp(capped), axis=-1, keepdims=True))
    return xp.where(top > 0, top + xp.log(total), small)


def _partition(v: Array, xp: Namespace) -> tuple[Array | None, Array]:
    """Return (t, exp(-t) + sum_j exp(v_j - t)) with t = max(0, v); no shift for objects."""
    if is_object(v):
        return None, xp.sum(xp.exp(v), axis=-1, keepdims=True) + 1
    top = xp.max(v, axis=-1, keepdims=True)
    top = xp.where(top < 0, xp.zeros_like(top), top)
    return top, xp.exp(-top) + xp.sum(xp.exp(v - top), axis=-1, keepdims=True)


def energy(memories: Array, query: Array, beta: Array) -> Array:
    """Return E(x) = -(1/beta) log(1 + sum_j exp(beta z_j)) + |x|^2/2 (...), Lemma 2.1 without constants."""
    xp = array_namespace(memories, query)
    square = xp.sum(query * query, axis=-1, keepdims=True)[..., 0]
    return square / 2 - lse1(scores(memories, query, beta), xp)[..., 0] / beta


def with_zero(memories: Array, xp: Namespace) -> Array:
    """Return the memories (..., M + 1, d) with a further memory 0."""
    return xp.concat([memories, memories[..., :1, :] * 0], axis=-2)


def _jacobian(memories: Array, query: Array, beta: Array) -> Array:
    """The dense Jacobian of the memories and 0."""
    return jacobian(DENSE, with_zero(memories, array_namespace(memories, query)), query, beta)


def _surplus(v: Array, xp: Namespace) -> tuple[Array, float]:
    return -lse1(v, xp), -1.0


SOFTMAX1 = Variant(
    name="softmax1",
    citation="Hu, Chang, et al. 2024 (ICML), arXiv 2404.03828",
    weights=softmax1,
    log_weights=log_softmax1,
    response=None,
    pair_bounds=None,
    energy=energy,
    supports=frozenset({"smooth", "balls", "arrays"}),
    promises=frozenset(PROPERTIES) - {"distribution", "hull", "margin"},
    # The Jacobian of the weights is a principal submatrix of that of softmax.
    lipschitz=0.5,
    statements=("outeffhop2024.*",),
    jacobian=_jacobian,
    surplus=_surplus,
    stream=("softmax", 1, softmax1),
)
