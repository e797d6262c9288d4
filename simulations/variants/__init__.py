"""Model variants, one small file each.

A family is a name, the parameters it takes with their defaults, and a function that makes the variant.
``entmax`` names the family at its defaults, ``entmax:alpha=1.25`` a member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

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
from simulations.variants.dense import DENSE
from simulations.variants.entmax import entmax_variant
from simulations.variants.normmax import normmax_variant
from simulations.variants.softmax1 import SOFTMAX1
from simulations.variants.sparse import SPARSE
from simulations.variants.sparsemap import sparsemap_variant
from simulations.variants.sparsemap_sequential import sequential_variant

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


FAMILIES: dict[str, Family] = {
    "dense": Family(lambda: DENSE),
    "sparse": Family(lambda: SPARSE),
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
