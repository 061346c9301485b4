"""Leap complexity: how many new variables a network must find at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from riskcalc.arguments import choice, whole

Monomial = Mapping[int, int] | Iterable[int]
BASES = ("hermite", "hypercube")


def leap(monomials: Iterable[Monomial], basis: str = "hermite") -> int:
    r"""Leap complexity of a polynomial on a fixed basis.

    .. math:: \mathrm{Leap} = \min_{S_1,\dots,S_r}\ \max_i \sum_{k\in S_i\setminus\cup_{j<i}\mathrm{supp}\,S_j}
              \deg_{S_i}(k)

    Parameters
    ----------
    monomials : iterable of monomials
        All that the target has with a coefficient that is not 0, their order free. A monomial is {variable: degree},
        the product of Hermite polynomials :math:`\prod_k He_{\deg(k)}(x_k)`, or a set of variables, each of degree 1.
    basis : "hermite" or "hypercube"
        On the hypercube :math:`\deg = 1`.

    Returns
    -------
    int
        0 for a constant and for no monomials; 1 for a merged staircase.

    Raises
    ------
    ValueError
        If a variable or a degree is no whole number >= 0, a set names a variable twice, or a degree is above 1 on the
        hypercube.
    TypeError
        If a monomial is neither a mapping nor a set of variables.

    Notes
    -----
    The minimum is over orderings of all monomials and is found by taking, again and again, the one with the fewest new
    degrees: more support never hurts. A monomial whose variables are all known costs 0, whatever its degree; only new
    variables count. A power is not a monomial of this basis: :math:`x^3 = He_3 + 3He_1`. On Gaussian data the leap
    depends on the basis, and only the given one is treated.

    References
    ----------
    .. [1] abbe2022 (place not checked)
    .. [2] abbe2023 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.dynamics.leap([{0}, {0, 1}, {0, 1, 2}]), rc.dynamics.leap([{0}, {0, 1, 2}]), rc.dynamics.leap([{0: 2}])
    (1, 2, 2)
    """
    choice("basis", basis, BASES)
    waiting = [_degrees(monomial, basis) for monomial in monomials]
    known: set[int] = set()
    largest = 0
    while waiting:
        costs = [sum(degree for variable, degree in m.items() if variable not in known) for m in waiting]
        cheapest = costs.index(min(costs))
        largest = max(largest, costs[cheapest])
        known |= waiting.pop(cheapest).keys()
    return largest


def sample_exponent(leap: int) -> int:
    r"""Exponent of d in the samples that one-pass gradient descent needs, :math:`d^{\max(\mathrm{Leap}-1,\,1)}`.

    Parameters
    ----------
    leap : int, >= 0
        The leap complexity.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If ``leap`` is no whole number >= 0.

    Notes
    -----
    Up to logarithms. Conjectured in general, proved in cases; neither derived nor verified by simulation here.

    References
    ----------
    .. [1] abbe2023 (place not checked)

    Examples
    --------
    >>> import riskcalc as rc
    >>> rc.dynamics.sample_exponent(rc.dynamics.leap([{0, 1, 2}]))
    2
    """
    return max(whole("leap", leap) - 1, 1)


def _degrees(monomial: Monomial, basis: str) -> dict[int, int]:
    """{variable: degree > 0}."""
    if isinstance(monomial, (str, bytes)) or not isinstance(monomial, (Mapping, Iterable)):
        raise TypeError(f"a monomial must be {{variable: degree}} or a set of variables, got {monomial!r}")
    if isinstance(monomial, Mapping):
        pairs = [(whole("a variable", k), whole("a degree", n)) for k, n in monomial.items()]
    else:
        pairs = [(whole("a variable", k), 1) for k in monomial]
    degrees = {k: n for k, n in pairs if n > 0}
    if not isinstance(monomial, Mapping) and len(degrees) < len(pairs):
        raise ValueError(f"a monomial must name each variable once, got {monomial!r}; {{0: 2}} is He_2(x_0)")
    if basis == "hypercube" and any(n > 1 for n in degrees.values()):
        raise ValueError(f"degrees must be <= 1 on the hypercube, got {monomial!r}; there x² = 1")
    return degrees
