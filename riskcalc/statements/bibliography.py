"""The entries of references.bib."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources


def bibliography() -> dict[str, str]:
    """Entries of references.bib by key."""
    text = resources.files("riskcalc.statements").joinpath("references.bib").read_text(encoding="utf-8")
    found = [entry.strip() for entry in re.split(r"\n(?=@)", text)]
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry for entry in found}


def entries(keys: Iterable[str]) -> str:
    """BibTeX of these keys, which are in the bibliography."""
    known = bibliography()
    return "\n\n".join(known[key] for key in keys if key != "derived")
