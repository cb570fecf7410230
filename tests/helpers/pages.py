"""What tests look for on a page that a browser has opened."""


def models_shown(browser):
    rows = browser.find_elements("css selector", "#leaderboard tbody tr")
    return [row.get_attribute("data-model") for row in rows if row.is_displayed()]


def press(browser, selector):
    browser.execute_script("arguments[0].click()", browser.find_element("css selector", selector))


def column(browser, title):
    heads = browser.find_elements("css selector", "#leaderboard thead th")
    return next(head for head in heads if head.text.replace("\n", " ").rstrip(" ▾▴") == title)


def lay_out(browser, width, scheme):
    """Lay a page out in `width` pixels and the colours of `scheme`."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def assert_fits(browser, width):
    """Laid out in `width` pixels, nothing overflows."""
    assert browser.execute_script("return innerWidth") == width
    overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(overflow) == 0


def assert_renders(browser, width, scheme):
    """A report in `width` pixels and the colours of `scheme`: nothing overflows, vanishes or is complained of."""
    lay_out(browser, width, scheme)
    assert_fits(browser, width)
    background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    assert browser.get_log("browser") == []
    for chart in browser.find_elements("css selector", "svg.chart"):
        assert chart.size["width"] > 300
        assert chart.size["height"] > 250
    bars = browser.find_elements("css selector", "#leaderboard tbody tr:first-child .bar")
    assert bars
    for bar in bars:
        assert bar.size["width"] >= 80
