"""The splitter against the real mysql client: the server's general log says which statements the client sent."""

import io
import re
import tarfile

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pytest_wincontainers.migrations.split import ScriptError, split
from tests.kit.database import Server
from tests.kit.soak import amount

EXAMPLES = amount(2000, 50_000)
BATCH = 250

ROUTINES = """
-- A public-style script: everything that schemas are made of.
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
DROP TABLE IF EXISTS `odd``name;`; # trailing; comment
CREATE TABLE `odd``name;` (
  id INT AUTO_INCREMENT PRIMARY KEY, -- the key; of course
  note VARCHAR(200) DEFAULT 'it''s; "fine"' COMMENT "say \\"x;\\"", /* in the; middle */
  data BLOB
) ENGINE=InnoDB COMMENT='a;b\\'c';
INSERT INTO `odd``name;` (note, data) VALUES ('a\\\\', X'00FF3B27'), ('b\\0;', 0x3B), ("c;'", _binary '\\'\\";'), (\\N, NULL);
DELIMITER ;;
/*!50003 CREATE TRIGGER t1 BEFORE INSERT ON `odd``name;` FOR EACH ROW BEGIN
  -- it's; a comment
  SET NEW.note = CONCAT(NEW.note, ';');
END */;;
CREATE PROCEDURE p1(IN a INT) COMMENT 'p; q'
BEGIN
  DECLARE i INT DEFAULT 0; # don't
  WHILE i < a DO SET i = i + 1; /* "unbalanced */ END WHILE;
END ;;
DELIMITER $$
CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS '2040-01-01' DO BEGIN DELETE FROM `odd``name;` WHERE id < 0; END$$
CREATE FUNCTION f1() RETURNS TEXT DETERMINISTIC RETURN '$'$$
delimiter ;
SELECT 1--1, 2 -- x
;
SELECT '
multi;
line', "tab\tand \\
newline";
/* /* not nested */ SELECT 3;
/* a
block; */ SELECT/**/4/*!;*/;
  USE t
use t;
SELECT 5;;; SELECT 6
"""
NASTY = [
    ROUTINES,
    ROUTINES.replace("\n", "\r\n"),
    "",
    ";",
    "select 1",
    "select 1;select 2",
    "--comment\nselect 1;\n--comment;\n",
    "--\nselect 1;",
    "select 1 --- no;\n; select 2 -----\n; ----- no;\nselect 3--- 4;\n;",
    "select '\\\\';select 2;",
    "select 'a' 'b;' ; select \"a\"\";\"",
    "/*!select 1; select 2*/; select 3",
    "/*M!100100 select 1*/; /*+ x; */ select 2;",
    "delimiter //\nselect 1//select 2 //\nselect ';'//\nDELIMITER   ; ignored words\nselect 3;",
    "delimiter go\nselect 1 go select 2 GO\n",
    "DELIMITER '$$' x\nselect 1$$\nDELIMITER ;\nselect 2;",
    "delimiter #\nselect 1# select 2#\n",
    "delimiter --\nselect 1-- select 2--\n",
    "select `a\\`; select `b``;`;",
    "select 1 \\N; select \\N",
    "select /* ' */ 1; # '\nselect 2; -- \"\nselect 3",
    "select 'é;ü', '€'; select 'ж';",
    "select 1 from\n  t where a = ';\n;'\n  and b = 2 ;\n",
    "use t\nselect 1;\nuse t ; select 2;",
    "select 'x\\\ny'; select 'a\\\\\nb';",
    "delimiter ;;\nselect 1;;\n;;select 2;\n;;",
]
TOKENS = st.sampled_from(
    [
        *[
            "select 1",
            "'",
            '"',
            "`",
            "\\\\",
            "\\'",
            "\\",
            "-- ",
            "--",
            "#",
            "/* c",
            "c */",
            "/*! ",
            "/*M! ",
            "$$",
            "//",
        ],
        *[
            ";",
            ";",
            ";",
            "\n",
            "\n",
            "\n",
            " ",
            "\t",
            "\r\n",
            "\ndelimiter $$\n",
            "\ndelimiter ;\n",
            "\nDELIMITER //\n",
        ],
        *["\\N", "\\n", "é", "''", "a", "b", "begin", "end", "\nuse t\n", "source", "\ngo\n", "0x27", "-", "!", "+"],
    ]
)
# What /*! within a comment means depends on the client's version; NASTY has the nested comments that people write.
NESTED = re.compile(r"/\*(?:(?!\*/).)*?/\*", re.DOTALL)
SCRIPTS = st.lists(TOKENS, max_size=25).map("".join).filter(lambda script: not NESTED.search(script))
TEXT = r"""(?P<text>'(?:[^'\\]|\\.|'')*(?:'|\Z)|"(?:[^"\\]|\\.|"")*(?:"|\Z)|`[^`]*(?:`|\Z))"""
BLANKS = re.compile(TEXT + r"|\s+", re.DOTALL)
COMMENTS = re.compile(TEXT + r"|\s+|--(?=\s|\Z)[^\n]*|\#[^\n]*|/\*(?!M?!)(?:.*?\*/|.*)", re.DOTALL)

