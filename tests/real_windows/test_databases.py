"""MySQL itself: snapshots, resets and copies, on a real Windows engine."""

import subprocess

MIGRATION = """
CREATE TABLE kinds (id INT PRIMARY KEY, name VARCHAR(40));
CREATE TABLE products (
    id INT AUTO_INCREMENT PRIMARY KEY, kind INT, name VARCHAR(80), price DECIMAL(8, 2),
    gross DECIMAL(10, 2) AS (price * 1.19) STORED, FOREIGN KEY (kind) REFERENCES kinds (id) ON DELETE CASCADE
);
INSERT INTO kinds VALUES (1, 'one'), (2, 'two');
INSERT INTO products (kind, name, price) VALUES (1, 'Coffee', 7.5), (2, 'Käse', 12), (1, 'Tea', 4);
SELECT SLEEP(1.5);
DELIMITER //
CREATE TRIGGER shouted BEFORE INSERT ON products FOR EACH ROW SET NEW.name = UPPER(NEW.name)//
CREATE FUNCTION total() RETURNS DECIMAL(10, 2) READS SQL DATA RETURN (SELECT SUM(price) FROM products)//
DELIMITER ;
CREATE VIEW cheap AS SELECT name FROM products WHERE price < 5;
"""
CONFTEST = """
from pytest_wincontainers import mysql_container

@mysql_container(database="shop", migrations="migrations", reset="test", per_worker=True)
def database():
    pass
"""
TEST = """
import pytest

CHANGES = [
    "DELETE FROM kinds WHERE id = 1",
    "UPDATE products SET name = 'coffee' WHERE id = 1",
    "INSERT INTO products (kind, name, price) VALUES (1, 'rum', 20)",
    "ALTER TABLE products ADD added INT",
    "DROP VIEW cheap",
    "TRUNCATE products",
    "DROP TRIGGER shouted",
    "SELECT 1",
]

@pytest.mark.parametrize("change", CHANGES)
def test_each_begins_with_the_prepared_state(database, change):
    assert database.execute("SELECT id, name FROM products ORDER BY id") == [(1, "Coffee"), (2, "Käse"), (3, "Tea")]
    assert database.execute("SELECT name FROM cheap") == [("Tea",)]
    database.execute("INSERT INTO products (kind, name, price) VALUES (2, 'new', 1)")
    assert database.execute("SELECT id, name, total() FROM products WHERE name = 'NEW'")[0][:2] == (4, "NEW")
    with database.connect(root=True) as connection, connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 1")
        cursor.execute(change.replace("TRUNCATE products", "DELETE FROM products"))

def test_a_dump(database):
    assert "CREATE TABLE `products`" in database.dump()
"""


def snapshots():
    listed = [
        "docker",
        "images",
        "--filter",
        "label=pytest-wincontainers.snapshot",
        "--format",
        "{{.Repository}}:{{.Tag}}",
    ]
    return set(subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split())


def test_snapshots_resets_and_copies(suite):
    (suite.path / "migrations").mkdir()
    (suite.path / "migrations" / "V1__shop.sql").write_text(MIGRATION, "utf-8")
    suite.files(conftest=CONFTEST, test_it=TEST)
    before = snapshots()
    assert suite.run("-v") == {"passed": 9}
    (made,) = snapshots() - before
    assert suite.run("-v", "-n2") == {"passed": 9}
    assert snapshots() - before == {made}
