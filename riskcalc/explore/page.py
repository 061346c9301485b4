# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""The page: controls beside the curve, which is drawn anew at every change."""

import marimo

app = marimo.App(width="medium", app_title="riskcalc: explore")


@app.cell
def _():
    import marimo as mo

    from riskcalc.explore.controls import Menu
    from riskcalc.explore.parts import DATA, ESTIMATORS
    from riskcalc.explore.state import State, inline, joined, picture
    from riskcalc.explore.words import formula_of, point_table, sentence, sizes_of

    return (
        DATA,
        ESTIMATORS,
        Menu,
        State,
        formula_of,
        inline,
        joined,
        mo,
        picture,
        point_table,
        sentence,
        sizes_of,
    )


@app.cell
def _(mo):
    mo.md("""
    # riskcalc: explore

    The test error that theory predicts, before anything is trained. Move a control, and the curve is drawn anew.
    """)
    return


@app.cell
def _(DATA, mo):
    data = mo.ui.dropdown(list(DATA), value=next(iter(DATA)), label="data", full_width=True)
    return (data,)


@app.cell
def _(ESTIMATORS, data, mo):
    _fitting = [name for name, (partners, _) in ESTIMATORS.items() if data.value in partners]
    estimator = mo.ui.dropdown(_fitting, value=_fitting[0], label="estimator", full_width=True)
    return (estimator,)


@app.cell
def _(DATA, ESTIMATORS, Menu, data, estimator, mo):
    def _element(control):
        if isinstance(control, Menu):
            return mo.ui.dropdown(list(control.options), value=control.value, label=control.label, full_width=True)
        return mo.ui.slider(
            steps=list(control.steps), value=control.value, label=control.label, show_value=True, full_width=True
        )

    _controls = {**DATA[data.value].controls, **ESTIMATORS[estimator.value][1].controls}
    controls = mo.ui.dictionary({name: _element(control) for name, control in _controls.items()})
    return (controls,)


@app.cell
def _(mo):
    field = mo.ui.dropdown(["test", "train", "bias", "variance"], value="test", label="what is drawn", full_width=True)
    point = mo.ui.text(value="100", label="number of samples n", full_width=True)
    return field, point


@app.cell
def _(DATA, ESTIMATORS, Menu, State, controls, data, estimator):
    _known = {**DATA[data.value].controls, **ESTIMATORS[estimator.value][1].controls}
    state = State(
        data.value,
        estimator.value,
        {
            name: _known[name].options[value] if isinstance(_known[name], Menu) else value
            for name, value in controls.value.items()
        },
    )
    return (state,)


@app.cell
def _(sentence, state):
    risk, failure = sentence(state.predicted)
    return failure, risk


@app.cell
def _(mo):
    sizes = mo.ui.text(value="20, 50, 100, 200, 400", label="sizes", full_width=True)
    trials_of_each = mo.ui.slider(
        steps=[2, 5, 10, 20, 50], value=10, label="trials of each", show_value=True, full_width=True
    )
    button = mo.ui.run_button(label="simulate", full_width=True)
    return button, sizes, trials_of_each


@app.cell
def _(button, joined, mo, sentence, sizes, sizes_of, state, trials_of_each):
    def _run():
        points = []
        for size in mo.status.progress_bar(sizes_of(sizes.value), title="simulating", remove_on_exit=True):
            points.append(state.simulated(size, int(trials_of_each.value)))
        return joined(points)

    trials, failure_of_trials = sentence(_run) if button.value else (None, "")
    return failure_of_trials, trials


@app.cell
def _(failure, failure_of_trials, field, inline, mo, picture, point, point_table, risk, sentence, state, trials):
    def _callout(text):
        return mo.callout(mo.md(text), kind="danger") if text else mo.md("")

    _drawn, _failure = (None, "") if risk is None else sentence(lambda: picture(state, risk, trials, field.value))
    _table, _wrong = sentence(lambda: point_table(state, point.value))
    view = mo.vstack(
        [
            _callout(failure or _failure),
            mo.md("")
            if _drawn is None
            else mo.Html(
                f'<div role="img" aria-label="{field.value} error against the number of samples: '
                f'{state.estimator}, {state.data}" style="max-width: 44rem">{inline(_drawn)}</div>'
            ),
            _callout(failure_of_trials),
            *([mo.callout(mo.md(note), kind="warn") for note in risk.notes] if risk is not None else []),
            point,
            _callout(_wrong) if _wrong else mo.Html(_table),
        ]
    )
    return (view,)


@app.cell
def _(button, controls, data, estimator, field, mo, sizes, trials_of_each, view):
    _panel = mo.vstack(
        [data, estimator, *controls.elements.values(), field, mo.md("**Simulation**"), sizes, trials_of_each, button]
    )
    mo.Html(
        '<div style="display: grid; gap: 1.5rem; '
        'grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr))">'
        f"<div>{_panel.text}</div><div>{view.text}</div></div>"
    )
    return


@app.cell
def _(estimator, formula_of, mo):
    mo.md(formula_of(estimator.value))
    return


@app.cell
def _(field, mo, picture, risk, state, trials):
    mo.md("") if risk is None else mo.hstack(
        [
            mo.download(
                lambda: picture(state, risk, trials, field.value, "pdf"), "riskcalc.pdf", label="picture (PDF)"
            ),
            mo.download(lambda: risk.to_pandas().to_csv(index=False).encode(), "riskcalc.csv", label="numbers (CSV)"),
            mo.download(state.toml().encode(), "riskcalc.toml", label="experiment (TOML)"),
            mo.download(state.python().encode(), "riskcalc_experiment.py", label="Python"),
        ],
        justify="start",
        wrap=True,
    )
    return


@app.cell
def _(mo):
    table = mo.ui.file(filetypes=[".csv"], label="CSV file", kind="button")
    target = mo.ui.text(value="-1", label="target column (name, or position from 0; -1 is the last)", full_width=True)
    kernel = mo.ui.dropdown(
        ["none (ridge regression)", "RBF", "Laplace"], value="RBF", label="its kernel", full_width=True
    )
    mo.vstack(
        [
            mo.md(
                "## Your own table\n\n"
                "Its learning curve, below and beyond its own size. The file stays on this machine."
            ),
            table,
            target,
            kernel,
        ]
    )
    return kernel, table, target


@app.cell
def _(inline, kernel, mo, sentence, table, target):
    from riskcalc.explore.own_table import curve_of, curve_picture

    _made, _failure = (
        (None, "") if not table.value else sentence(lambda: curve_of(table.contents(), target.value, kernel.value))
    )
    mo.callout(mo.md(_failure), kind="danger") if _failure else mo.md("") if _made is None else mo.Html(
        f'<div role="img" aria-label="learning curve of the table" style="max-width: 44rem">'
        f"{inline(curve_picture(_made))}</div>"
    )
    return


if __name__ == "__main__":
    app.run()
