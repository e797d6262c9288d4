"""Random sequential addition: points drawn one by one, each kept if it is far enough from the others."""

from typing import Any

import numpy as np

Array = Any

# Candidates that are compared with the kept points at a time.
_BLOCK = 256


def random_addition(stream: np.random.Generator, n: int, s: float, candidates: int) -> Array:
    """Points of the unit sphere of R^n, (N, n), no two with an inner product above s.

    Uniform ``candidates`` come one by one and are kept if they have an inner product <= s with all kept
    before. The size N is a measured lower bound on A(n, s), and grows (slowly) with the candidates.

    Raises:
        ValueError: n < 2, s outside [-1, 1), no candidate.
    """
    if n < 2 or not -1 <= s < 1 or candidates < 1:
        raise ValueError(f"n >= 2, -1 <= s < 1 and candidates >= 1 are expected, not {n}, {s}, {candidates}")
    kept = np.empty((0, n))
    for first in range(0, candidates, _BLOCK):
        x = stream.standard_normal((min(_BLOCK, candidates - first), n))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        x = x[np.all(x @ kept.T <= s, axis=1)]
        new: list[int] = []
        gram = x @ x.T
        for i in range(len(x)):
            if np.all(gram[i, new] <= s):
                new.append(i)
        kept = np.concatenate([kept, x[new]])
    return kept
