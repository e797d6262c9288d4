"""Model variants, one small file each.

A family is a name, the parameters it takes with their defaults, and a function that makes the variant.
``entmax`` names the family at its defaults, ``entmax:alpha=1.25`` a member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from simulations.variants import kernelized, linear, masked, prf, random_masked, svr, topk
from simulations.variants.base import (
    PROPERTIES,
    Model,
    Rule,
    Variant,
    jacobian,
    log_retrieval_error,
    retrieval_error,
    scores,
    update,
)
from simulations.variants.binary import exponential, hebb, polynomial
from simulations.variants.dense import DENSE
from simulations.variants.entmax import entmax_variant
from simulations.variants.lsr import log_sum_relu
from simulations.variants.normalised_bias import NORMALISED_BIAS
from simulations.variants.normmax import normmax_variant
from simulations.variants.random_features import random_feature_memory
from simulations.variants.softmax1 import SOFTMAX1
from simulations.variants.sparse import SPARSE
from simulations.variants.sparsemap import sparsemap_variant
from simulations.variants.sparsemap_sequential import sequential_variant
from simulations.variants.two_layer import adiabatic
from simulations.variants.universal import universal_network

__all__ = [
    "DENSE",
    "FAMILIES",
    "PROPERTIES",
    "SOFTMAX1",
    "SPARSE",
    "Family",
    "Model",
    "Rule",
    "Variant",
    "VariantError",
    "jacobian",
    "log_retrieval_error",
    "retrieval_error",
    "scores",
    "update",
    "variant",
]


class VariantError(ValueError):
    """One sentence: which variant was asked for, what was expected, what was found."""


@dataclass(frozen=True)
class Family:
    """``make(**parameters)`` returns the member; the types of ``defaults`` say what a parameter takes."""

    make: Callable[..., Model]
    defaults: Mapping[str, float | int | str] = field(default_factory=dict)


def _kernelized(map: str, size: int, seed: int, separation: str) -> Model:
    return kernelized.member(map, size, seed, variant(separation), separation)


FAMILIES: dict[str, Family] = {
    "dense": Family(lambda: DENSE),
    "sparse": Family(lambda: SPARSE),
    "hebb": Family(hebb, {"rule": "flip", "order": "asynchronous"}),
    "polynomial": Family(polynomial, {"degree": 3, "rule": "flip", "order": "asynchronous"}),
    "exponential": Family(exponential, {"rule": "flip", "order": "asynchronous"}),
    "lsr": Family(log_sum_relu, {"eps": 1e-3, "step": 0.0}),
    "normalised-bias": Family(lambda: NORMALISED_BIAS),
    "random-features": Family(random_feature_memory, {"features": 4096, "seed": 0, "step": 1.0}),
    "two-layer": Family(adiabatic, {"hidden": "lse", "similarity": "dot", "step": 1.0}),
    "universal": Family(
        universal_network,
        {"similarity": "dot", "separation": "softmax", "degree": 2, "threshold": 0.0, "normalised": 0},
    ),
    "topk": Family(topk.topk, {"k": 2, "reading": "B"}),
    "masked": Family(masked.masked, {"fraction": 0.5, "k": 0, "seed": -1, "reading": "B"}),
    "window": Family(
        masked.window, {"width": 0, "centre": 0, "first": 0, "extra": 0, "seed": 0, "reading": "B"}
    ),
    "random-masked": Family(
        random_masked.random_masked, {"fraction": 0.5, "k": 0, "seed": 0, "reading": "B"}
    ),
    "linear": Family(linear.linear, {"features": "elu"}),
    "prf": Family(prf.prf, {"features": 256, "orthogonal": 1, "seed": 0}),
    "svr": Family(svr.svr, {"epsilon": 0.0, "cost": 1e6}),
    "kernelized": Family(
        _kernelized,
        {"map": "identity", "size": 0, "seed": 0, "separation": "dense"},
    ),
    "entmax": Family(entmax_variant, {"alpha": 1.5}),
    "normmax": Family(normmax_variant, {"gamma": 2.0}),
    "sparsemap": Family(sparsemap_variant, {"k": 2}),
    "sparsemap-sequential": Family(sequential_variant, {"k": 2, "reward": 0.5}),
    "softmax1": Family(lambda: SOFTMAX1),
}
"""Every family by name."""


@cache
def variant(name: str) -> Any:
    """Return the variant of a name such as ``dense`` or ``entmax:alpha=1.25``.

    Raises:
        VariantError: unknown family or parameter, or a value the family does not take.
    """
    key, _, rest = name.partition(":")
    if key not in FAMILIES:
        raise VariantError(f"variant {name!r}: expected one of {', '.join(FAMILIES)}, found {key!r}")
    family = FAMILIES[key]
    chosen = dict(family.defaults)
    for item in filter(None, rest.split(",")):
        parameter, _, text = item.partition("=")
        if parameter not in chosen:
            known = ", ".join(chosen) or "no parameters"
            raise VariantError(f"variant {name!r}: expected {known}, found {parameter!r}")
        kind = type(chosen[parameter])
        try:
            chosen[parameter] = kind(text)
        except ValueError:
            raise VariantError(
                f"variant {name!r}: expected {parameter} of type {kind.__name__}, found {text!r}"
            ) from None
    try:
        return family.make(**chosen)
    except VariantError:
        raise
    except ValueError as error:
        raise VariantError(f"variant {name!r}: {error}") from None
