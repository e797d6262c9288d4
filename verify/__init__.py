"""hopcheck: holds the published theory of modern Hopfield models against exact mathematics and simulation.

The names below are what a statement of your own needs; the quantities are in :mod:`verify.vocabulary`.
"""

from verify.arena import Box, Param, Patterns, Points
from verify.controls import exponent_scaled, flipped, replaced, scaled, shifted
from verify.dynamics import assert_dynamics, check_dynamics, check_variant
from verify.statement import (
    Control,
    Definition,
    Hypothesis,
    Identity,
    Inequality,
    Part,
    Probability,
    Scaling,
    ScalingLaw,
    Source,
)

__all__ = [
    "Box",
    "Control",
    "Definition",
    "Hypothesis",
    "Identity",
    "Inequality",
    "Param",
    "Part",
    "Patterns",
    "Points",
    "Probability",
    "Scaling",
    "ScalingLaw",
    "Source",
    "assert_dynamics",
    "check_dynamics",
    "check_variant",
    "exponent_scaled",
    "flipped",
    "replaced",
    "scaled",
    "shifted",
]
