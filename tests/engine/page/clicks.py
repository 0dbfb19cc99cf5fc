"""Run by `test_page.py` beside this directory, in a suite of its own with a browser."""

from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait


@pytest.fixture(scope="module")
def page(browser):
    browser.copy_in(Path("run"), "/page")
    with browser.driver() as driver:
        driver.get("file:///page/index.html")
        yield driver


def visible_rows(page):
    return page.execute_script("return [...document.querySelectorAll('#list tbody tr')].filter(r => !r.hidden).length")


def expect_matches(page, text):
    WebDriverWait(page, 10, poll_frequency=0.02).until(lambda _: page.find_element(By.ID, "matches").text == text)


def test_it_is_complete_and_has_no_errors(page):
    assert page.title == "Run large1: finished"
    assert page.execute("getLog", {"type": "browser"})["value"] == []
    assert visible_rows(page) == 5000
    assert len(page.find_elements(By.CSS_SELECTOR, "#chart rect.test")) == 5000
    assert "container49" in page.find_element(By.CLASS_NAME, "names").text


def test_it_opens_quickly(page):
    # The navigation's own clock; the limit is that of a machine under load.
    milliseconds = page.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"loaded after {milliseconds:.0f} ms")
    assert milliseconds < 20_000


def test_searching_and_filtering(page):
    search = page.find_element(By.ID, "search")
    search.send_keys("order[4321]")
    expect_matches(page, "1 test")
    assert visible_rows(page) == 1
    assert page.execute_script("return document.querySelectorAll('#chart rect.dim').length") == 4999
    search.send_keys(Keys.CONTROL, "a")
    search.send_keys(Keys.DELETE)
    expect_matches(page, "5000 tests")
    passed = page.find_element(By.CSS_SELECTOR, "input.outcome[value=passed]")
    passed.click()
    expect_matches(page, "50 tests")
    container = Select(page.find_element(By.ID, "container"))
    container.select_by_visible_text("container7")
    expect_matches(page, "50 tests")
    container.select_by_visible_text("container8")
    expect_matches(page, "0 tests")
    container.select_by_visible_text("any")
    passed.click()
    expect_matches(page, "5000 tests")


def test_a_failure_has_its_logs_picture_and_source(page):
    link = page.find_element(By.LINK_TEXT, "tests/test_orders.py::test_order[407]")
    link.click()
    details = page.find_element(By.CSS_SELECTOR, "details:target")
    assert details.get_attribute("open")
    details.find_element(By.TAG_NAME, "summary").click()
    assert not details.get_attribute("open")
    link.click()
    assert details.get_attribute("open")
    text = details.text
    assert "assert 407 == 0" in text
    assert "line 149 </pre><b>" in text
    assert "<h1>407</h1>" in text
    picture = details.find_element(By.TAG_NAME, "img")
    WebDriverWait(page, 10).until(lambda _: page.execute_script("return arguments[0].naturalWidth", picture) == 407)
    # What a page of the shop says is text here.
    assert page.title == "Run large1: finished"


def test_a_bar_leads_to_its_test(page):
    bar = page.find_element(By.CSS_SELECTOR, "#chart rect.failed.test")
    click = "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    page.execute_script(click, bar)
    target = bar.get_attribute("data-t")
    WebDriverWait(page, 10).until(lambda _: page.current_url.endswith(f"#f-{target}"))


def test_zooming_with_keys_and_buttons(page):
    chart = page.find_element(By.ID, "chart")
    width = chart.size["width"]
    page.find_element(By.CLASS_NAME, "timeline").send_keys("+")
    assert chart.size["width"] > 1.9 * width
    page.find_element(By.ID, "out").click()
    assert chart.size["width"] == width


def test_light_and_dark(page):
    def colour():
        return page.execute_script("return getComputedStyle(document.body).backgroundColor")

    button = page.find_element(By.ID, "theme")
    first, pressed = colour(), button.get_attribute("aria-pressed")
    button.click()
    assert colour() != first
    assert button.get_attribute("aria-pressed") != pressed
    button.click()
    assert colour() == first


UNNAMED = """
const named = (one) => one.getAttribute("aria-label") || one.textContent.trim() || one.alt || one.closest("label") || one.querySelector("[alt]");
const all = [...document.querySelectorAll("button, input, select, a, img, svg, summary")];
return all.filter((one) => !named(one)).map((one) => one.outerHTML.slice(0, 100));
"""


def test_everything_has_a_name_for_screen_readers(page):
    assert page.execute_script(UNNAMED) == []
    assert page.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    unscoped = page.find_elements(By.CSS_SELECTOR, "th:not([scope])")
    assert unscoped == []


def press(page, *keys):
    """Press keys one after the other; the element that has the focus then."""
    ActionChains(page).send_keys(*keys).perform()
    return page.switch_to.active_element


def test_the_keyboard_alone_leads_to_a_test_and_its_failure(page):
    page.get("file:///page/index.html")
    skip = press(page, Keys.TAB)
    assert skip.text == "Skip to the tests"
    assert skip.is_displayed()
    assert skip.rect["x"] >= 0
    press(page, Keys.ENTER)
    WebDriverWait(page, 10).until(lambda _: page.current_url.endswith("#tests"))
    # Past the timeline and all failures.
    assert press(page, Keys.TAB).get_attribute("id") == "search"
    press(page, "order[4907]")
    expect_matches(page, "1 test")
    focused = press(page, Keys.TAB)
    while focused.tag_name != "a":
        assert focused.get_attribute("class") == "outcome" or focused.get_attribute("id") == "container"
        focused = press(page, Keys.TAB)
    assert focused.text == "tests/test_orders.py::test_order[4907]"
    press(page, Keys.ENTER)
    details = WebDriverWait(page, 10).until(lambda _: page.find_element(By.CSS_SELECTOR, "details:target"))
    assert details.get_attribute("open")
    assert "assert 4907 == 0" in details.text
    summary = press(page, Keys.TAB)
    assert summary == details.find_element(By.TAG_NAME, "summary")
    press(page, Keys.ENTER)
    assert not details.get_attribute("open")


def test_it_needs_no_network(page):
    loaded = page.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
    assert [name for name in loaded if not name.startswith(("data:", "file:"))] == []
