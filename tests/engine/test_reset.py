"""Going back to the prepared state: data, AUTO_INCREMENT and definitions, for one process and for many."""

import pytest

from tests.kit.soak import amount

pytestmark = pytest.mark.few_hosts

SHOP = """
CREATE TABLE kinds (code VARCHAR(10) PRIMARY KEY, name VARCHAR(40)) COLLATE utf8mb4_general_ci;
CREATE TABLE products (
    id INT AUTO_INCREMENT PRIMARY KEY, kind VARCHAR(10) COLLATE utf8mb4_general_ci, name VARCHAR(80) NOT NULL UNIQUE,
    price DECIMAL(8, 2) NOT NULL CHECK (price > 0), gross DECIMAL(10, 4) AS (price * 1.19) STORED, half DOUBLE AS (price / 2),
    weight DOUBLE, rate FLOAT, picture BLOB, made TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, size ENUM('s', 'm'), flags SET('a', 'b'),
    FOREIGN KEY (kind) REFERENCES kinds (code) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE orders (
    id BIGINT AUTO_INCREMENT PRIMARY KEY, product INT, note TEXT,
    FOREIGN KEY (product) REFERENCES products (id) ON DELETE CASCADE
);
CREATE TABLE log (what VARCHAR(100), at_row INT, a VARCHAR(5) NOT NULL DEFAULT '', b VARCHAR(5) NOT NULL DEFAULT 'x');
CREATE SEQUENCE tickets INCREMENT BY 3;
SELECT NEXTVAL(tickets);
CREATE TABLE old_engine (id INT PRIMARY KEY, t VARCHAR(10)) ENGINE=MyISAM;
CREATE TABLE parts (id INT, year INT, v VARCHAR(10), PRIMARY KEY (id, year))
    PARTITION BY RANGE (year) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE);
CREATE TABLE `we``ird name; x` (`a``b` INT PRIMARY KEY, `select` VARCHAR(5));
INSERT INTO kinds VALUES ('A', 'Alpha'), ('b', 'beta');
INSERT INTO products (kind, name, price, weight, picture, size, flags) VALUES
    ('A', 'Coffee', 7.5, 0.1, X'00FF', 's', 'a,b'), ('b', 'Tea', 4.2, -0.0, NULL, 'm', ''), ('A', 'Käse', 12, 1e300, '', NULL, NULL);
INSERT INTO orders (product, note) VALUES (1, 'one'), (1, 'two'), (2, NULL), (3, REPEAT('x', 5000));
UPDATE products SET rate = 1.2345671;
INSERT INTO log (what, at_row) VALUES ('a', 1), ('a', 1), ('b', NULL);
INSERT INTO old_engine VALUES (1, 'x');
INSERT INTO parts VALUES (1, 1999, 'x'), (1, 2001, 'y');
INSERT INTO `we``ird name; x` VALUES (1, 'x');
CREATE VIEW cheap AS SELECT * FROM products WHERE price < 5;
CREATE VIEW cheaper AS SELECT name FROM cheap;
DELIMITER //
CREATE TRIGGER shop.logged AFTER INSERT ON shop.products FOR EACH ROW INSERT INTO log (what, at_row) VALUES (CONCAT('insert ', NEW.name), NEW.id)//
CREATE TRIGGER logged_first BEFORE DELETE ON products FOR EACH ROW BEGIN
    INSERT INTO log (what, at_row) VALUES ('deleted;', OLD.id);
END//
CREATE FUNCTION total(wanted INT) RETURNS DECIMAL(10, 2) READS SQL DATA RETURN (SELECT SUM(price) FROM products WHERE id < wanted)//
CREATE PROCEDURE fill(IN n INT) BEGIN WHILE n > 0 DO INSERT INTO shop.log (what, at_row) VALUES ('filled', n); SET n = n - 1; END WHILE; END//
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO DELETE FROM log//
DELIMITER ;
CREATE DATABASE archive CHARACTER SET latin1;
CREATE TABLE archive.orders (id INT PRIMARY KEY, product INT);
INSERT INTO archive.orders VALUES (1, 1);
USE archive;
CREATE VIEW both_of AS SELECT o.id FROM archive.orders o JOIN shop.products p ON p.id = o.product;
"""
CONFTEST = """
from pytest_wincontainers import mysql_container

@mysql_container(database="shop", migrations="migrations", snapshot="never", reset="{reset}"{options})
def database():
    pass
"""
STATE = """
import re

def state(database, *names):
    \"\"\"Checksums of every table and every definition.\"\"\"
    found = {}
    with database.connect(root=True) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES")
        there = {name for (name,) in cursor} - {"information_schema", "mysql", "performance_schema", "sys", "wincontainers"}
        for schema in sorted(names or there):
            cursor.execute(f"SHOW CREATE DATABASE `{schema}`")
            found[schema] = cursor.fetchone()
            cursor.execute(f"SHOW FULL TABLES FROM `{schema}`")
            for name, kind in cursor.fetchall():
                name = name.replace("`", "``")
                cursor.execute(f"SHOW CREATE TABLE `{schema}`.`{name}`")
                found[schema, name, "shown"] = cursor.fetchone()[1]
                if kind == "BASE TABLE":
                    cursor.execute(f"CHECKSUM TABLE `{schema}`.`{name}` EXTENDED")
                    found[schema, name] = cursor.fetchone()[1]
                    cursor.execute(f"SELECT * FROM `{schema}`.`{name}`")
                    found[schema, name, "rows"] = sorted(map(repr, cursor.fetchall()))
                if kind == "SEQUENCE":
                    cursor.execute(f"SELECT NEXTVAL(`{schema}`.`{name}`)")
                    found[schema, name] = cursor.fetchone()
            for what in ("ROUTINES", "TRIGGERS", "EVENTS"):
                column = {"ROUTINES": "ROUTINE", "TRIGGERS": "TRIGGER", "EVENTS": "EVENT"}[what]
                cursor.execute(f"SELECT * FROM information_schema.{what} WHERE {column}_SCHEMA = %s ORDER BY {column}_NAME", (schema,))
                names_of = [one[0] for one in cursor.description]
                left_out = {"CREATED", "LAST_ALTERED", "LAST_EXECUTED"}
                found[schema, what] = [
                    {key: value for key, value in zip(names_of, row) if key not in left_out} for row in cursor.fetchall()
                ]
    return found
"""


