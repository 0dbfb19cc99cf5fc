from html import unescape
from urllib.parse import urlencode
from urllib.request import urlopen


def page(url, **form):
    with urlopen(url, data=urlencode(form).encode() if form else None, timeout=30) as answer:
        return unescape(answer.read().decode())


def test_the_page_lists_what_the_migration_wrote(web):
    text = page(web.url + "/Default.aspx")
    assert "Käse; reif" in text
    assert "12.00" in text


def test_an_order_is_stored(web, database):
    page(web.url + "/Default.aspx", product=1, customer="Ada & Söhne", quantity=3)
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT quantity, order_total(id) FROM orders WHERE customer = 'Ada & Söhne'")
        assert [(quantity, str(total)) for quantity, total in cursor] == [(3, "22.50")]


def test_a_bad_quantity_stores_nothing(web, database):
    text = page(web.url + "/Default.aspx", product=1, customer="Nobody", quantity="many")
    assert "whole number" in text
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders WHERE customer = 'Nobody'")
        assert cursor.fetchone() == (0,)
