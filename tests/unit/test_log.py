"""The binary log: events as a server sends them, what statements are about, and what is to be restored for it."""

import struct

import pytest

from pytest_wincontainers.databases.baseline import KeptTable
from pytest_wincontainers.databases.changes import Changes, Words
from pytest_wincontainers.databases.counters import CounterReading, TableCounters
from pytest_wincontainers.databases.foreign_keys import Reference, dependents, parents, refers_to
from pytest_wincontainers.databases.log import LogUnreadable, Position
from pytest_wincontainers.databases.log_events import (
    Event,
    UnreadableEvent,
    _date,
    _packed,
    _step,
    event_in,
    has_checksums,
    keys_in,
    rotated,
    statement_in,
    table_in,
)
from pytest_wincontainers.databases.schema import Column, Definition, Key, Table
from pytest_wincontainers.databases.touched import by_counters, by_log

# MariaDB's, of t.a (id INT PRIMARY KEY, v VARCHAR(20), f FLOAT, u INT).
MAP = Event(19, 2367, b"\x15\0\0\0\0\0\1\0\1t\0\1a\0\4\x03\x0f\x04\x03\3P\0\4\x0e")
WRITE = b"\x15\0\0\0\0\0\1\0\4\x0f\xf0\1\0\0\0\1x\0\0\xc0?\1\0\0\0\xf0\2\0\0\0\1y\0\0 @\2\0\0\0"
UPDATE = b"\x15\0\0\0\0\0\1\0\4\1\2\xfe\1\0\0\0\xfe\1z"
MOVED = b"\x15\0\0\0\0\0\1\0\4\1\1\xfe\1\0\0\0\xfe\7\0\0\0"
DELETE = b"\x15\0\0\0\0\0\1\0\4\1\xfe\2\0\0\0"
A = Table((Column("id", "int"), Column("v", "varchar", 1, "utf8mb4"), Column("f", "float", 2)), ("id",), "InnoDB")


def packet(kind, end, body):
    return struct.pack("<IBIIIH", 0, kind, 1, 19 + len(body), end, 0) + body


def query(sql, database="t"):
    name = database.encode()
    return Event(2, 1, struct.pack("<IIBHH", 1, 0, len(name), 0, 3) + b"\0\0\0" + name + b"\0" + sql.encode())


def test_an_event_is_taken_from_its_packet():
    assert event_in(packet(16, 70_000, b"12345678"), checksum=False) == Event(16, 70_000, b"12345678")
    assert event_in(packet(16, 70_000, b"12345678crc."), checksum=True).body == b"12345678"
    described = event_in(packet(15, 256, b"\4\0" + b"x" * 60 + b"\1crc."), checksum=True)
    assert has_checksums(described)
    assert not has_checksums(described._replace(body=b"\4\0" + b"x" * 60 + b"\0crc."))
    assert rotated(Event(4, 0, struct.pack("<Q", 4) + b"log.000002")) == ("log.000002", 4)
    assert statement_in(query("ALTER TABLE x", "shop")) == ("shop", b"ALTER TABLE x")


@pytest.mark.parametrize(
    ("kind", "body", "keys"),
    [
        (23, WRITE, [[("1",)], [("2",)]]),
        (24, UPDATE, [[("1",), ("1",)]]),
        (24, MOVED, [[("1",), ("7",)]]),
        (25, DELETE, [[("2",)]]),
        # MySQL's have more in front.
        (30, WRITE[:8] + b"\2\0" + WRITE[8:], [[("1",)], [("2",)]]),
        (32, DELETE[:8] + b"\5\0abc" + DELETE[8:], [[("2",)]]),
    ],
)
def test_the_keys_of_rows(kind, body, keys):
    number, table = table_in(MAP)
    assert (number, table.schema, table.name) == (0x15, "t", "a")
    assert keys_in(Event(kind, 0, body), table, A) == keys


@pytest.mark.parametrize("body", [WRITE[:-1], WRITE + b"\xf0", DELETE[:-2], WRITE[:8] + b"\3" + WRITE[9:]])
def test_rows_that_are_not_what_they_should_be(body):
    with pytest.raises(UnreadableEvent):
        keys_in(Event(23, 0, body), table_in(MAP)[1], A)


