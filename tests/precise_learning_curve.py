"""mpmath twin of the determined part of a table's learning curve, from the inverse of the kernel matrix."""

from __future__ import annotations

import mpmath as mp
import numpy as np


def determined(K: np.ndarray, y: np.ndarray, n: float, ridge: float, digits: int = 25) -> tuple[mp.mpf, ...]:
    """Test error, ω, κ, df1 and df2 at n and λ: bisection of λ = ω + (n - m)/Tr(K+ω)⁻¹, then sums over entries.

    The test error is n E/(n - df2) with E = |My|²/Tr M², times the mean squared leave-one-out residual over its
    generalised form.
    """
    with mp.workdps(digits):
        m, one = len(K), mp.eye(len(K))
        matrix, outputs = mp.matrix(K.tolist()), mp.matrix(np.reshape(y, (m, -1)).tolist())
        s = [max(x, mp.mpf(0)) for x in mp.eigsy(matrix, eigvals_only=True)]

        def excess(omega: mp.mpf) -> mp.mpf:
            return omega + (n - m) / mp.fsum(1 / (x + omega) for x in s) - mp.mpf(ridge)

        low, high = mp.mpf(10) ** -8, mp.mpf(10) ** 8
        for _ in range(100):
            middle = mp.sqrt(low * high)
            low, high = (middle, high) if excess(middle) < 0 else (low, middle)
        omega = mp.sqrt(low * high)
        M = (matrix + omega * one) ** -1
        trace, square = sum(M[i, i] for i in range(m)), sum(x**2 for x in M)
        residuals = M * outputs
        kappa, df1, df2 = 1 / trace, sum((matrix * M)[i, i] for i in range(m)), m - trace**2 / square
        columns = range(outputs.cols)
        energy = sum(x**2 for x in residuals) / square
        loo = sum((residuals[i, j] / M[i, i]) ** 2 for i in range(m) for j in columns) / m
        gcv = m * sum(x**2 for x in residuals) / trace**2
        return n * energy / (n - df2) * loo / gcv, omega, kappa, df1, df2
