"""Exact rationals and rigorous balls for array code: the public face of this part of the package."""

from bounds.balls import DomainError, Undecided, escalate, precision
from bounds.dual import Dual, directional_derivative
from bounds.enclosures import (
    beta_lower_regularised,
    e,
    enclose_fixed_point,
    enclose_max,
    enclose_min,
    euclidean_norm,
    exact_array,
    pi,
    spectral_norm,
)
from bounds.real import Real, as_real

__all__ = [
    "DomainError",
    "Dual",
    "Real",
    "Undecided",
    "as_real",
    "beta_lower_regularised",
    "directional_derivative",
    "e",
    "enclose_fixed_point",
    "enclose_max",
    "enclose_min",
    "escalate",
    "euclidean_norm",
    "exact_array",
    "pi",
    "precision",
    "spectral_norm",
]
