from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select


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
        assert driver.title == "Orders"
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
        assert "whole number" in driver.find_element(By.CLASS_NAME, "message").text