@pytest.fixture
def shop(suite):
    (suite.path / "migrations").mkdir()
    (suite.path / "migrations" / "1.sql").write_text(SHOP)

    def declare(reset="call", options=""):
        suite.files(conftest=CONFTEST.format(reset=reset, options=options), state=STATE)

    suite.declare = declare
    return suite


CHANGES = [
    "UPDATE products SET name = 'coffee' WHERE id = 1",
    "UPDATE products SET name = 'Coffee ' WHERE id = 1",
    "UPDATE products SET weight = 0.0 WHERE id = 2",
    "UPDATE products SET picture = NULL WHERE id = 3",
    "UPDATE kinds SET code = 'a' WHERE code = 'A'",
    "DELETE FROM kinds WHERE code = 'A'",
    "DELETE FROM products",
    "TRUNCATE orders",
    "INSERT INTO products (kind, name, price) VALUES ('b', 'Rum', 20)",
    "INSERT INTO orders (id, product) VALUES (1000, 1)",
    "INSERT INTO log (what, at_row) VALUES ('a', 1)",
    "UPDATE log SET a = b, b = ''",
    "UPDATE products SET rate = 1.2345675 WHERE id = 1",
    "SELECT NEXTVAL(tickets)",
    "SELECT SETVAL(tickets, 5000)",
    "ALTER SEQUENCE tickets INCREMENT BY 5",
    "DROP SEQUENCE tickets",
    "DELETE FROM log LIMIT 1",
    "CALL fill(3)",
    "UPDATE old_engine SET t = 'y'",
    "UPDATE parts SET v = 'z' WHERE year = 1999",
    "UPDATE parts SET year = 2005 WHERE year = 1999",
    "REPLACE INTO `we``ird name; x` VALUES (1, 'X'), (2, NULL)",
    "UPDATE archive.orders SET product = 2",
    "ALTER TABLE products ADD added INT",
    "ALTER TABLE products DROP COLUMN weight",
    "ALTER TABLE orders MODIFY note VARCHAR(10000)",
    "ALTER TABLE log ADD INDEX (what)",
    "ALTER TABLE parts DROP PARTITION p0",
    "ALTER TABLE orders AUTO_INCREMENT = 500",
    "CREATE INDEX i ON orders (note(10))",
    "DROP TABLE log",
    "DROP TABLE orders, products",
    "RENAME TABLE log TO journal",
    "CREATE TABLE made (id INT PRIMARY KEY) AS SELECT id FROM products",
    "DROP VIEW cheap",
    "CREATE OR REPLACE VIEW cheap AS SELECT * FROM products WHERE price < 500",
    "CREATE VIEW another AS SELECT 1 AS one",
    "DROP TRIGGER logged",
    "CREATE TRIGGER also AFTER INSERT ON orders FOR EACH ROW INSERT INTO log (what) VALUES ('order')",
    "DROP FUNCTION total",
    "CREATE FUNCTION other() RETURNS INT DETERMINISTIC RETURN 1",
    "DROP PROCEDURE fill",
    "ALTER EVENT nightly ENABLE",
    "DROP EVENT nightly",
    "CREATE DATABASE scratch",
    "DROP DATABASE archive",
    "DROP DATABASE shop",
    "ALTER DATABASE shop CHARACTER SET latin1",
    "ALTER DATABASE shop COMMENT 'another'",
    "ANALYZE TABLE products",
    "SET GLOBAL innodb_stats_persistent = ON",
]


