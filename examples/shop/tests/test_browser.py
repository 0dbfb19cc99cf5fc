from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import text_to_be_present_in_element, title_is
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait


def wait(driver):
    """A click returns before the page that it leads to is there."""
    return WebDriverWait(driver, 20, poll_frequency=0.05)


def test_the_shop_opens_by_its_name_on_the_network(browser, web):
    with browser.driver() as driver:
        driver.get(web.inside.url + "/Default.aspx")
        assert driver.title == "Shop"
        names = [element.text for element in driver.find_elements(By.CSS_SELECTOR, "#products .name")]
        assert names == ["Coffee", "Käse; reif", "Tea"]


def test_an_order_from_the_browser_reaches_the_database(browser, web, database):
    with browser.driver() as driver:
        driver.get(web.inside.url + "/Default.aspx")
        Select(driver.find_element(By.NAME, "product")).select_by_visible_text("Tea")
        driver.find_element(By.NAME, "customer").send_keys("Grace")
        quantity = driver.find_element(By.NAME, "quantity")
        quantity.clear()
        quantity.send_keys("2")
        driver.find_element(By.TAG_NAME, "button").click()
        wait(driver).until(title_is("Orders"))
        assert "Grace" in driver.find_element(By.ID, "orders").text
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT quantity, order_total(id) FROM orders WHERE customer = 'Grace'")
        assert [(quantity, str(total)) for quantity, total in cursor] == [(2, "8.40")]


def test_a_bad_quantity_is_answered_on_the_page(browser, web):
    with browser.driver() as driver:
        driver.get(web.inside.url + "/Default.aspx")
        quantity = driver.find_element(By.NAME, "quantity")
        quantity.clear()
        quantity.send_keys("0")
        driver.find_element(By.TAG_NAME, "button").click()
        wait(driver).until(text_to_be_present_in_element((By.CLASS_NAME, "message"), "whole number"))
