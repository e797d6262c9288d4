"""Attention over a random context on a sphere, against its limit and its means.

Events in the sense of :mod:`simulations.events`: one int8 per trial, 1 failure, 0 success.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ive, softmax

from simulations.ensembles import directions

Floats = NDArray[np.float64]
Outcome = NDArray[np.int8]
LENGTHS = (0.25, 0.5, 1.0, 1.5, 2.0)
"""Lengths of the inputs at which a context is judged."""


def sphere_denoiser(x: Floats, noise: float) -> Floats:
    """Return E(X | x~) for X uniform on the unit sphere of R^k, x~ projected to R^k as x (..., k)."""
    k = x.shape[-1]
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    kappa = length / noise
    return np.asarray(ive(k / 2, kappa) / ive(k / 2 - 1, kappa) * x / length)


def context_close(
    stream: np.random.Generator, trials: int, *, L: int, dim: int, n: int, noise: float, tolerance: float
) -> Outcome:
    """Failure: attention over L tokens is within ``tolerance`` of the denoiser, at all of five inputs.

    Tokens are uniform on a unit sphere of dimension ``dim`` in R^n, beta = 1/noise. Closeness is the event,
    so that its probability grows with L.
    """
    if L < 1:
        return np.zeros(trials, dtype=np.int8)
    k = dim + 1
    ways = directions(stream, trials, len(LENGTHS), n)
    inputs = ways * np.array(LENGTHS)[:, None]
    tokens = directions(stream, trials, L, k)
    # Only the components in the subspace of the tokens count.
    scores = np.einsum("tlk,tik->til", tokens, inputs[..., :k]) / noise
    output = np.einsum("til,tlk->tik", softmax(scores, axis=-1), tokens)
    error = np.linalg.norm(output - sphere_denoiser(inputs[..., :k], noise), axis=-1)
    return np.asarray(np.max(error, axis=-1) <= tolerance, dtype=np.int8)


def mean_exponential(n: int, kappa: float) -> float:
    """Return E exp(kappa <X, e>) for X uniform on the unit sphere of R^n and a unit vector e."""
    order = n / 2 - 1
    log_value = gammaln(n / 2) + order * math.log(2 / kappa) + math.log(ive(order, kappa)) + kappa
    return math.exp(log_value)


def far_from_mean(
    stream: np.random.Generator,
    trials: int,
    *,
    n: int,
    L: int,
    noise: float,
    norm: float,
    delta: float,
    numerator: int,
    pair: int,
) -> Outcome:
    """Failure: an average over L tokens of the unit sphere of R^n misses its mean by the printed bound.

    The average is of exp(<X, x~>/noise) or, with ``numerator``, of X_k exp(<X, x~>/noise) in any coordinate
    k; x~ has length ``norm`` along the first axis. With ``pair`` X is +-x~/|x~|.
    """
    kappa = norm / noise
    tokens = directions(stream, trials, L, n)
    if pair:
        tokens = np.zeros_like(tokens)
        tokens[..., 0] = np.where(stream.random((trials, L)) < 0.5, -1.0, 1.0)
    factor = np.exp(kappa * tokens[..., 0])
    whole = math.cosh(kappa) if pair or n == 1 else mean_exponential(n, kappa)
    if not numerator:
        border = math.sinh(kappa) * math.sqrt(2 / L * math.log(2 / delta))
        return np.asarray(np.abs(np.mean(factor, axis=-1) - whole) >= border, dtype=np.int8)
    means = np.zeros(n)
    if pair or n == 1:
        means[0] = math.sinh(kappa)
    else:
        means[0] = whole * ive(n / 2, kappa) / ive(n / 2 - 1, kappa)
    border = math.exp(kappa) * math.sqrt(2 / L * math.log(2 * n / delta))
    found = np.mean(factor[..., None] * tokens, axis=1)
    return np.asarray(np.max(np.abs(found - means), axis=-1) >= border, dtype=np.int8)
