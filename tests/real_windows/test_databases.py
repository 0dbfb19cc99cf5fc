"""MySQL itself: snapshots, resets and copies."""

import uuid

import pytest

from tests.real_windows import MARKS

pytestmark = MARKS

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
CREATE TABLE migrated AS SELECT UUID() AS word;
"""
CONFTEST = """
from pytest_wincontainers import mysql_container

@mysql_container(database="shop", migrations="migrations", reset="test", per_worker=True)
def STOCK():
    pass
"""
TEST = """
from pathlib import Path
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
def test_each_begins_with_the_prepared_state(STOCK, change):
    assert STOCK.execute("SELECT id, name FROM products ORDER BY id") == [(1, "Coffee"), (2, "Käse"), (3, "Tea")]
    assert STOCK.execute("SELECT name FROM cheap") == [("Tea",)]
    STOCK.execute("INSERT INTO products (kind, name, price) VALUES (2, 'new', 1)")
    assert STOCK.execute("SELECT id, name, total() FROM products WHERE name = 'NEW'")[0][:2] == (4, "NEW")
    with STOCK.connect(root=True) as connection, connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 1")
        cursor.execute(change)

def test_its_migration_ran_once(STOCK):
    with Path("words").open("a") as file:
        print(*STOCK.execute("SELECT word FROM migrated")[0], file=file)

def test_a_dump(STOCK):
    assert "CREATE TABLE `products`" in STOCK.dump()
"""


@pytest.fixture
def stock():
    """A name for a declaration that nobody else has, as its snapshots have it too."""
    return f"stock{uuid.uuid4().hex[:8]}"


@pytest.fixture
def snapshots(suite, stock):
    """The names of the declaration's snapshots; they are removed."""

    def names():
        found = suite.client.api.images(name=f"wincontainers/snapshot-{stock}")
        return [tag for one in found for tag in one["RepoTags"]]

    yield names
    for one in names():
        suite.client.api.remove_image(one)


def test_snapshots_resets_and_copies(suite, stock, snapshots):
    (suite.path / "migrations").mkdir()
    (suite.path / "migrations" / "V1__shop.sql").write_text(MIGRATION, "utf-8")
    suite.files(conftest=CONFTEST.replace("STOCK", stock), test_it=TEST.replace("STOCK", stock))
    assert suite.run("-v") == {"passed": 10}
    (made,) = snapshots()
    assert suite.run("-v", "-n2") == {"passed": 10}
    assert snapshots() == [made]
    words = (suite.path / "words").read_text().split()
    assert len(words) == 2
    assert words[0] == words[1], "the migration ran again"
