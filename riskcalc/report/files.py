"""Files that are written wholly or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: str | os.PathLike[str], contents: str | bytes) -> None:
    """Write a file wholly or not at all; a device (``/dev/stdout``) is written to as it is."""
    target = Path(os.path.realpath(path))
    data = contents.encode() if isinstance(contents, str) else contents
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with open(unfinished, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """ValueError if ``write`` cannot succeed there: to be called before anything is computed."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise ValueError(f"output {path} is a folder; give the name of a file")
    if not target.parent.is_dir():
        raise ValueError(f"output {path} cannot be made: there is no folder {target.parent}; make it, or give another")
    if not os.access(target if target.exists() and not target.is_file() else target.parent, os.W_OK):
        raise ValueError(f"output {path} cannot be written: {target.parent} is read-only for you; give another folder")
