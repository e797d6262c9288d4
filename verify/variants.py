"""Statements on other models than the one they were made of.

The model of a statement stands in its data: ``Patterns.model``, or the argument ``model`` of a simulated
event.  A statement applies to a variant if that is its own model, if the variant lists it among its
``statements``, or if some of its parts declare (``Part.needs``) what they need of any model and the variant
has it.
"""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Mapping
from typing import Any

from simulations.variants import Variant, variant
from verify.arena import Patterns
from verify.statement import Identity, Part, Probability, ScalingLaw


def capabilities(model: Any) -> frozenset[str]:
    """What a model can be asked: its ``supports`` and ``promises``, and the names of what it is made of.

    Beside those: "energy"; of models with weights also "weights", "jacobian" and "inner product" (scores are
    beta <xi, x>).
    """
    found = set(model.supports) | set(model.promises)
    if model.energy is not None:
        found.add("energy")
    if isinstance(model, Variant):
        found.add("weights")
        if any(getattr(model, name, None) is not None for name in ("response", "jacobian")):
            found.add("jacobian")
        if model.similarity is None:
            found.add("inner product")
    return frozenset(found)


def own_model(statement: Any) -> str | None:
    """The name of the model a statement was made of; ``None`` if it speaks of no model."""
    if isinstance(statement, Probability | ScalingLaw):
        named = statement.arguments.get("model")
        return named if isinstance(named, str) else None
    arena = getattr(statement, "arena", None)
    return arena.model if isinstance(arena, Patterns) else None


def on_variant(statement: Any, name: str) -> Any | None:
    """The statement on a variant, or ``None`` if it does not apply.

    On its own model (and where it speaks of none and is listed) a statement is returned as it is.  On another
    one it has the id ``id@variant``; if only some parts apply, it consists of these and their controls.

    Raises VariantError: an unknown variant.
    """
    model = variant(name)
    own = own_model(statement)
    listed = any(fnmatch.fnmatchcase(statement.id, pattern) for pattern in model.statements)
    if own is None:
        return statement if listed else None
    if variant(own).name == model.name:
        return statement
    if listed:
        return _moved(statement, model)
    if isinstance(statement, Probability | ScalingLaw):
        return None
    can = capabilities(model)
    parts = tuple(p for p in statement.parts if p.needs is not None and {"balls", *p.needs} <= can)
    names = {p.name for p in parts}
    controls = tuple(c for c in statement.controls if _part_of(c, statement.parts) in names)
    if not controls or not any(p.headline for p in parts):
        return None
    left = [p.name for p in statement.parts if p.name not in names]
    notices = statement.notices
    if left:
        notices += (f"On {model.name} without the parts that are about {own} alone: {'; '.join(left)}.",)
    return _moved(dataclasses.replace(statement, parts=parts, controls=controls, notices=notices), model)


def _part_of(control: Any, parts: tuple[Part, ...]) -> str:
    return control.part or parts[0].name


def _moved(statement: Any, model: Any) -> Any:
    changes: dict[str, Any] = {"id": f"{statement.id}@{model.name}"}
    if isinstance(statement, Probability | ScalingLaw):
        arguments: Mapping[str, Any] = statement.arguments
        changes["arguments"] = {**arguments, "model": model.name}
    else:
        least = max(statement.arena.min_memories, model.min_memories)
        changes["arena"] = dataclasses.replace(statement.arena, model=model.name, min_memories=least)
    if isinstance(statement, Identity):
        changes["symbolic"] = None  # a proof about the statement's own model
    return dataclasses.replace(statement, **changes)
