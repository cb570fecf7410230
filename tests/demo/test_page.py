"""The page in a real browser, by the keyboard alone, from an empty cache; nothing leaves the machine."""

import os
import socket
import subprocess
import sys

import pytest
from documents import ROOT
from made_model import make_run
from pages import assert_fits, lay_out
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.slow

PATIENCE = 120
"""Seconds that a page has for an answer, on a machine that does other things too."""

COMPLAINTS = ("WARNING", "SEVERE")


@pytest.fixture(scope="module")
def outside():
    """What the server takes for the way out of this machine; whoever knocks would be heard."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        yield listening


@pytest.fixture(scope="module")
def address(tmp_path_factory, outside):
    """Where the page of a made run is shown, by the script in a process of its own."""
    recipe = make_run(tmp_path_factory.mktemp("page"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    way_out = f"http://127.0.0.1:{outside.getsockname()[1]}"
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), way_out)
    local = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "scripts/demo.py", str(recipe), "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **proxies, **local}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    said = next((line for line in process.stdout if b"The page is at" in line), b"")
    assert f"http://127.0.0.1:{port}".encode() in said
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


@pytest.fixture
def page(browser, address):
    """The browser with the page loaded anew, nothing of it in its cache."""
    browser.get("about:blank")
    browser.get_log("browser")  # where the page before complains that it was left
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.get(address)
    until(browser, "document.querySelectorAll('#tt-offered input').length > 0")
    until(browser, "document.activeElement.closest('#tt-search') !== null")
    return browser


def until(browser, condition):
    """Wait until a JavaScript expression is true."""
    waiting = WebDriverWait(browser, PATIENCE, poll_frequency=0.1)
    waiting.until(lambda found: found.execute_script(f"return {condition}"), condition)


def press(browser, *keys):
    ActionChains(browser).send_keys(*keys).perform()


def tab_to(browser, part):
    """Press Tab until the focus is in the part of this id."""
    for _ in range(40):
        if browser.execute_script("return document.activeElement.closest(arguments[0]) !== null", f"#{part}"):
            return
        press(browser, Keys.TAB)
    pytest.fail(f"Tab does not reach {part}")


def text(browser, part):
    return browser.find_element("id", part).text


def mark(browser, query, title, button):
    """Type a part of a title, wait for it to be offered, and mark it."""
    marks = len(browser.find_elements("css selector", "#tt-marks input"))
    press(browser, query)
    chosen = "document.querySelector('#tt-offered input:checked')?.closest('label').innerText"
    until(browser, f"{chosen}?.includes('{title}')")
    tab_to(browser, button)
    press(browser, Keys.ENTER)
    until(browser, f"document.querySelectorAll('#tt-marks input').length === {marks + 1}")
    until(browser, "document.activeElement.closest('#tt-search') !== null")


def chances(browser):
    return [part.text for part in browser.find_elements("css selector", "#tt-best .tt-chance b")]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light"), (390, "light"), (1440, "dark")])
def test_by_keyboard_alone_from_nothing_to_a_list_without_names(browser, address, page, width, scheme):
    lay_out(page, width, scheme)
    assert "Nothing is marked yet" in text(page, "tt-best")
    mark(page, "silent riv", "Silent River (1950)", "tt-liked")
    mark(page, "golden gar", "Golden Garden (1961)", "tt-disliked")
    assert text(page, "tt-marks").splitlines()[-2:] == ["Silent River (1950): liked", "Golden Garden (1961): disliked"]
    assert len(chances(page)) == 10
    assert chances(page) == sorted(chances(page), key=lambda chance: -int(chance.rstrip("%")))
    assert "item_mean, the same list for everybody, has" in text(page, "tt-best")
    assert "Disliked Golden Garden (1961): " in text(page, "tt-moved")
    # Any film, as soon as it is chosen
    press(page, "last win")
    until(page, "document.querySelector('#tt-looked-at').innerText.includes('Last Winter')")
    assert text(page, "tt-looked-at").count("of 58") == 3
    tab_to(page, "tt-why")
    press(page, Keys.ENTER)
    until(page, "document.querySelector('#tt-reason')?.innerText.includes('poor texts')")
    assert text(page, "tt-reason").startswith("Why Last Winter")
    assert 'judging by "' in text(page, "tt-reason")
    assert_fits(page, width)
    # Without names, and with one mark taken back
    tab_to(page, "tt-neutral")
    press(page, Keys.SPACE)
    until(page, "document.querySelector('#tt-best').innerText.includes('names gone')")
    assert page.find_elements("css selector", "#tt-reason section") == []
    assert "The model reads Movie i" in text(page, "tt-best")
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).send_keys(Keys.SPACE).perform()
    until(page, "document.querySelectorAll('#tt-marks input').length === 1")
    assert "Took back Golden Garden (1961)" in text(page, "tt-moved")
    assert_fits(page, width)
    assert ("dark" in page.find_element("tag name", "body").get_attribute("class")) == (scheme == "dark")
    assert [line for line in page.get_log("browser") if line["level"] in COMPLAINTS] == []


def test_what_to_do_is_said_where_nothing_is_found_or_chosen(page):
    tab_to(page, "tt-liked")
    press(page, Keys.ENTER)
    until(page, "document.querySelector('#tt-status')?.innerText.includes('Choose a title first')")
    tab_to(page, "tt-why")
    press(page, Keys.ENTER)
    until(page, "document.querySelector('#tt-reason')?.innerText.includes('Choose a title above')")
    page.find_element("css selector", "#tt-search textarea, #tt-search input").click()
    press(page, "qqqq")
    until(page, "document.querySelector('#tt-status')?.innerText.includes('try fewer letters')")


def test_no_request_leaves_the_machine(browser, address, page, outside):
    """Not the browser's: what the policy forbids or the network lacks would be complained of. Nor the server's."""
    mark(page, "paper win", "Paper Winter", "tt-liked")
    fetched = page.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert len(fetched) > 10
    assert [name for name in fetched if not name.startswith((address, "data:", "blob:"))] == []
    assert [line for line in page.get_log("browser") if line["level"] in COMPLAINTS] == []
    policy = page.execute_script("return fetch('/').then(answer => answer.headers.get('content-security-policy'))")
    assert policy.startswith("default-src 'self'")
    with pytest.raises(BlockingIOError):
        outside.accept()
