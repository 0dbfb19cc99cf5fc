from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait


def order(web, customer):
    form = urlencode({"product": 3, "customer": customer, "quantity": 1}).encode()
    urlopen(web.site("shop").url + "/Default.aspx", data=form, timeout=30).close()


def test_an_order_from_the_shop_is_shipped_by_the_admin_site(browser, web, database):
    order(web, "Hedy")
    with browser.driver() as driver:
        driver.get(web.inside.site("admin").url + "/Default.aspx")
        assert driver.find_element(By.TAG_NAME, "h1").text == "Orders (tests)"
        row = "//tr[td[@class='customer'] = 'Hedy']"
        driver.find_element(By.XPATH, row + "//button").click()
        WebDriverWait(driver, 20, poll_frequency=0.05).until(
            lambda driver: driver.find_elements(By.XPATH, row + "[contains(., 'shipped')]")
        )
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT shipped FROM orders WHERE customer = 'Hedy'")
        assert cursor.fetchone() == (1,)


def test_an_order_that_is_not_there_is_an_error_in_the_log(web):
    desk = web.site("admin").url + "/Default.aspx"
    with pytest.raises(HTTPError, match="500"):
        urlopen(desk, data=b"order=-1", timeout=30)
    # Of this site; the other one's tests may run at the same time.
    assert [(one.method, one.path) for one in web.requests("admin") if one.status == 500] == [("POST", "/Default.aspx")]
    assert any("order -1 is not there" in event.message for event in web.events())
