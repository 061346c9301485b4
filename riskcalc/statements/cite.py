"""BibTeX of what a result rests on."""

from __future__ import annotations

import difflib
import re
from importlib import resources

from riskcalc.result import Risk


def cite(x: Risk | str | None = None) -> str:
    """BibTeX entries of a result's sources, of one key, or of everything.

    Parameters
    ----------
    x : Risk, str or None
        A Risk (its ``sources``), a key of the bibliography, or nothing for all entries.

    Returns
    -------
    str
        BibTeX.

    Raises
    ------
    ValueError
        If there is no such key; the nearest is named.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> import riskcalc as rc
    >>> print(rc.cite("marchenko1967").splitlines()[0])
    @article{marchenko1967,
    """
    if not isinstance(x, (Risk, str, type(None))):
        raise TypeError(f"x must be a Risk or a key of the bibliography, got {x!r}")
    known = bibliography()
    keys = tuple(known) if x is None else x.sources if isinstance(x, Risk) else (x,)
    for key in keys:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(known)}"
            raise ValueError(f"x must be a Risk or a key of the bibliography, got {key!r}; {hint}")
    return "\n\n".join(known[key] for key in keys)


def bibliography() -> dict[str, str]:
    """Entries of references.bib by key."""
    text = resources.files("riskcalc.statements").joinpath("references.bib").read_text(encoding="utf-8")
    entries = [entry.strip() for entry in re.split(r"\n(?=@)", text)]
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry for entry in entries}
