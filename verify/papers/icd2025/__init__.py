"""Statements on in-context denoising by one attention layer (Smart, Bietti, Sengupta 2025)."""

from verify.papers.icd2025 import attention, context, gaussian, sphere

PAPER = {
    "key": "icd2025",
    "title": "In-Context Denoising with One-Layer Transformers: Connections between Attention and Associative "
    "Memory Retrieval",
    "authors": "M. Smart, A. Bietti, A. M. Sengupta",
    "year": 2025,
    "arxiv": "2502.05164",
    "venue": "ICML 2025",
}

_ORDER = (
    "icd2025.prop1",
    "icd2025.prop2-predictor",
    "icd2025.prop2-loss",
    "restated.icd-projector-loss",
    "icd2025.prop3",
    "icd2025.prop4",
    "icd2025.thm3.1",
    "icd2025.prop5",
    "icd2025.prop6",
    "icd2025.prop3.2",
    "icd2025.gradient-step",
)
_BY_ID = {s.id: s for module in (gaussian, sphere, context, attention) for s in module.STATEMENTS}

STATEMENTS = tuple(_BY_ID[i] for i in _ORDER)