def values(types, metadata, value, *columns):
    """The key in a row of one table that has columns of these types."""
    count = len(types)
    body = b"\1" + b"\0" * 7 + b"\1t\0\1k\0" + bytes([count, *types, len(metadata)]) + metadata + b"\0"
    _, table = table_in(Event(19, 0, body))
    shape = Table(columns, tuple(column.name for column in columns), "InnoDB")
    present = bytes([2**count - 1])
    return keys_in(Event(23, 0, b"\1" + b"\0" * 7 + bytes([count]) + present + b"\0" + value), table, shape)[0][0]


@pytest.mark.parametrize(
    ("kind", "metadata", "value", "column", "written"),
    [
        (1, b"", b"\xff", Column("k", "tinyint"), "-1"),
        (1, b"", b"\xff", Column("k", "tinyint", unsigned=True), "255"),
        (9, b"", b"\0\0\x80", Column("k", "mediumint"), "-8388608"),
        (8, b"", b"\xff" * 8, Column("k", "bigint", unsigned=True), "18446744073709551615"),
        (15, b"\x14\0", b"\2\xe4'", Column("k", "varchar", charset="latin1"), "_latin1 X'e427'"),
        (253, b"\x14\0", b"\2ab", Column("k", "varchar", charset="utf8mb4"), "_utf8mb4 X'6162'"),
        (253, b"\2\1", b"\2\0ab", Column("k", "varbinary"), "X'6162'"),
        (15, b"\2\1", b"\2\0ab", Column("k", "varchar", charset="utf8mb4"), "_utf8mb4 X'6162'"),
        (254, b"\xfe\x0c", b"\2ab", Column("k", "char", charset="utf8mb4"), "_utf8mb4 X'6162'"),
        # CHAR(200) in utf8mb4: 800 bytes, of which the type holds the upper bits.
        (254, b"\xce\x20", b"\2\0ab", Column("k", "char", charset="utf8mb4"), "_utf8mb4 X'6162'"),
        (254, b"\xfe\4", b"\2\1\2", Column("k", "binary"), "X'01020000'"),
        (15, b"\4\0", b"\2\1\0", Column("k", "varbinary"), "X'0100'"),
        (10, b"", struct.pack("<I", 2020 << 9 | 2 << 5 | 29)[:3], Column("k", "date"), "'2020-02-29'"),
    ],
)
def test_a_key_is_written_so_that_it_comes_back_exactly(kind, metadata, value, column, written):
    assert values([kind], metadata, value, column) == (written,)


@pytest.mark.parametrize(("kind", "name"), [(4, "float"), (246, "decimal"), (252, "blob"), (3, "enum"), (254, "uuid")])
def test_a_key_that_may_not_come_back_exactly_is_not_read(kind, name):
    with pytest.raises(UnreadableEvent):
        values([kind], b"\1\1", b"\0" * 4, Column("k", name))


@pytest.mark.parametrize(
    ("kind", "metadata", "data", "size"),
    [
        (246, 10 << 8 | 2, b"", 5),
        (246, 18 << 8 | 9, b"", 8),
        (246, 65 << 8 | 30, b"", 30),
        (17, 0, b"", 4),
        (18, 6, b"", 8),
        (19, 3, b"", 5),
        (252, 2, b"\3\0abc", 5),
        (252, 4, b"\0\0\0\0", 4),
        (16, 1 << 8 | 3, b"", 2),
        (16, 2 << 8, b"", 2),
        (254, 247 << 8 | 1, b"", 1),
        (254, 248 << 8 | 8, b"", 8),
        (5, 8, b"", 8),
        (13, 0, b"", 1),
    ],
)
def test_how_much_room_a_value_takes(kind, metadata, data, size):
    assert _step(kind, metadata)(b"??" + data, 2) == 2 + size


