"""``python -m riskcalc`` is the command ``riskcalc``."""

from __future__ import annotations

import sys

from riskcalc.cli import main

if __name__ == "__main__":
    sys.exit(main())
