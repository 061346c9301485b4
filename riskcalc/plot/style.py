"""The style of the pictures, and their files. Matplotlib is imported where something is drawn, not before."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("riskcalc.mplstyle")
UNDATED: dict[str, dict[str, Any]] = {".pdf": {"CreationDate": None}, ".png": {}, ".svg": {"Date": None}}


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure to a .pdf, .png or .svg file, wholly or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        A file that is there is replaced.

    Returns
    -------
    None

    Raises
    ------
    ValueError
        If the name ends in something else.
    OSError
        If the file cannot be written; an old one is then still there.
    ImportError
        Without matplotlib.

    Notes
    -----
    The time is left out, and the identifiers in SVG are not random; other versions of matplotlib give other bytes.

    References
    ----------
    .. [1] derived

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from riskcalc import plot
    >>> plot.save(Figure(), "figure.jpg")
    Traceback (most recent call last):
    ValueError: path must end in .pdf, .png or .svg, got 'figure.jpg'
    """
    require_matplotlib()
    from matplotlib import style

    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in UNDATED:
        raise ValueError(f"path must end in .pdf, .png or .svg, got {str(path)!r}")
    drawn = io.BytesIO()
    with style.context(["default", STYLE]):
        figure.savefig(drawn, format=suffix[1:], metadata=UNDATED[suffix])
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(drawn.getvalue())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def require_matplotlib() -> None:
    """Raise one sentence where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("drawing needs matplotlib: pip install 'riskcalc[plot]'") from None


def edged() -> list[Any]:
    """Path effects of white lines and letters with a dark edge, which are seen on every colour of a map."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.4, foreground="0.15")]


def cycle() -> list[dict[str, Any]]:
    """Colours, line styles and markers in their order."""
    from matplotlib import rc_params_from_file

    return list(rc_params_from_file(STYLE, use_default_template=False)["axes.prop_cycle"])