@pytest.mark.parametrize(
    ("kind", "metadata", "value"),
    [
        *((kind, b"", b"\1" * size) for kind, size in ((1, 1), (2, 2), (9, 3), (3, 4), (8, 8))),
        *((kind, b"", b"\1" * size) for kind, size in ((6, 0), (7, 4), (10, 3), (11, 3), (12, 8), (13, 1), (14, 3))),
        *((kind, b"\0", b"\1" * size) for kind, size in ((4, 4), (5, 8), (17, 4), (18, 5), (19, 3))),
        *((kind, b"\2", b"\3\0abc") for kind in (140, 242, 245, 249, 250, 251, 252, 255)),
        *((kind, b"\x14\0", b"\2ab") for kind in (15, 141, 253)),
        (16, b"\3\1", b"\1\1"),
        (246, b"\x0a\2", b"\1" * 5),
        (254, b"\xf7\1", b"\1"),
        (254, b"\xf8\2", b"\1\1"),
        (254, b"\xfe\x0c", b"\2ab"),
    ],
)
def test_the_value_behind_another(kind, metadata, value):
    """Both what the type's metadata and what its value take up is stepped over."""
    _, table = table_in(
        Event(
            19, 0, b"\1" + b"\0" * 7 + b"\1t\0\1k\0\2" + bytes([kind, 15, len(metadata) + 2]) + metadata + b"\x14\0\0"
        )
    )
    shape = Table((Column("k", "varchar", 1, charset="latin1"),), ("k",), "InnoDB")
    (keys,) = keys_in(Event(23, 0, b"\1" + b"\0" * 7 + b"\2\3\0" + value + b"\1k"), table, shape)
    assert keys == [("_latin1 X'6b'",)]


@pytest.mark.parametrize(
    ("data", "length"),
    [
        (b"\xfa", (250, 1)),
        (b"\xfc\x2c\1", (300, 3)),
        (b"\xfd\0\0\1", (65536, 4)),
        (b"\xfe" + b"\1" + b"\0" * 7, (1, 9)),
    ],
)
def test_a_length_before_what_is_long(data, length):
    assert _packed(b"?" + data, 1) == (length[0], 1 + length[1])


@pytest.mark.parametrize("kind", [3, 5, 13, 14, 15, 16, 27, 29, 33, 34, 35, 36, 37, 38, 41, 160, 161, 163, 164])
def test_what_changes_nothing(kind):
    assert changes_of(Event(kind, 1, b"")).rows == {}


def test_an_unknown_type_is_not_stepped_over():
    with pytest.raises(UnreadableEvent):
        _step(200, 0)
    assert _date(0) == "'0000-00-00'"


def changes_of(*events, schemas=("t",), everywhere=False):
    made = Changes({("t", "a"): A, ("u", "a"): A}, schemas, everywhere=everywhere)
    made.add_all(events)
    return made


def test_rows_are_taken_in():
    made = changes_of(query("BEGIN"), MAP, Event(23, 1, WRITE), Event(24, 1, UPDATE), Event(16, 1, b""))
    assert made.rows["t", "a"].keys == {("1",), ("2",)}
    assert (made.rows["t", "a"].count, made.rows["t", "a"].gone, made.rows["t", "a"].older) == (4, set(), True)
    made = changes_of(MAP, Event(24, 1, MOVED), Event(25, 1, DELETE))
    assert made.rows["t", "a"].keys == {("1",), ("7",), ("2",)}
    assert made.rows["t", "a"].gone == {("1",), ("2",)}
    # Of another worker's schema.
    assert changes_of(MAP, Event(23, 1, WRITE), schemas=("u",)).rows == {}


def test_rows_that_cannot_be_read_may_be_any():
    assert changes_of(MAP, Event(23, 1, WRITE + b"?"), Event(24, 1, UPDATE)).rows["t", "a"].keys is None


@pytest.mark.parametrize(
    "event",
    [
        query("INSERT INTO a VALUES (1)"),
        query("/* x */ UPDATE a SET v = 1"),
        query("CALL p()"),
        query("SET STATEMENT max_statement_time = 1 FOR ALTER TABLE a ADD b INT"),
        Event(26, 1, b""),
        Event(40, 1, b""),
        Event(166, 1, b""),
        Event(39, 1, b""),
        Event(23, 1, WRITE),
    ],
    ids=lambda event: f"{event.kind} {event.body[16:40]}",
)
def test_what_does_not_say_which_rows(event):
    with pytest.raises(LogUnreadable):
        changes_of(event)


