"""The command line: the verbs as commands. Exit codes: 0 done, 1 disagreement, 2 bad input, 3 not converged, 130."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor

DONE, DISAGREES, BAD_INPUT, NOT_CONVERGED, INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; what went wrong is one sentence on stderr.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; left out, those of the process.

    Returns
    -------
    int
        0 done; 1 theory and simulation disagree; 2 wrong usage or input; 3 an equation was not solved; 130 interrupted.

    Examples
    --------
    >>> from riskcalc.cli import main
    >>> main(["experiments"])
    bagging ...
    diabetes A real table: the diabetes data of Efron et al. (2004)
    ...
    0
    """
    from cyclopts import CycloptsError

    from riskcalc.cli import formulas, own_data, stored_answers  # noqa: F401 (their commands register themselves)
    from riskcalc.cli.commands import app

    try:
        code = app(sys.argv[1:] if argv is None else list(argv))
        return code if isinstance(code, int) else DONE
    except KeyboardInterrupt as stop:
        kept = "interrupted; with --store FILE what was finished is kept, and the same command goes on"
        return _said(str(stop) or kept, INTERRUPTED)
    except ArithmeticError as error:
        from riskcalc.errors import NotConvergedError

        if not isinstance(error, NotConvergedError):
            raise
        return _said(f"{error}", NOT_CONVERGED)
    except MemoryError as error:
        return _said(f"not enough memory ({error}); give smaller sizes or fewer points", BAD_INPUT)
    except OSError as error:
        return _said(f"{error.filename}: {error.strerror}" if error.filename else f"{error}", BAD_INPUT)
    except (CycloptsError, ValueError, TypeError, ImportError) as error:
        return _said(f"{error}", BAD_INPUT)
    except RuntimeError as error:
        if not isinstance(error.__cause__, BrokenExecutor):
            raise
        return _said(f"{error}", BAD_INPUT)
    except SystemExit:  # rich leaves like this when help is read by a pipe that was closed
        return DONE


def _said(sentence: str, code: int) -> int:
    print(f"riskcalc: {' '.join(sentence.split())}", file=sys.stderr)
    return code
