"""Answers as CSV, as Markdown, and as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskcalc.report.origin import Answer, Context, all_remarks, commented, remarks
from riskcalc.report.rows import ERROR, csv_rows, for_people, markdown_rows, points, rows, spreads
from riskcalc.result import Trials
from riskcalc.tables import text_table


def to_csv(answer: Answer, experiment: Context = None) -> str:
    r"""Comma-separated rows under a header, after lines that begin with ``#`` and say where they come from.

    Parameters
    ----------
    answer, experiment
        As for ``to_json``.

    Returns
    -------
    str
        One row per point, numbers to all their digits, ``inf`` and ``nan`` as such: ``pandas.read_csv(file,
        comment="#")`` reads it, and so does ``\addplot table [col sep=comma, x=n_samples, y=test] {file};`` of
        pgfplots. A comparison has the columns ``test_theory``, ``test_simulation``, ``test_standard_error``,
        ``test_allowance``, ``test_z``, ``test_judged`` (1 or 0), and so for every field.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.report import to_csv
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=1.0)
    >>> for line in to_csv(risk).splitlines()[-2:]:
    ...     print(line)
    n_samples,ridge,test,train,bias,variance,noise,effective_ridge,df1,df2,norm_squared,estimation,in_sample,gcv
    1.0,0.0,1.0,0.0,0.5,0.25,0.25,1.0,1.0,0.5,0.75,0.75,0.25,1.0
    """
    return commented("#", all_remarks(answer, experiment)) + csv_rows(points(answer))


def to_markdown(answer: Answer, experiment: Context = None) -> str:
    """A Markdown table, the remarks below it.

    Parameters
    ----------
    answer, experiment
        As for ``to_json``.

    Returns
    -------
    str
        Numbers to six digits.

    Examples
    --------
    >>> import riskcalc as rc
    >>> from riskcalc.report import to_markdown
    >>> risk = rc.predict(rc.GaussianData.isotropic(2.0, noise=0.25), rc.Ridge(0), n_samples=1.0)
    >>> print(to_markdown(risk).splitlines()[2][:23])
    | 1 | 0 | 1 | 0 | 0.5 |
    """
    tables = map(markdown_rows, [rows(answer), *spreads(answer)])
    return "\n".join(tables) + "".join(f"\n{line}\n" for line in all_remarks(answer, experiment))


def to_text(answer: Answer, experiment: Context = None) -> str:
    """A table for people, the remarks below it.

    Numbers to six digits; of Trials the mean ± its standard error. Parameters are those of ``to_json``. Norm,
    estimation, in-sample error and cross-validation are left to the other formats.
    """
    table = for_people(answer)
    if isinstance(answer, Trials):
        table = [_measured(row) for row in table]
    return "\n".join([*map(text_table, [table, *spreads(answer)]), *remarks(answer, experiment)]) + "\n"


def _measured(row: Mapping[str, float]) -> dict[str, Any]:
    """A row in which mean and standard error stand together."""
    joined = {
        name: f"{value:.5g} ± {row[name + ERROR]:.1g}" if name + ERROR in row else value for name, value in row.items()
    }
    return {name: value for name, value in joined.items() if not name.endswith(ERROR)}
