"""Instances on a memory set that the user gave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulations.streams import stream
from verify.arena import Patterns
from verify.context import Context
from verify.drawing import add_queries, draw_scalars
from verify.instances import Instances

TARGETS = {"quick": 24, "standard": 96, "full": 384}
DEFAULT_BETA_M2 = (0.1, 1.0, 4.0, 16.0, 64.0, 256.0)


def not_applicable(arena: Patterns, memories: np.ndarray[Any, Any]) -> str:
    """Why a statement says nothing about the given memories (M, d), or an empty text."""
    if len(memories) < arena.min_memories:
        return f"it speaks of at least {arena.min_memories} memories, the given set has {len(memories)}"
    lengths = np.linalg.norm(memories, axis=-1)
    if arena.norms == "equal" and np.ptp(lengths) > 1e-9 * np.max(lengths):
        return "it speaks of memories of one norm, the given ones have several"
    return ""


def given_batches(arena: Patterns, context: Context, name: str) -> Iterator[Instances]:
    """Queries of all kinds of the arena about randomly chosen targets, one batch per temperature."""
    memories = np.asarray(context.memories, dtype=float)[None]
    if not_applicable(arena, memories[0]):
        return
    m = float(np.max(np.linalg.norm(memories, axis=-1))) or 1.0
    betas = context.betas or tuple(b / m**2 for b in DEFAULT_BETA_M2)
    per_batch = max(2, min(TARGETS[context.profile], 1_500_000 // memories.size))
    for beta in betas:
        rng = stream(context.seed, name, "given", repr(float(beta)))
        size = per_batch
        drawn = Instances(
            size,
            memories=np.broadcast_to(memories, (size, *memories.shape[1:])),
            beta=np.full(size, float(beta)),
            target=rng.integers(0, memories.shape[1], size),
            scalars=draw_scalars(rng, arena.params, size),
            model=arena.model,
            models=context.models,
        )
        add_queries(arena, drawn, rng)
        yield drawn
