"""Model variants, one small file each."""

from simulations.variants.base import Variant, jacobian, log_retrieval_error, retrieval_error, scores, update
from simulations.variants.dense import DENSE
from simulations.variants.sparse import SPARSE

VARIANTS: dict[str, Variant] = {v.name: v for v in (DENSE, SPARSE)}

__all__ = [
    "DENSE",
    "SPARSE",
    "VARIANTS",
    "Variant",
    "jacobian",
    "log_retrieval_error",
    "retrieval_error",
    "scores",
    "update",
]
