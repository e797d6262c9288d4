"""Positive random features (Hu et al. 2024, arXiv 2404.03900; Choromanski et al. 2021, arXiv 2009.14794).

phi(y) = exp(<w_i, y> - |y|^2/2)/sqrt(r), i = 1..r, w_i ~ N(0, I), applied to sqrt(beta) y, is an unbiased
estimate of the kernel: E <phi(y), phi(x)> = exp(beta <y, x>). The weights of T are the estimates, normalised.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from array_api_compat import array_namespace, device

from simulations.streams import stream
from simulations.variants.base import Array, Namespace, Variant, is_object, overlaps, per_row
from simulations.variants.dense import log_softmax, softmax


@cache
def directions(d: int, features: int, orthogonal: bool, seed: int) -> Array:
    """Return the read-only directions w (features, d), each N(0, I).

    Orthogonal directions come in blocks of d: a uniformly distributed orthogonal basis, its rows scaled by
    independent lengths of Gaussian vectors. Directions of one block are orthogonal, each alone is Gaussian.
    """
    rng = stream(seed, "prf", d, features, "orthogonal" if orthogonal else "iid")
    if orthogonal:
        blocks = -(-features // d)
        q, r = np.linalg.qr(rng.standard_normal((blocks, d, d)))
        # The signs of the diagonal of r make q uniform (Mezzadri 2007).
        q = q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[:, None, :]
        lengths = np.linalg.norm(rng.standard_normal((blocks, d, d)), axis=-1)
        w = (q.swapaxes(-1, -2) * lengths[..., None]).reshape(blocks * d, d)[:features]
    else:
        w = rng.standard_normal((features, d))
    w.flags.writeable = False
    return w


def _log_features(y: Array, beta: Array, w: Array, xp: Namespace) -> Array:
    """Return <w_i, sqrt(beta) y> - beta |y|^2/2 (..., r) for beta with as many axes as y, or a number."""
    half = xp.sum(y * y, axis=-1, keepdims=True) / 2
    return beta**0.5 * xp.matmul(y, xp.matrix_transpose(w)) - beta * half


def _sum_of_products(rows: Array, x: Array, xp: Namespace) -> Array:
    """Return log sum_i exp(rows_mu,i + x_i) (..., M)."""
    top, peak = xp.max(rows, axis=-1, keepdims=True), xp.max(x, axis=-1, keepdims=True)
    sums = overlaps(xp.exp(rows - top), xp.exp(x - peak), xp)
    # Below this a sum may have lost terms to underflow: the features that are large for a memory are tiny
    # for the query. Then one feature after the other is added in log space.
    if not bool(xp.any(sums < xp.finfo(sums.dtype).smallest_normal ** 0.5)):
        return xp.log(sums) + top[..., 0] + peak
    logs = rows[..., 0] + x[..., :1]
    for i in range(1, rows.shape[-1]):
        logs = xp.logaddexp(logs, rows[..., i] + x[..., i : i + 1])
    return logs


def log_kernel(memories: Array, query: Array, beta: Array, w: Array) -> Array:
    """Return log <phi(xi_mu), phi(x)> (..., M), the estimate of beta <xi_mu, x>, for directions w (r, d).

    Temporaries: (M, r) for one memory set and one beta; (..., M, r) where either is batched.
    """
    xp = array_namespace(memories, query)
    if not is_object(memories):
        w = xp.asarray(w.copy(), dtype=memories.dtype, device=device(memories))
    rows = _log_features(memories, per_row(per_row(beta)), w, xp)
    x = _log_features(query, per_row(beta), w, xp)
    if is_object(memories):
        return xp.log(overlaps(xp.exp(rows), xp.exp(x), xp) / len(w))
    return _sum_of_products(rows, x, xp) - math.log(w.shape[0])


@dataclass(frozen=True)
class RandomFeatures(Variant):
    """Softmax of the logarithms of the kernel estimates, that is, the estimates normalised.

    Attributes:
        features: number r of features.
        orthogonal: whether the directions are orthogonal in blocks of d.
        seed: root seed of the directions, which depend on d, r and the kind alone.
    """

    features: int = 256
    orthogonal: bool = True
    seed: int = 0

    def scores(self, memories: Array, query: Array, beta: Array) -> Array:
        """Return log <phi(xi_mu), phi(x)> (..., M), which estimates beta <xi_mu, x>."""
        w = directions(memories.shape[-1], self.features, self.orthogonal, self.seed)
        return log_kernel(memories, query, beta, w)


def prf(features: int = 256, orthogonal: int = 1, seed: int = 0) -> RandomFeatures:
    """Return the random feature model; ``orthogonal`` is 1 for orthogonal directions, 0 for iid ones.

    No energy is known: the weights depend on the query otherwise than through overlaps with the memories.

    Raises:
        ValueError: fewer than one feature, ``orthogonal`` other than 0 and 1.
    """
    if features < 1:
        raise ValueError(f"features: expected at least 1, found {features}")
    if orthogonal not in (0, 1):
        raise ValueError(f"orthogonal: expected 0 or 1, found {orthogonal}")
    return RandomFeatures(
        name=f"prf:features={features},orthogonal={int(orthogonal)},seed={seed}",
        citation="Hu et al. 2024 (ICML 2025), arXiv 2404.03900; Choromanski et al. 2021 (ICLR)",
        weights=softmax,
        log_weights=log_softmax,
        response=None,
        pair_bounds=None,
        energy=None,
        supports=frozenset({"smooth", "balls", "arrays"}),
        promises=frozenset({"distribution", "hull", "permutation", "scaling"}),
        # Marks that ``scores`` are not plain overlaps to code that looks here only.
        similarity=overlaps,
        statements=("np2024.prf", "np2024.complexity-fixed", "restated.prf-*"),
        features=features,
        orthogonal=bool(orthogonal),
        seed=seed,
    )
