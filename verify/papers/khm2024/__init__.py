"""Statements on the kernelised model (Hu, Wu, Liu 2024)."""

from verify.papers.khm2024 import capacity, gaps, limits, losses, protocol, training

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
    capacity.STATEMENTS
    + losses.STATEMENTS
    + limits.STATEMENTS
    + training.STATEMENTS
    + protocol.STATEMENTS
    + gaps.STATEMENTS
)
