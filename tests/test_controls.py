"""Mutations change a relation in the way their name says."""

from __future__ import annotations

import pytest
import sympy as sp

from verify import Control, Part, exponent_scaled, flipped, replaced, scaled, shifted
from verify.controls import broken_relation

a, b = sp.symbols("a b", positive=True)
PART = Part("p", sp.Le(a, 2 * b * sp.exp(-b)))


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (scaled("1/2"), sp.Le(a, b * sp.exp(-b))),
        (flipped(), sp.Lt(2 * b * sp.exp(-b), a)),
        (exponent_scaled(2), sp.Le(a, 2 * b * sp.exp(-2 * b))),
        (shifted(1), sp.Le(a, 2 * b * sp.exp(-b) - 1)),
        (replaced(b, 1), sp.Le(a, 2 * sp.exp(-1))),
        (Control("by hand", sp.Le(a, b)), sp.Le(a, b)),
    ],
)
def test_mutation(control, expected):
    assert broken_relation(control, PART) == expected


def test_a_lower_bound_is_raised_by_scaling():
    part = Part("p", sp.Ge(a, b))
    assert broken_relation(scaled("1/2"), part) == sp.Le(b, a / 2)


def test_a_control_that_changes_nothing_is_refused():
    with pytest.raises(ValueError, match="does not change"):
        broken_relation(Control("same", PART.relation), PART)
