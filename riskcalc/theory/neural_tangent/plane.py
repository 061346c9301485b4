"""The numbers that make up the moments of one pair of neurons."""

from __future__ import annotations

from dataclasses import dataclass

from riskcalc.arguments import FloatArray


@dataclass(frozen=True)
class PairMoments:
    r"""At the angle θ between w and w', u = ⟨w, x⟩ and v = ⟨w', x⟩.

    ``across``, ``plus`` and ``minus``: eigenvalues of :math:`E\,\varphi'(u)\varphi'(v)\,xx^\top` outside the plane of
    w and w', along w + w', and along w - w'. ``along`` and ``side``: components of :math:`E\,\varphi(u)\varphi'(v)\,x`
    along w' and along the part of w that is orthogonal to w'.
    """

    across: FloatArray
    plus: FloatArray
    minus: FloatArray
    along: FloatArray
    side: FloatArray