def test_whatever_a_test_has_changed(shop):
    shop.declare()
    shop.files(
        changes=f"CHANGES = {CHANGES!r}",
        test_it="""
        import pytest
        from changes import CHANGES
        from state import state

        @pytest.fixture(scope="session")
        def prepared(database):
            return state(database)

        @pytest.mark.parametrize("change", CHANGES)
        def test_one(database, prepared, change):
            with database.connect(root=True) as connection, connection.cursor() as cursor:
                cursor.execute("SET foreign_key_checks = 0" if change.startswith("DROP TABLE") else "SELECT 1")
                cursor.execute(change)
            database.reset()
            assert state(database) == prepared
            database.reset()
            assert state(database) == prepared

        def test_in_a_transaction_that_is_open(database, prepared):
            connection = database.connect(autocommit=False)
            connection.cursor().execute("UPDATE products SET price = 1 WHERE id = 1")
            database.reset()
            assert state(database) == prepared

        def test_over_a_restart(database, prepared):
            database.execute("DELETE FROM orders WHERE id = 1")
            database.restart()
            database.reset()
            assert state(database) == prepared
        """,
    )
    finished = shop.run("-q")
    assert finished.outcomes() == {"passed": len(CHANGES) + 2}


EACH = """
import pytest

@pytest.mark.parametrize("number", range(8))
def test_it(database, number):
    rows = database.execute("SELECT id FROM products ORDER BY id")
    assert [id for (id,) in rows] == [1, 2, 3]
    database.execute("DELETE FROM products WHERE id = 1")
    database.execute("INSERT INTO products (kind, name, price) VALUES ('b', 'Rum', 20)")
    assert database.execute("SELECT MAX(id) FROM products") == [(4,)]
    assert database.execute("SELECT COUNT(*) FROM cheap") == [(1,)]
"""


def test_before_each_test(shop):
    shop.declare("test")
    shop.files(test_it=EACH)
    assert shop.run("-v").outcomes() == {"passed": 8}


def alone(suite, more=""):
    """Only the one database that is copied."""
    (suite.path / "migrations" / "1.sql").write_text(SHOP.partition("CREATE DATABASE archive")[0] + more)


@pytest.mark.parametrize("name", ["shop", "Shop"])
def test_workers_with_databases_of_their_own(shop, name):
    alone(shop, "CREATE TABLE going (id INT);\nCREATE VIEW gone AS SELECT * FROM going;\nDROP TABLE going;\n")
    shop.declare("test", ", per_worker=True, log_statements=True")
    conftest = shop.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace('"shop"', f'"{name}"'))
    shop.files(
        test_it=EACH.replace("range(8)", "range(10)")
        + """
    database.execute("CALL fill(2)")
    assert database.execute("SELECT COUNT(*) FROM log WHERE what = 'filled'") == [(2,)]

def test_it_is_mine(database, worker_id, request):
    own = "NAME" if worker_id == "master" else f"NAME_{worker_id}"
    assert database.database == database.inside.database == own
    assert database.execute("SELECT LOWER(DATABASE())") == [(own.lower(),)]
    assert f"Database={own};" in database.connection_string
""".replace("NAME", name)
    )
    finished = shop.run("-n4", "-v")
    assert finished.outcomes() == {"passed": 11}
    log = shop.artifact("database.log").read_text("utf-8")
    assert log.count("CREATE TABLE kinds") == 1
    assert shop.run("-v", "-n0").outcomes() == {"passed": 11}


@pytest.mark.soak
def test_workers_that_are_brought_back_at_once(shop):
    """Each with tables that several connections work on, and triggers that are made anew."""
    count = amount(40, 400)
    tables = "".join(
        f"CREATE TABLE t{n} (id INT AUTO_INCREMENT PRIMARY KEY, v INT);\n"
        f"INSERT INTO t{n} (v) SELECT seq FROM seq_1_to_2000;\n"
        f"CREATE TRIGGER r{n} BEFORE INSERT ON t{n} FOR EACH ROW SET NEW.v = -1;\n"
        for n in range(3)
    )
    (shop.path / "migrations" / "1.sql").write_text(tables)
    shop.declare("test", ", per_worker=True")
    shop.files(
        test_it="""
        import pytest

        @pytest.mark.parametrize("number", range(COUNT))
        def test_it(database, number):
            there = database.execute("SHOW TABLES")
            assert len(there) == 4, there
            for n in range(3):
                assert database.execute(f"SELECT SUM(v), MAX(id) FROM t{n}") == [(2001000, 2000)]
                database.execute(f"UPDATE t{n} SET v = v + 1")
                database.execute(f"INSERT INTO t{n} (v) VALUES (1)")
            for n in range(number % 4):
                database.execute(f"CREATE TABLE extra{n} (id INT)")
        """.replace("COUNT", str(count))
    )
    assert shop.run("-n4").outcomes() == {"passed": count}


