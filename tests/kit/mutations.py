"""What tests do to databases, made at random: each is a list of statements that are run one after the other."""

from pathlib import Path

from hypothesis import strategies as st

MORE = """
USE shop;
CREATE TABLE parcels (
    id INT AUTO_INCREMENT PRIMARY KEY, `order` BIGINT, v INT,
    FOREIGN KEY (`order`) REFERENCES orders (id) ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE TABLE tree (
    id INT PRIMARY KEY, parent INT, v INT, FOREIGN KEY (parent) REFERENCES tree (id) ON DELETE CASCADE
);
CREATE TABLE guids (id BINARY(16) PRIMARY KEY, v INT, name VARCHAR(20) COLLATE utf8mb4_general_ci UNIQUE);
CREATE TABLE order_lines (
    id CHAR(8) CHARACTER SET latin1, `year` SMALLINT UNSIGNED, v INT, day DATE NOT NULL, UNIQUE (id, `year`, day),
    PRIMARY KEY (day, id, `year`), UNIQUE (v)
);
CREATE TABLE prices (amount DECIMAL(8, 2) PRIMARY KEY, v INT) STATS_PERSISTENT=0;
CREATE TABLE uncounted (id BIGINT UNSIGNED PRIMARY KEY, v INT) STATS_PERSISTENT=0;
CREATE TABLE recounted (id INT PRIMARY KEY, v INT, parent INT, FOREIGN KEY (parent) REFERENCES products (id) ON DELETE CASCADE)
    STATS_AUTO_RECALC=1;
CREATE TABLE remembered (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
INSERT INTO parcels (`order`, v) VALUES (1, 1), (2, 2), (NULL, 3);
INSERT INTO tree VALUES (1, NULL, 1), (2, 1, 2), (3, 2, 3), (4, NULL, 4), (5, 4, 5);
INSERT INTO guids VALUES (X'0100', 1, 'a'), (X'02030000000000000000000000000004', 2, 'ö'), (X'00', 3, NULL);
INSERT INTO order_lines VALUES ('ä', 1, 1, '2020-01-02'), ('b', 65535, 2, '0000-00-00'), ('', 3, 3, '9999-12-31');
INSERT INTO prices VALUES (1.5, 1), (-2.25, 2), (999999.99, 3);
INSERT INTO uncounted SELECT seq, seq FROM seq_1_to_40;
INSERT INTO uncounted VALUES (18446744073709551615, 0);
INSERT INTO recounted VALUES (1, 1, 1), (2, 2, 1), (3, 3, 2), (4, 4, NULL);
INSERT INTO remembered VALUES (1, 1), (2, 2);
"""

