"""Values in JSON files by the paths of ASP.NET Core, with everything else as it was."""

import codecs
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.webconfig import TransformError, set_json

DOCUMENT = """\
{
    // for developers
    "ConnectionStrings": { "Shop": "Server=old" },
    "Logging": {
        "LogLevel": {
            "Default": "Information", // or Debug
            "Microsoft": "Warning" /* quiet */ // really
            // the end
        },
    },
    "Servers": [
        {
            "Host": "a"
        },
        { "Host": "b", }
    ],
    "Flat:Key": 1,
    "Empty": {},
    "None": [],
    "Nothing": null
}
// behind it
"""


def changed(text, settings):
    return set_json(text.encode(), settings, source="appsettings.json").decode()


@pytest.fixture(params=["\n", "\r\n"], ids=["lf", "crlf"])
def newline(request):
    return request.param


def test_nothing_to_set_keeps_every_byte():
    content = codecs.BOM_UTF8 + DOCUMENT.replace("\n", "\r\n").encode()
    assert set_json(content, {}, source="appsettings.json") == content


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("ConnectionStrings:Shop", 'a"\\\u00e4', '"Server=old"', '"a\\"\\\\\u00e4"'),
        ("connectionstrings:SHOP", "x", '"Server=old"', '"x"'),
        ("Logging:LogLevel:Default", None, '"Information", // or', "null, // or"),
        ("Servers:1:Host", True, '"b"', "true"),
        ("Flat:Key", 2, "1", "2"),
        ("flat:key", 1.5, "1", "1.5"),
        ("Nothing", -3, "null", "-3"),
        ("Empty", "x", "{},", '"x",'),
        ("ConnectionStrings:Log", "x", 'old" }', 'old", "Log": "x" }'),
        # Behind the comments of what was the last, with the comma before them.
        (
            "Logging:LogLevel:System",
            "Error",
            '"Warning" /* quiet */ // really\n            // the end\n',
            '"Warning", /* quiet */ // really\n            // the end\n            "System": "Error"\n',
        ),
        # A trailing comma stays one.
        ("Logging:Other", 1, "        },\n    },", '        },\n        "Other": 1,\n    },'),
        ("Servers:0:Port", 80, '"a"\n', '"a",\n            "Port": 80\n'),
        ("Servers:1:Port", 80, '"b", }', '"b", "Port": 80 }'),
        (
            "Servers:2:Host",
            "c",
            "}\n    ],",
            '},\n        {\n            "Host": "c"\n        }\n    ],',
        ),
        ("Empty:A:B", 1, "{}", '{\n        "A": {\n            "B": 1\n        }\n    }'),
        ("None:0", "x", "[]", '[\n        "x"\n    ]'),
        ("Nothing:A", 1, "null", '{\n        "A": 1\n    }'),
        ("New:Deep", 1, "null\n", 'null,\n    "New": {\n        "Deep": 1\n    }\n'),
        ("New:0:Host", "x", "null\n", 'null,\n    "New": [\n        {\n            "Host": "x"\n        }\n    ]\n'),
    ],
)
def test_one_value_is_set_and_the_rest_stays(path, value, old, new, newline):
    assert DOCUMENT.count(old) == 1 or old in ("1", "null")
    wanted = DOCUMENT.replace(old, new, 1)
    assert changed(DOCUMENT.replace("\n", newline), {path: value}) == wanted.replace("\n", newline)


@pytest.mark.parametrize(
    ("text", "settings", "wanted"),
    [
        ("{}", {"A:B": 1}, '{"A": {"B": 1}}'),
        ('{"A": [1]}', {"A:1": 2}, '{"A": [1, 2]}'),
        ('{"A": [1, ]}', {"A:1": 2}, '{"A": [1, 2 ]}'),
        ("{\n}\n", {"A": 1}, '{\n  "A": 1\n}\n'),
        ("{ /* all */\n}", {"A": 1}, '{ /* all */\n  "A": 1\n}'),
        ('{\n\t"A": {"x": 1}\n}', {"B:C": 1}, '{\n\t"A": {"x": 1},\n\t"B": {\n\t\t"C": 1\n\t}\n}'),
        ('{"A": {"x": 1}, "a": {"y": 2}}', {"A:Y": 3}, '{"A": {"x": 1}, "a": {"y": 3}}'),
        ('{"A:B": {"C": 1}}', {"a:b:c": 2}, '{"A:B": {"C": 2}}'),
        ('{"A": "", "a": {}}', {"A:B": 2}, '{"A": "", "a": {"B": 2}}'),
        ('{"\\u0041": 1}', {"a": 2}, '{"\\u0041": 2}'),
    ],
)
def test_forms_of_files(text, settings, wanted):
    assert changed(text, settings) == wanted


