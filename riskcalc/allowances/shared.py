"""What an allowance is, and where nothing is promised."""

from __future__ import annotations

from riskcalc.arguments import FloatArray

Allowances = tuple[dict[str, FloatArray], str]  # by field, and the rule in words
FEW_FOR_TRAIN = 100  # samples below which the training error of a kernel is not judged
MEETING = 0.1  # expected number of pairs of rows of the hypercube that are equal or opposite
DEGREE = 3  # of the targets that are not linear, up to which their next order is allowed
