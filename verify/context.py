"""What a run hands to every checker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulations.backends import NUMPY, Backend
from verify.instances import MODELS, Array


def arrays_key(backend: Backend, draws: str) -> list[str]:
    """What tells stored results of different arrays apart; which of several equal devices it was does not."""
    return [backend.name, backend.kind, backend.dtype, draws]


@dataclass(frozen=True, slots=True)
class Context:
    """Profile, root seed, the models under test, for ``--memories`` the given vectors (M, d), and the arrays.

    ``draws``: "host" draws everything from NumPy streams, the same numbers for every backend; "device" draws
    the memory sets of random events on the backend's own device.
    """

    profile: str = "quick"
    seed: int = 0
    models: Mapping[str, Any] = field(default_factory=lambda: MODELS)
    memories: Array = None
    betas: tuple[float, ...] = ()
    backend: Backend = NUMPY
    draws: str = "host"
