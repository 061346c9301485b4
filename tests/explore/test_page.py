"""The page in a real browser: every control moved once, the numbers those of predict, nothing on the console."""

import re
import shutil
import subprocess
import sys
import tomllib

import numpy as np
import pytest

import riskcalc as rc

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("marimo", reason="marimo is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]
WAIT = 30_000  # ms
OF_MARIMO = "was preloaded using link preload"  # its own warning about two pictures of its logo


@pytest.fixture(scope="module")
def address():
    command = [sys.executable, "-u", "-m", "riskcalc", "explore", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield re.search(r"http://\S+", server.stdout.readline())[0]
        server.terminate()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser, address):
    shown = browser.new_page(viewport={"width": 1600, "height": 1200}, accept_downloads=True)
    messages = []
    shown.on("pageerror", lambda error: messages.append(str(error)))
    shown.on("requestfailed", lambda request: messages.append(request.url))
    shown.on(
        "console",
        lambda m: messages.append(m.text) if m.type in ("error", "warning") and OF_MARIMO not in m.text else None,
    )
    shown.goto(address)
    shown.wait_for_selector("table caption", timeout=WAIT)
    yield shown
    assert not messages
    assert not shown.get_by_text("internal error").count()
    shown.close()


def slider(page, label):
    return page.locator("marimo-slider").filter(has_text=label).locator("[role=slider]")


def step(page, label):
    """One step to the right, by keyboard."""
    slider(page, label).focus()
    page.keyboard.press("ArrowRight")


def shows(page, field, value):
    """Wait until the table has the number."""
    page.locator(f"[data-field={field}]").filter(has_text=re.compile(f"^{re.escape(f'{value:.10g}')}$")).wait_for(
        timeout=WAIT
    )


def choose(page, label, option):
    page.get_by_label(label, exact=True).select_option(label=option)


def test_every_control_of_ridge_regression_moves_the_numbers(page):
    data, ridge = rc.GaussianData.isotropic(200.0, noise=0.25), 2.0
    shows(page, "test", rc.predict(data, rc.Ridge(ridge), 100.0).test)
    step(page, "noise variance")
    shows(page, "test", rc.predict(data.replace(noise=0.3), rc.Ridge(ridge), 100.0).test)
    step(page, "features p")
    data, ridge = rc.GaussianData.isotropic(250.0, noise=0.3), 2.5
    shows(page, "test", rc.predict(data, rc.Ridge(ridge), 100.0).test)
    step(page, "ridge per feature")
    shows(page, "test", rc.predict(data, rc.Ridge(5.0), 100.0).test)
    choose(page, "what is drawn", "variance")
    page.locator('[role=img][aria-label^="variance error"]').wait_for(timeout=WAIT)


def test_a_bad_value_is_a_sentence_on_the_page(page):
    typed = page.locator("marimo-text").filter(has_text="number of samples n").locator("input")
    typed.fill("many")
    typed.press("Enter")
    page.get_by_text("number of samples n must be a number above 0, got 'many'").wait_for(timeout=WAIT)
    typed.fill("300")
    typed.press("Enter")
    shows(page, "test", rc.predict(rc.GaussianData.isotropic(200.0, noise=0.25), rc.Ridge(2.0), 300.0).test)


def test_other_data_and_estimators_and_simulated_points(page):
    choose(page, "data", "sphere")
    choose(page, "estimator", "kernel ridge regression")
    choose(page, "kernel", "Gaussian")
    step(page, "ridge λ")
    target = rc.targets.DegreeEnergies({1: 0.5, 2: 0.3, 3: 0.2})
    data = rc.SphereData(20, target, noise=0.25)
    shows(page, "test", rc.predict(data, rc.KernelRidge(rc.kernels.RBF(), 0.2), 100.0).test)
    sizes = page.locator("marimo-text").filter(has_text="sizes").locator("input")
    sizes.fill("20, 40")
    sizes.press("Enter")
    step(page, "trials of each")
    page.get_by_role("button", name="simulate").click()
    page.locator("[role=img] svg").get_by_text("simulation").or_(
        page.locator("[role=img] svg [id^=LineCollection]").first
    ).first.wait_for(state="attached", timeout=WAIT)


def test_what_is_taken_away_gives_the_same_curve(page):
    with page.expect_download() as taken:
        page.get_by_text("experiment (TOML)").click()
    with open(taken.value.path(), "rb") as file:
        tables = tomllib.load(file)
    risk = rc.Experiment.of(rc.recipe.Recipe("file", tables)).predict()
    with page.expect_download() as taken:
        page.get_by_text("numbers (CSV)").click()
    with open(taken.value.path()) as file:
        header, *rows = file.read().splitlines()
    at = header.split(",").index("test")
    np.testing.assert_allclose([float(row.split(",")[at]) for row in rows], risk.test, rtol=1e-12)
    with page.expect_download() as taken:
        page.get_by_text("picture (PDF)").click()
    with open(taken.value.path(), "rb") as file:
        assert file.read(5) == b"%PDF-"


def test_a_table_that_is_uploaded_has_a_learning_curve(page, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((80, 3))
    path = tmp_path / "table.csv"
    np.savetxt(path, np.column_stack([x, x[:, 0] + rng.standard_normal(80)]), delimiter=",")
    page.locator("input[type=file]").set_input_files(path)
    page.locator('[role=img][aria-label="learning curve of the table"] svg').wait_for(timeout=WAIT)


@pytest.mark.parametrize("width", [400, 1600])
def test_nothing_is_wider_than_the_window(browser, address, width):
    shown = browser.new_page(viewport={"width": width, "height": 900})
    shown.goto(address)
    shown.wait_for_selector("table caption", timeout=WAIT)
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    box = shown.locator("[role=img] svg").first.bounding_box()
    assert 0 <= box["x"] < box["x"] + box["width"] <= width
    shown.close()
