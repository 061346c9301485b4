"""The progress bar of long work: on a terminal, or in a notebook that can show one."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any


def progress(total: int, unit: str) -> Any:
    """A bar that counts to ``total``; it is silent where nobody watches."""
    if find_spec("ipywidgets") is None:  # without it the one for notebooks warns
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm
    return tqdm(total=total, unit=unit, disable=None, leave=False)
