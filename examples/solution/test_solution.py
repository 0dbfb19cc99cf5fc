from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import title_is
from selenium.webdriver.support.wait import WebDriverWait


def test_an_order_through_the_compiled_site(browser, web, database, solution):
    assert (solution.path("site") / "bin" / "Shop.dll").is_file()
    with browser.driver() as driver:
        driver.get(web.inside.url + "/Default.aspx")
        driver.find_element(By.NAME, "customer").send_keys("Ada")
        driver.find_element(By.TAG_NAME, "button").click()
        WebDriverWait(driver, 20, poll_frequency=0.05).until(title_is("Orders"))
        assert "Ada" in driver.find_element(By.ID, "orders").text
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT customer FROM orders")
        assert cursor.fetchall() == (("Ada",),)
