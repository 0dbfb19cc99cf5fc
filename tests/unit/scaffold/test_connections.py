"""Connection strings."""

import pytest

from pytest_wincontainers.scaffold.connections import mysql_string


@pytest.mark.parametrize(
    ("value", "provider", "database", "before", "after"),
    [
        ("Server=localhost;Port=3306;Database=shop;Uid=shop;Pwd=shop", "", "shop", "", ""),
        ("server=db;uid=me;pwd='a;b';database=shop", "", "shop", "", ""),
        ("Host=h;Initial Catalog=shop;User Id=me", "MySqlConnector", "shop", "", ""),
        (
            "Data Source=h;Database=shop;User=me;Password=x;SslMode=Required;Charset=utf8;Allow User Variables=True;",
            "MySql.Data.MySqlClient",
            "shop",
            "",
            ";Charset=utf8;Allow User Variables=True",
        ),
        (
            "Driver={MySQL ODBC 8.0 Unicode Driver};Server=h;Database='my shop';User=me;Password=x;Option=3",
            "System.Data.Odbc",
            "my shop",
            "Driver={MySQL ODBC 8.0 Unicode Driver};",
            ";Option=3",
        ),
        (
            "Driver={MySQL ODBC 8.0 Unicode Driver};Server=h;Database='my shop';User=me;Password=x;Option=3",
            "",
            "my shop",
            "Driver={MySQL ODBC 8.0 Unicode Driver};",
            ";Option=3",
        ),
        (
            "metadata=res://*/Shop.csdl|res://*/Shop.msl;provider=MySql.Data.MySqlClient;"
            'provider connection string="server=h;user id=me;database=shop;Charset=utf8"',
            "System.Data.EntityClient",
            "shop",
            'metadata=res://*/Shop.csdl|res://*/Shop.msl;provider=MySql.Data.MySqlClient;provider connection string="',
            ';Charset=utf8"',
        ),
        (
            "metadata=res://*/Shop.csdl;provider=System.Data.SqlClient;"
            'provider connection string="data source=.;initial catalog=shop"',
            "System.Data.EntityClient",
            None,
            "",
            "",
        ),
        ("Server=.\\SQLEXPRESS;Database=shop;Uid=sa;Pwd=x", "", None, "", ""),
        ("Server=tcp:h,1433;Database=shop;Integrated Security=True", "", None, "", ""),
        ("Server=h;Database=shop;Uid=sa;Pwd=x", "System.Data.SqlClient", None, "", ""),
        ("Driver={SQL Server};Server=h;Database=shop;Uid=sa", "", None, "", ""),
        ("Server=h;Uid=me;Pwd=x", "MySql.Data.MySqlClient", None, "", ""),
        ("Server=h;Uid=me;Database=a\\b", "MySql.Data.MySqlClient", None, "", ""),
        ("#{Shop}", "MySql.Data.MySqlClient", None, "", ""),
        ("", "MySql.Data.MySqlClient", None, "", ""),
    ],
)
def test_connection_strings(value, provider, database, before, after):
    found = mysql_string(value, provider)
    assert (found and found.database) == database
    if found:
        assert (found.before, found.after) == (before, after)
        assert found.reason


@pytest.mark.parametrize("text", [" ", "=", ";", "a=", "'", '"', "{", "provider connection string='", "\n \t"])
def test_hostile_text_takes_no_time(text):
    assert mysql_string(text * (4000 // len(text)), "MySql.Data.MySqlClient") is None
    assert mysql_string(text * 1_000_000, "MySql.Data.MySqlClient") is None
