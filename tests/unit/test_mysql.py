"""Declarations of MySQL: the ways in, and what a snapshot depends on."""

import ssl
import sys
import types

import pytest

from pytest_wincontainers import Mount, command, mysql_container
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.declaration import declarations_in
from pytest_wincontainers.services.mysql import MySql
from pytest_wincontainers.services.mysql.connection import connect
from pytest_wincontainers.services.mysql.variables import Account, account_in
from pytest_wincontainers.services.options import check_fields
from tests.kit.links import needs_links


@pytest.fixture
def base(tmp_path):
    (tmp_path / "sql" / "a").mkdir(parents=True)
    (tmp_path / "sql" / "b").mkdir()
    (tmp_path / "sql" / "a" / "1.sql").write_text("SELECT 1;")
    return tmp_path


def parts(base, environment=(), common=None, **options):
    options.setdefault("migrations", "sql")
    made = MySql(common or Options(), migrations_pattern="**/*.sql", **options)
    return made.snapshot_parts(base, dict(environment))


def test_names_in_urls_are_quoted():
    face = MySql(Options(), database="shop 1", user="a@b").face(
        "db", {3306: 3306}, {"password": "p", "root_password": "r"}
    )
    assert face.url == "mysql+pymysql://a%40b:p@db:3306/shop%201?charset=utf8mb4"


# What .NET's DbConnectionStringBuilder makes of them.
@pytest.mark.parametrize(
    ("database", "written"),
    [
        ("shop", "shop"),
        ("shop_1-a.b", "shop_1-a.b"),
        ("a;b", '"a;b"'),
        ("a=b", '"a=b"'),
        ("a b", '"a b"'),
        ("a'b", '"a\'b"'),
        ('a"b', "'a\"b'"),
        ("a'\"b", '"a\'""b"'),
    ],
)
def test_names_in_connection_strings_are_quoted(database, written):
    face = MySql(Options(), database=database, user="u").face(
        "db", {3306: 3306}, {"password": "p", "root_password": "r"}
    )
    assert face.connection_string == f"Server=db;Port=3306;Database={written};Uid=u;Pwd=p"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"database": ""}, "database='' is empty"),
        ({"database": "a" * 65, "user": "u"}, "is longer than 64 characters"),
        ({"database": "a" * 60, "user": "u", "per_worker": True}, "is longer than 59 characters"),
        ({"database": "a\\b"}, "has a backslash"),
        ({"database": "a "}, "ends in a space"),
        ({"database": "a\n"}, "has a control character"),
        ({"database": "\U0001f600"}, "has a character that MySQL does not allow"),
        ({"user": ""}, "user='' is empty"),
        ({"user": "a" * 33}, "is longer than 32 characters"),
        ({"user": "a\0"}, "has a control character"),
        ({"database": "a" * 33}, "the account is called as the database and would be longer than 32 characters"),
        ({"placeholders": {"a": "b"}}, "placeholders= is only for migrations= with a directory"),
        ({"placeholders": {"a": "b"}, "migrations": command(sys.executable)}, "placeholders= is only for migrations="),
        ({"placeholders": {"": "b"}, "migrations": "sql"}, "'' cannot be the name of a placeholder"),
        ({"placeholders": {"flyway:user": "b"}, "migrations": "sql"}, "'flyway:user' cannot be the name"),
        ({"placeholders": {"a": "b\nc"}, "migrations": "sql"}, "the placeholder 'a' has a line break"),
        ({"migrations": "sql", "migrations_pattern": "/etc/*.sql"}, "migrations_pattern='/etc/*.sql' does not name"),
    ],
)
def test_what_a_server_would_not_take_is_refused_at_once(base, options, words):
    with pytest.raises(DeclarationError) as caught:
        MySql(Options(), **{"migrations_pattern": "**/*.sql", **options}).check(base)
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("given", ["a=b", True, ["a"], {"a": 5}, {5: "a"}])
def test_placeholders_are_strings_by_name(given):
    with pytest.raises(DeclarationError, match="placeholders"):
        check_fields(MySql({}, placeholders=given), "mysql_container()")


@pytest.mark.parametrize("name", ["a" * 32, "a`b'c\"d;e%f_g", "ä€", " a", "a.b/c"])
def test_unusual_names_are_taken(base, name):
    MySql(Options(), database=name, placeholders=None).check(base)
    MySql(Options(), migrations="sql/a", placeholders={"a": "b", "a-b c": ""}).check(base)
    MySql(Options(), migrations="sql/a", placeholders=False).check(base)