# They share a server.
pytestmark = [pytest.mark.linux_guest, pytest.mark.xdist_group("split")]


class Client(Server):
    """The server with its client, in one container."""

    def sent(self, scripts):
        """What the client sends for each script."""
        spool = io.BytesIO()
        with tarfile.open(mode="w", fileobj=spool) as archive:
            for number, script in enumerate(scripts):
                content = script.encode()
                entry = tarfile.TarInfo(f"scripts/{number:06d}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        self.container.exec_run(["rm", "-rf", "/scripts"])
        self.container.put_archive("/", spool.getvalue())
        self.execute("TRUNCATE mysql.general_log")
        loop = (
            "for f in /scripts/*; do mariadb --force --default-character-set=utf8mb4 -uroot -proot"
            " --init-command=\"select 'begins ${f##*/}'\" t < $f > /dev/null 2>&1; done"
        )
        self.container.exec_run(["sh", "-c", loop])
        log = self.execute(
            "SELECT thread_id, argument FROM mysql.general_log WHERE command_type IN ('Query', 'Init DB')"
        )
        found, running = {}, {}
        for thread, argument in log:
            text = argument.decode() if isinstance(argument, bytes) else argument
            begins = re.fullmatch(r"select 'begins (\d+)'", text)
            if begins:
                running[thread] = found[int(begins[1])] = []
            # The client's own question after USE.
            elif thread in running and text != "SELECT DATABASE()":
                running[thread].append(text)
        return [found[number] for number in range(len(scripts))]


@pytest.fixture(scope="module")
def server(real_client):
    made = Client(real_client, "--general-log", "--log-output=TABLE", "--max-statement-time=5", "--event-scheduler=OFF")
    yield made
    made.remove()


def essential(statements, left_out):
    """What does something: without blanks, which the client puts behind comments, and without what is left out."""
    # The server takes what does nothing from the end, where -- is a comment or not by what came after it; and a USE
    # without semicolon is another call.
    texts = [left_out.sub(lambda part: part["text"] or "", text).rstrip(";-") for text in statements]
    return [re.sub(r"(?i)^use(t)$", r"\1", text) for text in texts if text]


def compare(server, scripts):
    ours, accepted = [], []
    for script in scripts:
        try:
            ours.append(essential([one.text for one in split(script)], COMMENTS))
            accepted.append(script)
        except ScriptError:
            continue
    # The client leaves comments out.
    theirs = [essential(one, BLANKS) for one in server.sent(accepted)]
    for script, mine, real in zip(accepted, ours, theirs, strict=True):
        assert mine == real, script
    return len(accepted)


def test_nasty_scripts(server):
    assert compare(server, NASTY) == len(NASTY)


@pytest.mark.soak
@settings(
    max_examples=max(EXAMPLES // BATCH, 1),
    deadline=None,
    database=None,
    derandomize=EXAMPLES <= 2000,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.generate],
)
@given(st.lists(SCRIPTS, min_size=BATCH, max_size=BATCH))
@example([script.replace(";", "//") for script in NASTY])
def test_generated_scripts(server, scripts):
    compare(server, scripts)