@pytest.mark.parametrize(
    ("sql", "statements", "defined", "rewritten"),
    [
        ("ALTER TABLE `a` ADD INDEX (v)", 1, True, True),
        ("/* app */ truncate a", 1, True, True),
        ("-- app\nRENAME TABLE a TO b", 1, True, True),
        ("/*!50001 DROP TABLE */ t.a", 1, True, True),
        ("CREATE TABLE b AS SELECT * FROM a", 1, True, True),
        ("OPTIMIZE TABLE a", 1, True, True),
        ("CREATE INDEX i ON a (v)", 1, True, True),
        ("CREATE UNIQUE INDEX i ON a (v)", 1, True, True),
        ("DROP INDEX i ON a", 1, True, True),
        ("ANALYZE TABLE a", 1, True, True),
        ("CREATE OR REPLACE VIEW v AS SELECT * FROM a", 1, True, False),
        ("CREATE DEFINER=`x`@`%` TRIGGER r BEFORE INSERT ON a FOR EACH ROW SET @x = 1", 1, True, False),
        ("CREATE PROCEDURE p() ALTER TABLE a ADD b INT", 1, True, False),
        ("DROP TABLE `view`, a", 1, True, True),
        ("FLUSH TABLES a", 1, True, False),
        ("CREATE USER a", 0, False, False),
        ("CREATE OR REPLACE USER a", 0, False, False),
        ("DROP TEMPORARY TABLE a", 0, False, False),
        ("GRANT ALL ON t.a TO x", 0, False, False),
        ("COMMIT", 0, False, False),
        ("XA START X'61',X'',1", 0, False, False),
    ],
)
def test_what_a_statement_may_have_changed(sql, statements, defined, rewritten):
    made = changes_of(query(sql))
    assert made.statements == statements
    assert (made.defined.have("a"), made.rewritten.have("a")) == (defined, rewritten)
    assert not made.whole_schemas


def test_statements_elsewhere():
    made = changes_of(query("ALTER TABLE a ADD b INT", "u"), query("ALTER TABLE a ADD b INT", ""))
    assert made.statements == 2
    assert not made.defined
    assert changes_of(query("ALTER TABLE t.a ADD b INT", "u")).defined.have("A")
    assert changes_of(query("ALTER TABLE a ADD b INT", "u"), everywhere=True).defined.have("a")
    assert changes_of(query("DROP DATABASE t", "u")).whole_schemas
    assert changes_of(query("ALTER SCHEMA CHARACTER SET utf8mb4")).whole_schemas


def test_words():
    words = Words()
    assert not words.have("a")
    assert not words.have("we ird")
    words.add(b"ALTER TABLE `Orders` ADD x$1 INT")
    assert words.have("orders")
    assert words.have("X$1")
    assert not words.have("order")
    # Whatever is no plain word may be anywhere.
    assert words.have("we ird")
    assert words.have("käse")


def test_prepared_transactions():
    xa = [query("XA START X'6F6E65',X'',1"), MAP, Event(23, 1, WRITE), query("XA END X'6F6E65',X'',1")]
    assert changes_of(*xa, query("BEGIN"), MAP).prepared == {"X'6f6e65',X'',1"}
    assert changes_of(*xa, schemas=("u",)).prepared == set()


@pytest.mark.parametrize(("flags", "more"), [(64, b""), (66, b"\0" * 8)])
def test_prepared_transactions_of_mariadb(flags, more):
    begun = Event(162, 1, b"\0" * 12 + bytes([flags]) + more + b"\1\0\0\0\3\1oneb")
    assert changes_of(begun, MAP, Event(162, 1, b"\0" * 19), MAP).prepared == {"X'6f6e65',X'62',1"}
    assert changes_of(begun, Event(162, 1, b"\0" * 19), MAP).prepared == set()


def test_positions():
    assert Position("log.000002", 4).reaches(Position("log.000001", 900))
    assert Position("log.1000000", 4).reaches(Position("log.999999", 4))
    assert not Position("log.000002", 4).reaches(Position("log.000002", 5))


