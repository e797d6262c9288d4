"""Random events on learning: how far empirical risks of outlier-efficient layers are from their true risks.

Events as in :mod:`simulations.events`: one int8 per trial, 1 the statement failed in this draw, 0 it held,
-1 nobody knows.
"""

import functools

import numpy as np

from simulations.events import Floats, Outcome
from simulations.streams import stream as named_stream
from simulations.variants.softmax1 import softmax1

POOL = 4096
LAYERS = 16
SCALE = 100


@functools.cache
def _losses(memories: int, dimension: int) -> Floats:
    """Losses in [0, 1] of the layers on all examples of the population, (POOL, LAYERS).

    An example is a set of memories uniform on the unit sphere, a query near one of them, and the first
    coordinate of that memory as label. A layer is f_W(x) = <e_1, Xi^T Softmax_1(4 Xi W x)> with a weight
    matrix W of Frobenius norm sqrt(d); its loss is (f - label)^2/4.
    """
    rng = named_stream(0, "generalisation", memories, dimension)
    sets = rng.standard_normal((POOL, memories, dimension))
    sets /= np.linalg.norm(sets, axis=-1, keepdims=True)
    target = rng.integers(0, memories, POOL)
    own = sets[np.arange(POOL), target]
    query = own + 0.3 * rng.standard_normal((POOL, dimension)) / np.sqrt(dimension)
    out = []
    for _ in range(LAYERS):
        weight = rng.standard_normal((dimension, dimension))
        weight *= np.sqrt(dimension) / np.linalg.norm(weight)
        scores = 4 * np.matmul(sets, (query @ weight.T)[:, :, None])[..., 0]
        image = np.sum(softmax1(scores, np) * sets[..., 0], axis=-1)
        out.append((image - own[:, 0]) ** 2 / 4)
    return np.stack(out, axis=-1)


def generalisation_gap_above(
    stream: np.random.Generator, trials: int, *, samples: int, load: float, memories: int, dimension: int
) -> Outcome:
    """Failure: the largest gap between empirical and true risk, times ``load``, exceeds 100 standard units.

    The population is a pool of 4096 examples, so that true risks are exact; a sample is ``samples`` of them
    with replacement. The gap is the largest over 16 layers, in units of the largest standard deviation of a
    loss. The probability of failure increases with the load.

    Raises:
        ValueError: fewer than one sample.
    """
    if samples < 1:
        raise ValueError(f"samples: expected at least 1, found {samples}")
    losses = _losses(int(memories), int(dimension))
    unit = float(np.max(np.std(losses, axis=0)))
    away = (losses - np.mean(losses, axis=0)) / unit
    out = np.empty(trials, dtype=np.int8)
    for i in range(trials):
        counts = np.bincount(stream.integers(0, POOL, int(samples)), minlength=POOL)
        gap = np.max(np.abs(counts @ away)) / samples
        out[i] = gap * load > SCALE
    return out
