"""What a run hands to every checker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verify.instances import MODELS, Array


@dataclass(frozen=True, slots=True)
class Context:
    """Profile, root seed, the models under test and, for ``--memories``, the given vectors (M, d)."""

    profile: str = "quick"
    seed: int = 0
    models: Mapping[str, Any] = field(default_factory=lambda: MODELS)
    memories: Array = None
    betas: tuple[float, ...] = ()