def test_a_copy_of_one_of_several_databases_is_not_enough(shop):
    shop.declare("test", ", per_worker=True")
    shop.files(test_it=EACH)
    finished = shop.run("-n2")
    assert finished.outcomes() == {"errors": 8}
    assert "the migrations also created archive, which all workers share" in finished.output
    assert shop.run("-n0").outcomes() == {"passed": 8}


def test_a_lock_that_a_test_has_left(shop):
    shop.declare()
    shop.files(
        test_it="""
        import pytest
        from pytest_wincontainers import WincontainersError

        def test_it(database):
            with database.connect() as connection, connection.cursor() as cursor:
                database.execute("DELETE FROM log")
                cursor.execute("LOCK TABLES log READ")
                with pytest.raises(WincontainersError, match="still locked") as caught:
                    database.reset()
                assert f"{connection.thread_id()}: shop from" in caught.value.details
            database.reset()
            assert database.execute("SELECT COUNT(*) FROM log") == [(3,)]
        """
    )
    assert shop.run().outcomes() == {"passed": 1}


def test_workers_cannot_share_what_is_reset(shop):
    shop.declare("test")
    shop.files(test_it=EACH)
    finished = shop.run("-n2")
    assert finished.status != 0
    assert 'reset="test" would reset data that tests of other pytest-xdist workers are using' in finished.output
    assert "hint: give each worker its own database with per_worker=True" in finished.output
    assert shop.created() == []


def test_nothing_to_go_back_to(shop):
    shop.declare()
    conftest = shop.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace(', reset="call"', ""))
    shop.files(
        test_it="""
        import pytest
        from pytest_wincontainers import WincontainersError

        def test_it(database):
            with pytest.raises(WincontainersError, match="no prepared state of database was saved"):
                database.reset()
        """
    )
    assert shop.run().outcomes() == {"passed": 1}


def test_what_prepare_did_is_a_part_of_it(shop):
    shop.declare("test", ', prepare=lambda database: database.execute("DELETE FROM log")')
    shop.files(test_it="def test_it(database):\n    assert database.execute('SELECT * FROM log') == []\n")
    assert shop.run().outcomes() == {"passed": 1}


def test_a_dump(shop):
    shop.declare()
    shop.files(
        test_it="""
        def test_it(database):
            dump = database.dump()
            for words in ("CREATE TABLE `products`", "'Käse'", "0x00FF", "TRIGGER", "PROCEDURE `fill`", "EVENT `nightly`"):
                assert words in dump, words
            assert database.password not in dump
            pathlib.Path("dumped.sql").write_text(dump, "utf-8")
        """.replace("def test_it", "import pathlib\n\n        def test_it")
    )
    assert shop.run().outcomes() == {"passed": 1}
    # A dump is a migration.
    (shop.path / "dumped.sql").rename(shop.path / "migrations" / "1.sql")
    shop.files(test_it="def test_it(database):\n    assert len(database.execute('SELECT id FROM products')) == 3\n")
    assert shop.run().outcomes() == {"passed": 1}


WIDE = """
import pytest

@pytest.fixture(scope="module")
def order(database):
    database.execute("INSERT INTO orders (product, note) VALUES (1, 'wide')")

@pytest.fixture(scope="session")
def products(database):
    return database.execute("SELECT name FROM products")

def test_1(database, order, products):
    assert database.execute("SELECT COUNT(*) FROM orders WHERE note = 'wide'") == [(1,)]
    database.execute("DELETE FROM orders")

def test_2(database, order, products):
    assert database.execute("SELECT COUNT(*) FROM orders WHERE note = 'wide'") == [(0,)]
"""


def test_a_wide_fixture_whose_rows_vanish_gets_a_warning(shop):
    shop.declare(reset="test")
    shop.files(test_it=WIDE)
    finished = shop.run()
    assert finished.outcomes() == {"passed": 2, "warnings": 1}
    assert "the module-scoped fixture order changes database, which is restored before each test" in finished.output