CHILD = (
    "CREATE TABLE `c` (\n  CONSTRAINT `x` FOREIGN KEY (`p`) REFERENCES `a` (`id`) ON DELETE CASCADE ON UPDATE CASCADE,\n"
    "  CONSTRAINT `y` FOREIGN KEY (`p`,`q`) REFERENCES `u`.`we``ird` (`id`, `z`) ON UPDATE SET NULL,\n"
    "  CONSTRAINT `z` FOREIGN KEY (`r`) REFERENCES `plain` (`id`)\n)"
)
C = Key("table", "t", "c")


def test_foreign_keys():
    found = parents({C: Definition(CHILD), Key("view", "t", "v"): Definition(CHILD)})
    assert found == {
        C: [
            Reference(Key("table", "t", "a"), frozenset({"id"})),
            Reference(Key("table", "u", "we`ird"), frozenset({"id", "z"})),
        ]
    }
    assert refers_to(CHILD, {"plain"}.__contains__)
    assert not refers_to(CHILD, {"c"}.__contains__)
    grandchild = {Key("table", "t", "d"): [Reference(C, frozenset({"id"}))]}
    assert dependents({**found, **grandchild}, lambda one: one.table.name == "a") == {C, Key("table", "t", "d")}
    assert dependents({**found, **grandchild}, lambda _: False) == set()


KEPT = {
    Key("table", "t", name): KeptTable(f"k.{name}", A, 0, f"t/{name}", counted=name != "uncounted")
    for name in ("a", "b", "c", "uncounted")
}


def reading(**counts):
    tables = {f"t/{name}": TableCounters(7, counts.get(name, 10), 3) for name in ("a", "b", "c", "uncounted")}
    return CounterReading(tables, 5, 1, "life", trusted=True)


@pytest.mark.parametrize(
    ("events", "counts", "touched"),
    [
        ([], {}, {}),
        ([MAP, Event(23, 1, WRITE)], {"a": 12}, {"a": {("1",), ("2",)}}),
        # More was changed than was logged, or nothing was.
        ([MAP, Event(23, 1, WRITE)], {"a": 13}, {"a": None, "uncounted": None}),
        ([], {"b": 11}, {"b": None}),
        ([], {"b": 0}, {"b": None}),
        ([], {"uncounted": 0}, {"uncounted": None}),
        ([query("ANALYZE TABLE b")], {"b": 0}, {"b": None}),
        ([query("ALTER TABLE b ADD x INT")], {"b": 0}, {"b": None}),
        ([query("CREATE VIEW v AS SELECT * FROM b")], {}, {}),
        # c and uncounted depend on a.
        ([MAP, Event(23, 1, WRITE)], {"a": 12, "c": 10}, {"a": {("1",), ("2",)}}),
        ([MAP, Event(24, 1, UPDATE)], {"a": 11}, {"a": {("1",)}}),
        ([MAP, Event(25, 1, DELETE)], {"a": 11}, {"a": {("2",)}, "uncounted": None}),
        ([MAP, Event(25, 1, DELETE)], {"a": 11, "c": 15}, {"a": {("2",)}, "c": None, "uncounted": None}),
        ([], {"a": 11}, {"a": None, "uncounted": None}),
        ([query("ALTER TABLE a ADD x INT")], {}, {"a": None}),
    ],
)
def test_what_is_to_be_restored_by_the_log(events, counts, touched):
    depends = {
        Key("table", "t", name): [Reference(Key("table", "t", "a"), frozenset({"id"}))] for name in ("c", "uncounted")
    }
    found = by_log(KEPT, depends, changes_of(*events), reading(), reading(**counts))
    assert {one.key.name: one.rows for one in found} == touched


def test_what_is_to_be_restored_by_the_counters():
    def names(before, now):
        return [one.key.name for one in by_counters(KEPT, before, now)]

    assert names(reading(), reading()) == ["uncounted"]
    assert names(reading(), reading(b=11)) == ["b", "uncounted"]
    assert names(CounterReading(), reading()) == ["a", "b", "c", "uncounted"]


def test_a_reading_survives_its_text():
    made = CounterReading(reading().tables, 5, 1, "life", trusted=True, position=Position("log.000001", 77))
    assert CounterReading.from_json(made.to_json()) == made
    assert CounterReading.from_json(reading().to_json()) == reading()