def test_the_decorator_passes_its_options_on():
    @mysql_container(database="shop", migrations="sql", placeholders={"a": "b"}, log_statements=True, reset="call")
    def database():
        pass

    module = types.ModuleType("conftest")
    module.database = database
    (declaration,) = declarations_in([module])
    assert declaration.service == MySql(
        {}, database="shop", migrations="sql", placeholders={"a": "b"}, log_statements=True, reset="call"
    )


def test_connections_read_no_certificates(monkeypatch):
    """It takes longer than all the rest of a connection, and nothing is verified with them."""
    monkeypatch.setattr(ssl, "create_default_context", lambda *_, **__: pytest.fail("certificates were read"))
    connection = connect(host="127.0.0.1", defer_connect=True)
    assert connection.ssl
    assert connection.ctx.verify_mode == ssl.CERT_NONE
    assert not connection.ctx.check_hostname


def test_a_connection_with_certificates_verifies(monkeypatch):
    monkeypatch.setattr(ssl, "create_default_context", lambda *_, **__: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    assert connect(host="127.0.0.1", defer_connect=True, ssl_verify_cert=True).ctx.verify_mode == ssl.CERT_REQUIRED


def test_a_snapshot_is_of_all_that_was_declared(base):
    known = {parts(base), parts(base, database="other"), parts(base, user="other"), parts(base, reset="call")}
    known |= {parts(base, {"TZ": "UTC"}), parts(base, common=Options(mounts=(Mount("x", "/etc/x"),)))}
    known |= {
        parts(base, migrations=command("x", inputs=["sql"])),
        parts(base, migrations=command("y", inputs=["sql"])),
    }
    known |= {parts(base, placeholders=given) for given in ({"a": "b"}, {"a": "c"}, {}, False)}
    assert len(known) == 12
    assert parts(base, placeholders={"a": "b", "c": "d"}) == parts(base, placeholders={"c": "d", "a": "b"})
    assert parts(base) in known


def test_a_snapshot_is_of_each_files_place_and_content(base):
    first = parts(base)
    (base / "sql" / "a" / "1.sql").rename(base / "sql" / "b" / "1.sql")
    second = parts(base)
    (base / "sql" / "b" / "1.sql").write_text("SELECT 2;")
    assert len({first, second, parts(base)}) == 3


@pytest.mark.parametrize(
    "options", [{"migrations": None}, {"migrations": command("x")}, {"common": Options(image="mysql:8.4")}]
)
def test_no_snapshot(base, options):
    assert parts(base, **options) is None


def test_inputs_are_all_files_below_but_no_compiled_ones(base):
    given = command("x", inputs=["sql"])
    first = parts(base, migrations=given)
    (base / "sql" / "__pycache__").mkdir()
    (base / "sql" / "__pycache__" / "env.cpython-311.pyc").write_bytes(b"x")
    assert parts(base, migrations=given) == first
    (base / "sql" / "b" / "2.txt").write_text("x")
    assert parts(base, migrations=given) != first


@needs_links
def test_inputs_follow_links_to_directories(base):
    (base / "versions").mkdir()
    (base / "versions" / "1.py").write_text("first")
    (base / "sql" / "a" / "linked").symlink_to("../b")
    given = command(sys.executable, inputs=["sql"])
    first = parts(base, migrations=given)
    (base / "sql" / "b" / "2.py").write_text("second")
    assert parts(base, migrations=given) != first
    MySql(Options(), migrations=given).check(base)
    (base / "sql" / "out").symlink_to("../versions")
    with pytest.raises(DeclarationError, match="leads out of"):
        MySql(Options(), migrations=given).check(base)


def test_the_variables_of_official_images():
    account, left = account_in(
        {"MYSQL_DATABASE": "shop", "MARIADB_USER": "me", "MARIADB_PASSWORD": "p", "MYSQL_PASSWORD": "", "TZ": "UTC"}
        | {"MYSQL_RANDOM_ROOT_PASSWORD": "yes", "MYSQL_ALLOW_EMPTY_PASSWORD": ""},
        "test",
        None,
    )
    assert account == Account("shop", "me", {"password": "p"})
    assert left == {"TZ": "UTC"}
    assert account_in({}, "own", "mine") == (Account("own", "mine", {}), {})
    with pytest.raises(DeclarationError, match="user='mine' is not what MYSQL_USER in the compose file says: 'other'"):
        account_in({"MYSQL_USER": "other"}, "own", "mine")


@pytest.mark.parametrize("name", ["MYSQL_ROOT_PASSWORD_FILE", "MARIADB_PASSWORD_FILE", "MYSQL_ALLOW_EMPTY_PASSWORD"])
def test_passwords_that_cannot_be_known(name):
    with pytest.raises(DeclarationError, match=f"{name} is not supported for the kind mysql"):
        account_in({name: "1"}, "test", None)
