"""Spherical codes: exact constructions, an optimiser, certificates.

A code is N points on the unit sphere of R^n; the smaller its largest cosine, the better. ``best_known``
gives exact codes, ``optimise`` searches, ``certify_max_cosine`` proves what a set of floats attains.
"""

from simulations.codes.catalogue import (
    CONSTRUCTIONS,
    Construction,
    best_known,
    construct,
    construction,
    constructions,
)
from simulations.codes.certificate import certify_max_cosine, max_cosine_within
from simulations.codes.code import Code, contacts, cosine_counts, rattlers
from simulations.codes.exact import Exact
from simulations.codes.isometry import distinct, isometric, same_spectrum
from simulations.codes.known import Known, Reached, known, reached
from simulations.codes.random_addition import random_addition
from simulations.codes.search import BUDGETS, Progress, anneal, optimise

__all__ = [
    "BUDGETS",
    "CONSTRUCTIONS",
    "Code",
    "Construction",
    "Exact",
    "Known",
    "Progress",
    "Reached",
    "anneal",
    "best_known",
    "certify_max_cosine",
    "construct",
    "construction",
    "constructions",
    "contacts",
    "cosine_counts",
    "distinct",
    "isometric",
    "known",
    "max_cosine_within",
    "optimise",
    "random_addition",
    "rattlers",
    "reached",
    "same_spectrum",
]
