import pymysql
import pytest


def test_products_are_there(database):
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM products ORDER BY id")
        assert [name for (name,) in cursor] == ["Coffee", "Käse; reif", "Tea"]


def test_the_server_refuses_a_price_of_nothing(database):
    with (
        database.connect() as connection,
        connection.cursor() as cursor,
        pytest.raises(pymysql.Error, match="products"),
    ):
        cursor.execute("INSERT INTO products (name, price) VALUES ('Air', 0)")


@pytest.mark.wincontainers("database")
def test_the_mark_waits_without_a_value(request):
    assert "database" not in request.fixturenames