numbers = st.integers(-2, 6)
texts = st.sampled_from(["''", "'a'", "'A'", "'a '", "NULL", "'Käse'", "'x;y'", "CONCAT('n', RAND())"])
tables = st.sampled_from(
    [
        *("kinds", "products", "orders", "log", "old_engine", "parts", "`we``ird name; x`", "archive.orders"),
        *("parcels", "tree", "guids", "order_lines", "prices", "uncounted", "recounted", "remembered"),
    ]
)
columns = st.sampled_from(
    [
        "rate",
        "a",
        "b",
        "name",
        "kind",
        "note",
        "price",
        "weight",
        "what",
        "at_row",
        "id",
        "v",
        "year",
        "t",
        "code",
        "made",
        "parent",
        "amount",
    ]
)
names = st.sampled_from(["cheap", "cheaper", "made", "total", "fill", "logged", "nightly", "western", "extra"])
ONE = st.one_of(
    st.builds(
        "UPDATE {} SET {} = {} WHERE id % 2 = {}".format,
        tables,
        columns,
        texts | numbers.map(str),
        st.sampled_from("01"),
    ),
    st.builds("UPDATE {} SET v = v + {} WHERE v = {}".format, tables, numbers, numbers),
    st.builds("DELETE FROM {} WHERE v = {}".format, tables, numbers),
    st.builds("UPDATE {} SET id = id + {} ORDER BY id DESC".format, tables, st.integers(1, 3)),
    st.builds("UPDATE orders SET id = {} WHERE id = {}".format, numbers, numbers),
    st.builds("INSERT INTO tree VALUES ({}, {}, 0) ON DUPLICATE KEY UPDATE v = 9".format, numbers, numbers),
    st.builds("REPLACE INTO tree VALUES ({}, NULL, 0)".format, numbers),
    st.builds("REPLACE INTO order_lines VALUES ({}, {}, {}, '2020-01-02')".format, texts, numbers, numbers),
    st.builds("REPLACE INTO guids VALUES (UNHEX(HEX({})), 0, {})".format, texts, texts),
    st.builds("INSERT IGNORE INTO uncounted VALUES ({}, 1), ({}, 2)".format, numbers, numbers),
    st.builds("DELETE FROM uncounted WHERE id < {}".format, st.integers(1, 60)),
    st.builds("INSERT INTO guids SELECT UNHEX(MD5(seq)), seq, NULL FROM seq_1_to_{}".format, st.integers(1, 300)),
    st.builds(
        "UPDATE products p JOIN orders o ON o.product = p.id SET p.price = {}, o.note = {}".format, numbers, texts
    ),
    st.builds("DELETE p, k FROM products p JOIN kinds k ON p.kind = k.code WHERE p.id = {}".format, numbers),
    st.builds(
        "LOAD DATA LOCAL INFILE '{}' {} INTO TABLE {}".format,
        st.just(Path(__file__).with_name("loaded.tsv").as_posix()),
        st.sampled_from(["REPLACE", "IGNORE"]),
        tables,
    ),
    st.builds("SELECT {}(tickets{})".format, st.just("SETVAL"), st.integers(1, 90).map(", {}".format)),
    st.builds("ALTER TABLE {} STATS_PERSISTENT={}, STATS_AUTO_RECALC={}".format, tables, *[st.integers(0, 1)] * 2),
    st.builds("ANALYZE {} TABLE {}".format, st.sampled_from(["", "NO_WRITE_TO_BINLOG"]), tables),
    st.builds("ALTER TABLE {} PARTITION BY HASH (id) PARTITIONS 2".format, tables),
    st.just("ALTER TABLE parcels ADD FOREIGN KEY (v) REFERENCES tree (id) ON DELETE CASCADE"),
    st.builds("UPDATE {} SET {} = {}".format, tables, columns, texts | numbers.map(str)),
    st.builds("DELETE FROM {} WHERE id = {}".format, tables, numbers),
    st.builds("DELETE FROM {}".format, tables),
    st.builds("INSERT INTO products (kind, name, price) VALUES ({}, {}, 5)".format, texts, texts),
    st.builds(
        "INSERT INTO orders (id, product) VALUES ({}, {})".format, st.sampled_from(["NULL", "7", "900"]), numbers
    ),
    st.builds("REPLACE INTO kinds VALUES ({}, {})".format, texts, texts),
    st.builds("INSERT INTO log (what, at_row) SELECT name, id FROM products LIMIT {}".format, st.integers(0, 3)),
    st.builds("CALL fill({})".format, numbers),
    st.builds("UPDATE products SET rate = 1.234567 + {} / 10000000".format, numbers),
    st.sampled_from(
        ["UPDATE log SET a = b, b = a", "CALL western()", "SELECT NEXTVAL(tickets)", "DROP SEQUENCE tickets"]
    ),
    st.builds(
        "ALTER SEQUENCE tickets {} {}".format,
        st.sampled_from(["INCREMENT", "RESTART", "MAXVALUE", "START", "CACHE", "CYCLE MAXVALUE"]),
        st.integers(1, 30),
    ),
    st.builds("TRUNCATE {}".format, tables),
    st.builds("ALTER TABLE {} ADD COLUMN extra INT DEFAULT {}".format, tables, numbers),
    st.builds("ALTER TABLE {} DROP COLUMN {}".format, tables, columns),
    st.builds("ALTER TABLE {} CHANGE {} renamed VARCHAR(90)".format, tables, columns),
    st.builds("ALTER TABLE {} AUTO_INCREMENT = {}".format, st.sampled_from(["orders", "products"]), st.integers(1, 50)),
    st.builds("CREATE INDEX extra ON {} ({})".format, tables, columns),
    st.builds("DROP TABLE {}".format, tables),
    st.builds("RENAME TABLE {} TO shop.renamed".format, tables),
    st.builds("CREATE TABLE extra AS SELECT * FROM {}".format, tables),
    st.builds("CREATE OR REPLACE VIEW {} AS SELECT {} AS one".format, names, numbers),
    st.builds("DROP {} {}".format, st.sampled_from(["VIEW", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"]), names),
    st.builds("CREATE FUNCTION {}() RETURNS INT DETERMINISTIC RETURN {}".format, names, numbers),
    st.builds("CREATE TRIGGER {} BEFORE INSERT ON {} FOR EACH ROW SET @x = {}".format, names, tables, numbers),
    st.builds(
        "ALTER EVENT nightly {}".format, st.sampled_from(["ENABLE", "DISABLE", "RENAME TO daily", "COMMENT 'x'"])
    ),
    st.sampled_from(["CREATE DATABASE scratch", "DROP DATABASE archive", "ALTER DATABASE shop COLLATE latin1_bin"]),
    st.sampled_from(["ANALYZE TABLE products", "OPTIMIZE TABLE orders", "FLUSH TABLES", "DROP DATABASE shop"]),
)

# What is not logged is only noticed in tables whose changes InnoDB counts.
COUNTED = ONE.filter(lambda one: not any(name in one for name in ("old_engine", "prices", "uncounted", "recounted")))
SEVERAL = st.one_of(
    st.builds("BEGIN\n{}\n{}\nROLLBACK".format, ONE, ONE),
    st.builds("BEGIN\n{}\nSAVEPOINT s\n{}\nROLLBACK TO s\n{}\nCOMMIT".format, ONE, ONE, ONE),
    # One that is left open. What it has locked without InnoDB, or by a statement that failed, only itself can unlock.
    st.builds(
        "BEGIN\nSELECT 1 FROM kinds\n{}".format,
        ONE.filter(lambda one: "tickets" not in one and "old_engine" not in one),
    ),
    st.builds(
        "XA START {0!r}\n{1}\nXA END {0!r}\nXA PREPARE {0!r}{2}".format,
        st.sampled_from("ab"),
        ONE,
        st.sampled_from(["", "\nXA COMMIT 'a'", "\nXA ROLLBACK 'a'"]),
    ),
    st.builds("SET sql_log_bin = 0\n{}\n{}\nSET sql_log_bin = 1".format, COUNTED, COUNTED),
    st.builds("SET binlog_format = STATEMENT\n{}\nSET binlog_format = ROW".format, ONE),
    st.builds("SET binlog_row_image = {}\n{}".format, st.sampled_from(["FULL", "NOBLOB", "MINIMAL"]), ONE),
    st.builds(
        "SET sql_mode = ORACLE\n{}\nSET sql_mode = ''".format,
        st.sampled_from(
            [
                "CREATE PACKAGE tools AS FUNCTION one RETURN INT; END",
                "CREATE PACKAGE made AS FUNCTION one RETURN INT; END",
            ]
        ),
    ),
    st.sampled_from(["FLUSH BINARY LOGS", "RESET MASTER", "FLUSH LOCAL TABLES"]),
    st.builds(
        "CREATE TEMPORARY TABLE {0} (id INT)\nINSERT INTO {0} VALUES (1)".format, st.sampled_from(["log", "tmp"])
    ),
    st.builds("PREPARE s FROM {!r}\nEXECUTE s".format, ONE.filter(lambda one: "'" not in one)),
    st.builds("SET NAMES latin1\n/* a comment */ {}\nSET NAMES utf8mb4".format, ONE),
)
MUTATIONS = st.one_of(ONE.map(lambda one: [one]), SEVERAL.map(lambda some: some.split("\n")))
