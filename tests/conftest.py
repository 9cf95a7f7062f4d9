"""Fixtures that tests of several rooms share."""

import os
import shutil
import signal

import numpy as np
import pytest
from reference_maps import COMMITTED, NO_REFERENCE

from runtime.start_up import start_tensorflow

LONGEST_FIRST = ("test_ray_engine", "test_page", "test_notebook")  # processes of their own


def pytest_configure():
    """Two workers on two processors: each has one, and so have the programs that it starts."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
        start_tensorflow()  # quietly; who only hands out the tests needs none of it


def pytest_collection_modifyitems(items):
    """Files that take longest go first, or one worker would wait for the other's last."""
    items.sort(key=lambda item: item.path.stem not in LONGEST_FIRST)


@pytest.fixture
def stop_at_run(monkeypatch):
    """Presses Ctrl-C at the n-th time that a network is run; gives the list of those there were."""

    def stop_at_run(number: int) -> list[int]:
        from classifier.network.network import Network

        run, runs = Network.run, []

        def stopping(*arguments, **options):
            runs.append(1)
            if len(runs) == number:
                signal.raise_signal(signal.SIGINT)
            return run(*arguments, **options)

        monkeypatch.setattr(Network, "run", stopping)
        return runs

    return stop_at_run


@pytest.fixture(autouse=True)
def listening_for_ctrl_c():
    """A shell that starts the tests in the background has Ctrl-C ignored: here it is recorded."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def lite() -> "Classifier":  # noqa: F821 (only a word for the reader)
    from classifier import load_classifier

    return load_classifier("EfficientNetLite0")


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium; the test is skipped where it, or Playwright, is not installed."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def committed():
    """The reference maps of one image, which are committed with the tests."""
    return np.load(COMMITTED / "dog_cat.npz")


@pytest.fixture(scope="session")
def exact():
    """The embedded classifier in float64, of which rounding moves no gate: see the README there."""
    import keras

    from classifier import load_classifier
    from classifier.embedded import EfficientNetLite0, preprocess_lite

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        return load_classifier(EfficientNetLite0("imagenet"), preprocessing=preprocess_lite)
    finally:
        keras.config.set_dtype_policy(before)


def pytest_terminal_summary(terminalreporter):
    """Says once what a clone without the reference maps of all images did not run."""
    skipped = terminalreporter.stats.get("skipped", ())
    count = sum(NO_REFERENCE in str(report.longrepr) for report in skipped)
    if count:
        terminalreporter.write_line(
            f"{count} tests against reference maps were skipped: maps of two images are committed, "
            "EXPLAINER_REFERENCE=<folder> names those of all (see tests/reference/README.md)"
        )
