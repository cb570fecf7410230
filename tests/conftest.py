"""What several test modules share."""

import atexit
import gc
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from fuzzing import Outcomes
from hub_server import HubServer
from scored import make_scored
from slow import is_slow
from warm import python

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=3, help="how often tests/scripts/test_killed.py kills each stage")


def pytest_configure(config):
    """End a worker of `pytest -n` before the interpreter takes itself apart.

    DuckDB's binding would find types of its own still held by then, by libraries beside it, and print a page of leaks.
    A worker has reported all its results when it exits.
    """
    if hasattr(config, "workerinput"):
        atexit.register(os._exit, 0)


def pytest_collection_modifyitems(items):
    for item in items:
        if is_slow(item.nodeid, item.fixturenames):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """Take the libraries that are loaded by now from what is looked through for rubbish, half a second each time."""
    gc.freeze()


def pytest_unconfigure():
    gc.unfreeze()


class Hub(HubServer):
    """The stand-in, and processes that take it for the Hub (they must be new: HF_ENDPOINT is read at import)."""

    def __init__(self, home: Path):
        super().__init__()
        self.home = home

    def run(self, *args: str, **environment: str | None) -> subprocess.CompletedProcess:
        """Run `python *args` in the checkout, logged in by a token that may write; None unsets a variable."""
        given = {"HF_ENDPOINT": self.url, "HF_TOKEN": "made-up"} | environment
        hub = {"HF_HOME": str(self.home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        foreign = ("HF_", "HUGGING", "TRANSFORMERS_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        full = kept | hub | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "OMP_NUM_THREADS": "1"} | given
        return python(*args, env={name: value for name, value in full.items() if value is not None}, cwd=ROOT)


@pytest.fixture(scope="session")
def new_hub(tmp_path_factory):
    return lambda: Hub(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def hub(new_hub):
    server = new_hub()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def near_hub(tmp_path_factory, monkeypatch):
    """The stand-in, as the Hub of this very process; `waits` are the seconds that were to be waited."""
    from huggingface_hub import close_session, constants

    server = HubServer().start()
    server.waits = []
    cache = tmp_path_factory.mktemp("cache")
    values = {"ENDPOINT": server.url, "HUGGINGFACE_CO_URL_TEMPLATE": f"{server.url}/{{repo_id}}/resolve/{{revision}}/"}
    values["HUGGINGFACE_CO_URL_TEMPLATE"] += "{filename}"
    for name, value in (values | {"HF_HUB_CACHE": str(cache), "HF_HUB_DISABLE_XET": True}).items():
        monkeypatch.setattr(constants, name, value)
    for name, value in {"HF_TOKEN": "made-up", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", server.waits.append)
    close_session()  # it was opened without these variables
    yield server
    close_session()
    server.stop()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless Chromium that cannot reach a network."""
    chromium, driver = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no chromium and chromedriver here: install both to test pages in a browser")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    off = ("gpu", "quic", "background-networking", "component-update", "sync")
    flags = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in off)]
    profile = f"--user-data-dir={tmp_path_factory.mktemp('profile')}"
    for flag in (*flags, profile, "--proxy-server=http://127.0.0.1:9"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory, page):
    """Where a browser finds the module's `page`, a report as text."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(browser, address):
    """The browser with the module's `page`, loaded anew."""
    browser.get("about:blank")
    browser.get(address)
    return browser


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A folder with a made dataset, five models' predictions and an adapter's folder, see `scored.make_scored`."""
    folder = tmp_path_factory.mktemp("scored")
    make_scored(folder)
    return folder


@pytest.fixture
def config(tmp_path):
    """Writes keys as a config of recbole_configs/ and reads it."""
    from tastetune.baselines.recbole.configs import read_config

    def written(keys):
        path = tmp_path / "model.yaml"
        path.write_text(yaml.safe_dump(keys))
        return read_config(path)

    return written


@pytest.fixture
def one_thread():
    """Tiny models on several threads spend their time waiting for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def outcomes(request):
    """Counts the inputs that a fuzzed test tries, for the end of pytest's report."""
    counted = Outcomes()
    yield counted
    request.node.user_properties.append(("fuzzed", dict(counted.counts)))


def pytest_terminal_summary(terminalreporter):
    """Say of each fuzzed test how many inputs it tried, how many were refused, and how many tracebacks there were."""
    reports = [report for several in terminalreporter.stats.values() for report in several]
    for report in reports:
        counts = dict(getattr(report, "user_properties", ())).get("fuzzed")
        if counts and report.when == "teardown":
            words = ", ".join(f"{counts.get(name, 0)} {name}" for name in ("inputs", "refusals", "tracebacks"))
            terminalreporter.write_line(f"fuzzed: {report.nodeid}: {words}")
