"""Statements on the kernelised model (Hu, Wu, Liu 2024)."""

from verify.papers.khm2024 import (
    capacity,
    finite_beta,
    growth,
    optimal_codes,
    random_codes,
    random_coding,
    storage,
    symmetric,
    universal,
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
    *random_codes.STATEMENTS,
    *optimal_codes.STATEMENTS,
    *growth.STATEMENTS,
    *storage.STATEMENTS,
    *finite_beta.STATEMENTS,
    *random_coding.STATEMENTS,
    *symmetric.STATEMENTS,
    *universal.STATEMENTS,
)
