"""Balls about memories that one fixed point certainly attracts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations import geometry
from simulations.variants.base import Variant

Floats = NDArray[np.float64]

# Floating-point evaluations of a certificate must hold with this much room.
ROOM = 1e-9


def certified_basin(
    variant: Variant, memories: Floats, beta: Any, radius: Any, outer: Any = None
) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Certify that B(xi_mu, outer) is attracted by one fixed point, for memories (n, M, d).

    On B(xi_mu, r) each margin beta <xi_mu - xi_nu, x> is at least beta (Delta_{mu nu} - r D_nu), with
    D_nu = |xi_mu - xi_nu|. The variant's pair bounds then give a radius r' with T(B(r)) inside B(r') and a
    Lipschitz constant. If r' <= r, all orbits enter the ball of radius r', and so on; a Lipschitz
    constant below 1 on one of these balls leaves a single fixed point. (For softmax the condition
    beta Delta_mu >= 1 + log(4 beta m^2 (M-1)) implies this for r = 1/(2 beta m).)

    Args:
        beta: a number or (n,).
        radius: number, (n,) or (n, M); the ball in which the fixed point is wanted.
        outer: the ball to certify, broadcast like radius; by default the radius itself.

    Returns:
        certified (n, M); inner (n, M): radius of a ball about xi_mu that holds the fixed point;
        slope (n, M): Lipschitz constant of T on that ball.
    """
    n, m, _ = memories.shape
    outer = per_memory(radius if outer is None else outer, n, m)
    certified = np.zeros((n, m), dtype=bool)
    inner = outer.copy()
    slope = np.full((n, m), np.inf)
    betas = np.broadcast_to(np.asarray(beta, dtype=float), (n,))[:, None, None]
    for sets, rows in geometry.row_blocks(memories):
        pair = _Pairs.of(variant, memories[sets], rows, betas[sets])
        ball = outer[sets, rows].copy()
        good, sure = np.ones(ball.shape, dtype=bool), np.zeros(ball.shape, dtype=bool)
        lipschitz = np.full(ball.shape, np.inf)
        for _ in range(30):
            image, steep = pair.bounds(ball)
            good &= image <= ball
            if not np.any(good):
                break
            sure |= good & (steep < 1)
            lipschitz = np.where(good, steep, lipschitz)
            shrunk = np.where(good, image, ball)
            settled = bool(np.all(shrunk >= 0.99 * ball))
            ball = shrunk
            if settled:
                break
        certified[sets, rows], inner[sets, rows], slope[sets, rows] = sure, ball, lipschitz
    return certified, inner, slope


@dataclass(frozen=True)
class _Pairs:
    """Pair quantities of a block of rows (c, b) against all memories (c, M)."""

    variant: Variant
    beta: Floats
    overlap: Floats
    distance: Floats
    own: NDArray[np.bool_]
    rounding: Floats

    @classmethod
    def of(cls, variant: Variant, memories: Floats, rows: slice, beta: Floats) -> "_Pairs":
        block = memories[:, rows]
        gram = np.matmul(block, np.swapaxes(memories, -1, -2))
        overlap = np.sum(block * block, axis=-1)[..., None] - gram
        distance = np.sqrt(geometry.squared_distances(block, memories))
        first = rows.start
        own = np.arange(first, first + block.shape[1])[:, None] == np.arange(memories.shape[1])
        # An inner product is accurate relative to the norms, not to its own size.
        rounding = 1e-14 * beta * np.max(np.abs(gram), axis=-1, keepdims=True)
        return cls(variant, beta, overlap, distance, own, rounding)

    def bounds(self, ball: Floats) -> tuple[Floats, Floats]:
        """Return (r', L): T maps balls of radius ``ball`` (c, b) into radius r', Lipschitz constant L."""
        margin = self.beta * (self.overlap - ball[..., None] * self.distance)
        margin = margin - ROOM * (1 + np.abs(margin)) - self.rounding
        if self.variant.pair_bounds is None:
            raise ValueError(f"variant {self.variant.name!r} declares no bounds on pairs of memories")
        share, slope = self.variant.pair_bounds(margin, np)
        share, slope = np.where(self.own, 0.0, share), np.where(self.own, 0.0, slope)
        image = np.sum(share * self.distance, axis=-1)
        steep = self.beta[..., 0] * np.sum(slope * self.distance**2, axis=-1)
        return (1 + ROOM) * image, (1 + ROOM) * steep


def per_memory(value: Any, n: int, m: int) -> Floats:
    """Broadcast a number, (n,) or (n, M) to (n, M)."""
    value = np.asarray(value, dtype=float)
    return np.array(np.broadcast_to(value[:, None] if value.ndim == 1 else value, (n, m)))