def test_several_settings_build_on_each_other():
    settings = {"Servers:0:Host": "a", "Servers:1:Host": "b", "Servers:0:Port": 1}
    assert json.loads(changed("{\n}", settings)) == {"Servers": [{"Host": "a", "Port": 1}, {"Host": "b"}]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings_are_kept(encoding):
    content = '{"A": "\u00e4"}'.encode(encoding)
    assert set_json(content, {"B": "\u00fc"}, source="a.json") == '{"A": "\u00e4", "B": "\u00fc"}'.encode(encoding)


MALFORMED = [
    ('{\n"a": }', "line 2, column 6", "a value is missing before '}'"),
    ('{"a": 1', "line 1, column 8", "a comma or '}' is missing"),
    ('{"a": [1 2]}', "line 1, column 10", "a comma or ']' is missing"),
    ("{a: 1}", "line 1, column 2", "this is not a JSON value"),
    ('{"a" 1}', "line 1, column 6", "':' is missing"),
    ("{1: 1}", "line 1, column 2", "a name in quotes or a closing brace is missing"),
    ("{,}", "line 1, column 2", "a name in quotes or a closing brace is missing"),
    ('{"a": 01}', "line 1, column 8", "a comma or '}' is missing"),
    ('{"a": "x\ny"}', "line 1, column 7", "this is not a JSON value"),
    ('{"a": 1} 2', "line 1, column 10", "nothing may follow the first value"),
    ('{"a": 1} /*', "line 1, column 10", "this is not a JSON value"),
    ("", "line 1, column 1", "it ends too early"),
    (
        '{"a":' * 65 + "1" + "}" * 65,
        "line 1, column 321",
        "it is nested more than 64 levels deep, which .NET does not read",
    ),
]


@pytest.mark.parametrize(("text", "place", "why"), MALFORMED)
def test_malformed_files_are_refused_even_without_settings(text, place, why):
    with pytest.raises(TransformError) as caught:
        changed(text, {})
    assert caught.value.message == f"appsettings.json, {place}: the JSON is malformed: {why}."
    assert caught.value.hint


REFUSED = [
    ("[]", "A", "line 1: the file's value is not an object", "braces"),
    (DOCUMENT, "Logging", "line 4: Logging has settings in it, which one value would remove", "Logging:LogLevel"),
    (DOCUMENT, "Servers", "line 11: Servers has settings in it, which one value would remove", "Servers:0"),
    (DOCUMENT, "Servers:x", "line 11: Servers is a list of 2, which has no place for 'x'", "up to 2"),
    (DOCUMENT, "Servers:3:Host", "line 11: Servers is a list of 2, which has no place for '3'", "up to 2"),
    (DOCUMENT, "Flat:Key:x", "line 17: Flat:Key is a value, so Flat:Key:x cannot be in it", "Set Flat:Key itself"),
    (
        DOCUMENT,
        "Logging:LogLevel:Default:x",
        "line 6: Logging:LogLevel:Default is a string, so Logging:LogLevel:Default:x cannot be in it",
        "Set Logging:LogLevel:Default itself",
    ),
    ('{"A": 1,\n"a": 2}', "a", "line 2: a is there more than once, which ASP.NET Core rejects", "Remove all but one"),
    ('{"A:B": 1, "A": {"B": 2}}', "A:B", "line 1: A:B is there more than once", "Remove all but one"),
]


@pytest.mark.parametrize(("text", "path", "sentence", "hint"), REFUSED)
def test_a_path_that_leads_nowhere(text, path, sentence, hint):
    with pytest.raises(TransformError) as caught:
        changed(text, {path: "hunter22"})
    assert caught.value.message.startswith(f"appsettings.json, {sentence}")
    assert hint in caught.value.hint
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("path", ["", ":A", "A:", "A::B"])
def test_an_empty_key(path):
    with pytest.raises(TransformError, match=r"^appsettings.json: the path '.*' has an empty key\."):
        changed("{}", {path: 1})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_lacks(value):
    with pytest.raises(TransformError, match="the value of A cannot be written: JSON has no such number"):
        changed("{}", {"A": value})


@pytest.mark.parametrize(("content", "value"), [(b'{"a": "\xff"}', "x"), (b"{}", "\ud800")])
def test_text_that_is_none(content, value):
    with pytest.raises(
        TransformError, match=r"is not text in the encoding utf-8|has a character that cannot be written"
    ):
        set_json(content, {"A": value}, source="appsettings.json")


KEYS = st.text("abAB", min_size=1, max_size=2)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=8,
)


def flattened(value, path=""):
    """What ASP.NET Core makes of it: a dictionary of paths, with an empty container as null."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if not inner:
        yield path.lower(), None if isinstance(value, (dict, list)) else value
        return
    for key, one in inner:
        yield from flattened(one, f"{path}:{key}" if path else str(key))


@given(
    st.dictionaries(KEYS, TREES, max_size=4),
    st.lists(KEYS | st.sampled_from(["0", "1"]), min_size=1, max_size=3),
    st.sampled_from([None, 2, "\t"]),
)
def test_the_setting_is_there_and_no_other_is_lost(tree, keys, indent):
    path = ":".join(keys)
    try:
        after = json.loads(changed(json.dumps(tree, indent=indent), {path: "set"}))
    except TransformError:
        return
    before, now = dict(flattened(tree)), dict(flattened(after))
    assert now.pop(path.lower()) == "set"
    for key, value in before.items():
        if key in now:
            assert now[key] == value
        elif key and key != path.lower():
            # An empty place that it is in now.
            assert value in (None, "")
            assert path.lower().startswith(f"{key}:")
