"""The dense continuous model: softmax separation (Ramsauer et al. 2021, arXiv 2008.02217)."""

from array_api_compat import array_namespace

from simulations.variants.base import PROPERTIES, Array, Namespace, Variant, is_object, scores


def softmax(v: Array, xp: Namespace) -> Array:
    """Return exp(v_i) / sum_j exp(v_j) over the last axis."""
    if not is_object(v):
        v = v - xp.max(v, axis=-1, keepdims=True)
    e = xp.exp(v)
    return e / xp.sum(e, axis=-1, keepdims=True)


def log_softmax(v: Array, xp: Namespace) -> Array:
    """Return v_i - log sum_j exp(v_j) over the last axis."""
    if not is_object(v):
        v = v - xp.max(v, axis=-1, keepdims=True)
    return v - xp.log(xp.sum(xp.exp(v), axis=-1, keepdims=True))


def log_mean_exp(v: Array, xp: Namespace) -> Array:
    """Return log((1/M) sum_j exp(v_j)) over the last axis, kept; accurate for tiny and huge v alike."""
    count = v.shape[-1]
    if is_object(v):
        return xp.log(xp.sum(xp.exp(v), axis=-1, keepdims=True) / count)
    top = xp.max(v, axis=-1, keepdims=True)
    return top + xp.log1p(xp.sum(xp.expm1(v - top), axis=-1, keepdims=True) / count)


def energy(memories: Array, query: Array, beta: Array) -> Array:
    """Return E(x) = -(1/beta) lse(beta z) + |x|^2/2 + (1/beta) log M + m^2/2 (...), Eq. (2) of the paper."""
    xp = array_namespace(memories, query)
    mean = log_mean_exp(scores(memories, query, beta), xp)[..., 0]
    query_part = xp.sum(query * query, axis=-1, keepdims=True)[..., 0]
    squares = xp.sum(memories * memories, axis=-1, keepdims=True)
    largest = xp.max(squares, axis=-2, keepdims=True)[..., 0, 0]
    return query_part / 2 + largest / 2 - mean / beta


def _response(v: Array, xp: Namespace) -> tuple[Array, Array]:
    p = softmax(v, xp)
    return p, xp.ones_like(p[..., :1])


def _pair_bounds(margin: Array, xp: Namespace) -> tuple[Array, Array]:
    """p_nu/p_mu = exp(-margin) and p_nu + p_mu <= 1; a covariance is at most the moment about xi_mu."""
    share = xp.exp(-xp.logaddexp(xp.zeros_like(margin), margin))
    return share, share


DENSE = Variant(
    name="dense",
    citation="Ramsauer et al. 2021 (ICLR), arXiv 2008.02217",
    weights=softmax,
    log_weights=log_softmax,
    response=_response,
    pair_bounds=_pair_bounds,
    energy=energy,
    supports=frozenset({"smooth", "balls", "arrays"}),
    promises=frozenset(PROPERTIES) - {"margin"},
    lipschitz=0.5,
    stream=("softmax", 0, softmax),
    statements=("ramsauer2021.*",),
)
