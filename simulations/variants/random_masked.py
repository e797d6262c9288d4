"""The random masked model: a support drawn anew at each step (Hu et al. 2024, arXiv 2404.03900)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device, is_torch_array

from simulations.streams import stream
from simulations.variants.base import (
    Array,
    Namespace,
    Variant,
    is_object,
    log_or_minus_inf,
    overlaps,
    scores,
)
from simulations.variants.dense import log_softmax, softmax
from simulations.variants.masked import CITATION, check_reading, check_size, support_size


@dataclass(frozen=True)
class RandomMasked(Variant):
    """Softmax with a support drawn anew for every state.

    Attributes:
        size: number of memories -> size of the support.
        seed: root seed of the supports.
        reading: "A" or "B".
    """

    size: Callable[[int], int] = lambda count: count
    seed: int = 0
    reading: str = "B"

    def supports_of(self, query: Array, count: int) -> Array:
        """Return the boolean supports (..., M) of queries (..., d).

        The stream is named by a hash of the query as float64, so T is a function: the same state meets the
        same support again, whatever the data type, the device and the batch it comes in.
        """
        host = np.asarray(query.cpu() if is_torch_array(query) else query)
        rows = np.ascontiguousarray(host.reshape(-1, host.shape[-1]), dtype=np.float64) + 0.0  # no -0.0
        size = self.size(count)
        out = np.zeros((len(rows), count), dtype=bool)
        for row, mask in zip(rows, out, strict=True):
            digest = hashlib.sha256(row.astype("<f8").tobytes()).hexdigest()
            drawn = stream(self.seed, "random-masked", digest, count, size)
            mask[drawn.choice(count, size, replace=False, shuffle=False)] = True
        return out.reshape(*host.shape[:-1], count)

    def scores(self, memories: Array, query: Array, beta: Array) -> Array:
        """Return the kept scores beta z (reading B) or log-weights (reading A), -inf off the support.

        Raises:
            ValueError: object arrays, whose elements need not have one floating-point value.
        """
        if is_object(query) or is_object(memories):
            raise ValueError(f"{self.name}: expected floating-point arrays, found object arrays")
        xp = array_namespace(memories, query)
        v = scores(memories, query, beta)
        mask = xp.asarray(self.supports_of(query, v.shape[-1]), device=device(v))
        return xp.where(mask, log_softmax(v, xp) if self.reading == "A" else v, -math.inf)


def random_masked(fraction: float = 0.5, k: int = 0, seed: int = 0, reading: str = "B") -> RandomMasked:
    """Return the random masked model whose support of k memories is redrawn at each step.

    k and fraction as in ``masked``; a support that is drawn once is ``masked`` with a seed. No energy is
    known, and T is not continuous. The support belongs to the state, so a rotated or rescaled state meets
    another one.

    Raises:
        ValueError: k below 0, a fraction outside (0, 1], another reading.
    """
    check_size(k, fraction)
    check_reading(reading)
    truncate = reading == "A"
    return RandomMasked(
        name=f"random-masked:fraction={fraction},k={k},seed={seed},reading={reading}",
        citation=CITATION,
        weights=(lambda v, xp: xp.exp(v)) if truncate else softmax,
        log_weights=(lambda v, xp: v) if truncate else log_softmax,
        response=None,
        pair_bounds=None,
        energy=None,
        supports=frozenset({"exact", "arrays"}),
        promises=frozenset() if truncate else frozenset({"distribution", "hull"}),
        # Marks that ``scores`` are not plain overlaps to code that looks here only.
        similarity=overlaps,
        statements=(
            "np2024.random-mask",
            "np2024.thm4.1-*",
            "np2024.lemma4.1-*",
            "restated.random-mask-success",
        ),
        size=lambda count: support_size(count, k, fraction),
        seed=seed,
        reading=reading,
        surplus=_missing if truncate else None,
    )


def _missing(v: Array, xp: Namespace) -> tuple[Array, float]:
    """Log of the dropped mass 1 - sum_j exp(v_j), to an absolute error of a few ulps of 1 in the mass."""
    kept = xp.sum(xp.exp(v), axis=-1, keepdims=True)
    return log_or_minus_inf(xp.where(kept < 1, 1 - kept, xp.zeros_like(kept)), xp), -1.0
