"""MySQL's recipe against a real server."""


def test_accounts_and_names(suite):
    """Names with what SQL and patterns treat specially; passwords that differ in every run."""
    suite.files(
        conftest="""
        from pytest_wincontainers import mysql_container

        @mysql_container(database="sh_op%`'1", user="o'neil")
        def database():
            pass
        """,
        test_it="""
        import pathlib, pymysql, pytest

        def test_it(database):
            assert (database.database, database.user) == ("sh_op%`'1", "o'neil")
            with database.connect() as connection, connection.cursor() as cursor:
                cursor.execute("CREATE TABLE t (id INT)")
                cursor.execute("SELECT CURRENT_USER(), DATABASE(), @@lower_case_table_names")
                assert cursor.fetchone() == ("o'neil@%", "sh_op%`'1", 1)
                with pytest.raises(pymysql.Error, match="denied"):
                    cursor.execute("CREATE DATABASE other")
            with database.connect(root=True) as connection, connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE shxop")
                cursor.execute("SELECT CURRENT_USER()")
                assert cursor.fetchone() == ("root@%",)
            with pytest.raises(pymysql.Error, match="denied"):
                database.connect(database="shxop")
            with pytest.raises(pymysql.Error, match="denied"):
                database.connect(password="")
            with pathlib.Path("passwords").open("a") as file:
                print(database.password, database.inside.root_password, file=file)
            assert database.password not in repr(database) + repr(database.inside)
            assert database.inside.host in database.inside.connection_string
        """,
    )
    for _ in range(2):
        assert suite.run().outcomes() == {"passed": 1}
    passwords = (suite.path / "passwords").read_text().split()
    assert len(set(passwords)) == 4


def test_migrations_in_order_with_routines(suite):
    folder = suite.path / "migrations"
    folder.mkdir()
    (folder / "10_last.sql").write_bytes("INSERT INTO seen VALUES ('zehn; ä', NULL);\r\n".encode())
    (folder / "2_trigger.sql").write_bytes(
        b"\xef\xbb\xbfDELIMITER //\r\nCREATE TRIGGER t BEFORE INSERT ON seen FOR EACH ROW\r\nBEGIN\r\n"
        b"  SET NEW.upper_name = UPPER(NEW.name); -- it's; fine\r\nEND//\r\nDELIMITER ;\r\n"
        b"INSERT INTO seen (name) VALUES ('two');"
    )
    (folder / "1_table.sql").write_text(
        "/* first; */ CREATE TABLE seen (name VARCHAR(20), upper_name VARCHAR(20));\n# done;\n"
        "/*!40101 SET @x = 'a;b' */;\nCREATE PROCEDURE p() SELECT 1;\nCALL p();\n"
    )
    (folder / "readme.txt").write_text("not a migration")
    suite.files(
        conftest="""
        from pytest_wincontainers import mysql_container

        @mysql_container(migrations="migrations")
        def database():
            pass
        """,
        test_it="""
        def test_it(database):
            with database.connect() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT name, upper_name FROM seen")
                assert list(cursor) == [("two", "TWO"), ("zehn; ä", "ZEHN; Ä")]
        """,
    )
    assert suite.run().outcomes() == {"passed": 1}


def test_what_a_declaration_function_says(suite):
    suite.files(
        conftest="""
        from pytest_wincontainers import mysql_container

        @mysql_container()
        def database():
            return {"environment": {"MYSQL_GENERAL_LOG": "1"}}
        """,
        test_it="""
        def test_it(database):
            with database.connect() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT @@general_log")
                assert cursor.fetchone() == (1,)
        """,
    )
    assert suite.run().outcomes() == {"passed": 1}
