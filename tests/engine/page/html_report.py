"""Run by `test_page.py` beside this directory, in a suite of its own with a browser."""

import re
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait


@pytest.fixture(scope="module", params=["report", "alone"])
def page(browser, request):
    browser.copy_in(Path("reports"), "/reports")
    with browser.driver() as driver:
        driver.get(f"file:///reports/{request.param}.html")
        yield driver


def rows(page, test, result):
    """The rows of a test with that result."""
    found = page.find_elements(By.CSS_SELECTOR, f"tbody.{result}")
    return [row for row in found if row.find_element(By.CLASS_NAME, "col-testId").text.partition("::")[2] == test]


def log(row):
    return row.find_element(By.CLASS_NAME, "log").text


def picture(page, row):
    """The name and the size of the picture that a row shows."""
    shown = row.find_element(By.CSS_SELECTOR, ".media-container__viewport img")
    WebDriverWait(page, 10).until(lambda _: page.execute_script("return arguments[0].complete", shown))
    assert shown.is_displayed()
    size = page.execute_script("return [arguments[0].naturalWidth, arguments[0].naturalHeight]", shown)
    return row.find_element(By.CLASS_NAME, "media__name").text, *size


def next_picture(row):
    row.find_element(By.CLASS_NAME, "media-container__nav--right").click()


def test_each_section_says_which_container_its_lines_are_from(page):
    (failed,) = rows(page, "test_fails", "failed")
    for title, line in (("web: output", "web said this"), ("cache: output", "cache said that")):
        assert re.search(rf"(?m)^-+ {title} -+\n(?:[\d:.]+ .*\n)*[\d:.]+ {line}$", log(failed))
    (errs,) = rows(page, "test_errs::setup", "error")
    assert re.search(r"(?m)^-+ cache: output -+\n(?:[\d:.]+ .*\n)*[\d:.]+ while it was set up$", log(errs))


def test_each_attempt_has_its_own_lines(page):
    (failed,) = rows(page, "test_fails", "failed")
    assert "title: test_fails 2" in log(failed)
    assert "title: test_fails 1" not in log(failed)
    for test in ("test_fails", "test_recovers"):
        reruns = rows(page, test, "rerun")
        assert reruns
        for row in reruns:
            assert f"title: {test} 1" in log(row)
            assert f"title: {test} 2" not in log(row)


def test_each_attempt_has_its_own_picture(page):
    """See `tests.kit.pictures`: its width is the attempt's number, its height the length of the test's name."""
    (failed,) = rows(page, "test_fails", "failed")
    assert picture(page, failed) == ("page picture", 1, len("test_fails"))
    next_picture(failed)
    assert picture(page, failed) == ("page picture (attempt 2)", 2, len("test_fails"))
    for test in ("test_fails", "test_recovers"):
        for row in rows(page, test, "rerun"):
            assert picture(page, row) == ("page picture", 1, len(test))
    (passed,) = rows(page, "test_recovers", "passed")
    passed.find_element(By.CLASS_NAME, "col-result").click()
    (passed,) = rows(page, "test_recovers", "passed")
    assert picture(page, passed) == ("page picture", 1, len("test_recovers"))


FETCH = "const done = arguments[1]; fetch(arguments[0].href).then((answer) => answer.text()).then(done, (why) => done(`${why}`))"


def opened(page, link):
    """The text behind a link."""
    if link.get_attribute("href").startswith("data:"):
        # Chromium opens no such links in windows of their own; a person saves them.
        return page.execute_async_script(FETCH, link)
    report = page.current_window_handle
    link.click()
    WebDriverWait(page, 10).until(lambda _: len(page.window_handles) == 2)
    page.switch_to.window(next(one for one in page.window_handles if one != report))
    # As text, and not as the page.
    text = WebDriverWait(page, 10).until(lambda _: page.find_elements(By.TAG_NAME, "pre"))[0].text
    page.close()
    page.switch_to.window(report)
    return text


def test_each_attempt_has_the_source_of_its_page(page):
    (failed,) = rows(page, "test_fails", "failed")
    for attempt, name in ((1, "page source"), (2, "page source (attempt 2)")):
        assert opened(page, failed.find_element(By.LINK_TEXT, name)) == f"<h1>test_fails {attempt}</h1>"
