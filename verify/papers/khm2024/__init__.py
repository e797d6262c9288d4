"""Statements on the kernelised model (Hu, Wu, Liu 2024)."""

from verify.papers.khm2024 import (
    capacity,
    commuting,
    energies,
    error_bounds,
    finite_beta,
    growth,
    kernel,
    linear_maps,
    optimal_codes,
    packing,
    random_codes,
    ranks,
    separation_conditions,
    stage1,
    storage,
    storage_balls,
    stored,
)

PAPER = {
    "key": "khm2024",
    "title": "Provably Optimal Memory Capacity for Modern Hopfield Models: Transformer-Compatible Dense "
    "Associative Memories as Spherical Codes",
    "authors": "J. Y.-C. Hu, D. Wu, H. Liu",
    "year": 2024,
    "arxiv": "2410.23126",
    "venue": "NeurIPS 2024",
}

STATEMENTS = (
    *capacity.STATEMENTS,
    *kernel.STATEMENTS,
    *energies.STATEMENTS,
    *storage_balls.STATEMENTS,
    *separation_conditions.STATEMENTS,
    *stored.STATEMENTS,
    *error_bounds.STATEMENTS,
    *random_codes.STATEMENTS,
    *linear_maps.STATEMENTS,
    *optimal_codes.STATEMENTS,
    *storage.STATEMENTS,
    *growth.STATEMENTS,
    *packing.STATEMENTS,
    *finite_beta.STATEMENTS,
    *stage1.STATEMENTS,
    *stored.RELATED,
    *error_bounds.RELATED,
    *commuting.RELATED,
    *ranks.RELATED,
)
