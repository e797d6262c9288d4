"""Certified bounds on spherical codes: how many points fit on S^{n-1}, and how far apart N points can be."""

from bounds.packing.angles import best_angle_bounds
from bounds.packing.certificate import Certificate, CertificateError, Check, certify, make
from bounds.packing.cosine import rational_above, rational_below, read_cosine, real_cosine, same
from bounds.packing.records import Bound, CosineBounds, SizeBounds
from bounds.packing.sizes import best_bounds

__all__ = [
    "Bound",
    "Certificate",
    "CertificateError",
    "Check",
    "CosineBounds",
    "SizeBounds",
    "best_angle_bounds",
    "best_bounds",
    "certify",
    "make",
    "rational_above",
    "rational_below",
    "read_cosine",
    "real_cosine",
    "same",
]
