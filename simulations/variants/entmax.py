"""alpha-entmax separation for alpha >= 1 (Peters, Niculae, Martins 2019; Wu et al. 2024, arXiv 2312.17346).

p_i = [(alpha - 1)(v_i - tau)]_+^{1/(alpha - 1)} with sum 1; alpha = 1 is softmax, alpha = 2 sparsemax.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HALVINGS = 200


def entmax(v: Floats, alpha: Floats | float) -> Floats:
    """Return the entmax weights of scores v (..., n), floats; alpha (...) or a number, at least 1.

    The weight t of the largest score is found by bisection: with a_j >= 0 the gaps to it and s = alpha - 1
    the other weights are t (1 - s a_j t^{-s})_+^{1/s}, and the sum of all is increasing in t.  A weight is
    exactly 0 where s a_j t^{-s} >= 1, and the top weight exactly 1 where every gap is at least 1/s.

    Raises:
        ValueError: alpha below 1.
    """
    alpha = np.broadcast_to(np.asarray(alpha, dtype=float), v.shape[:-1])
    if np.any(alpha < 1):
        raise ValueError(f"alpha: expected at least 1, found {float(np.min(alpha))}")
    gaps = np.max(v, axis=-1, keepdims=True) - v
    s = alpha[..., None] - 1
    dense = np.exp(-gaps)
    dense = dense / np.sum(dense, axis=-1, keepdims=True)
    if not np.any(alpha > 1):
        return np.asarray(dense)
    low, high = np.zeros_like(s), np.ones_like(s)
    with np.errstate(all="ignore"):
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            above = np.sum(relative(gaps, s, middle), axis=-1, keepdims=True) * middle > 1
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        exact = np.sum(relative(gaps, s, np.ones_like(s)), axis=-1, keepdims=True) <= 1
        top = np.where(exact, 1.0, high)
        sparse = top * relative(gaps, s, top)
    return np.asarray(np.where(s > 0, sparse / np.sum(sparse, axis=-1, keepdims=True), dense))


def relative(gaps: Floats, s: Floats, top: Floats) -> Floats:
    """Weights relative to the top weight: (1 - s a t^{-s})_+^{1/s}, in a form that survives s near 0."""
    used = s * gaps * top ** (-s)
    # log1p keeps exp(-a) as the limit for s -> 0.
    inside = np.where(used < 1, np.exp(np.log1p(-np.minimum(used, 1.0)) / np.where(s > 0, s, 1.0)), 0.0)
    return np.where(gaps == 0, 1.0, inside)
