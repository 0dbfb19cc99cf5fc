#!/usr/bin/env python3
"""A stand-in for IIS in a Windows container: it makes its sites by appcmd's calls, or refuses them.

appcmd's syntax is the documented one, and what is not known to be right is refused: see `Refused`. The sites are then
served by nginx and Mono, but only by what the calls said, and logged as IIS logs: its default fields, whole seconds,
blanks as +. Worker processes get none of the container's variables. Nothing here is the package's own, whose faults it
would share.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from output import local, say

STATE = Path("/wincontainers/applicationHost.json")

POOL = {
    "managedRuntimeVersion": r"v4\.0|v2\.0|",
    "managedPipelineMode": "Integrated|Classic",
    "enable32BitAppOnWin64": "true|false",
    "processModel.identityType": "ApplicationPoolIdentity|LocalService|LocalSystem|NetworkService|SpecificUser",
    "processModel.userName": ".+",
    "processModel.password": ".*",
}
VARIABLE = re.compile(
    r"/\+\[name='((?:[^']|'')*)'\]\.environmentVariables\.\[name='((?:[^']|'')*)',value='((?:[^']|'')*)'\]", re.DOTALL
)
BINDING = re.compile(r"http/(\*|[0-9.]+):(\d+):([A-Za-z0-9.-]*)")


class Refused(Exception):
    """What appcmd would not take."""


def appcmd(words):
    """Do one call, given as a program gets its words."""
    state = read()
    verb, kind, *rest = words
    known = {
        ("add", "apppool"): add_pool,
        ("add", "site"): add_site,
        ("set", "app"): set_app,
        ("add", "app"): add_app,
        ("add", "vdir"): add_directory,
        ("set", "config"): set_variables,
        ("recycle", "apppool"): recycle,
        ("list", "wps"): list_processes,
    }
    if (verb, kind) not in known:
        raise Refused(f"{verb} {kind}")
    known[verb, kind](state, rest)
    if verb in ("add", "set"):
        STATE.write_text(json.dumps(state), "utf-8")
        configure(state)


def read():
    """What was made until now."""
    return json.loads(STATE.read_text("utf-8")) if STATE.exists() else {"pools": {}, "sites": {}, "accounts": {}}


def add_account(name, password):
    """As the entry point for Windows makes one."""
    state = read()
    state["accounts"][name] = password
    STATE.write_text(json.dumps(state), "utf-8")


def decoded(value):
    """%uXXXX is a character by its number, and any other % is nothing that the documentation knows."""
    if re.search(r"%(?!u[0-9A-Fa-f]{4})", value):
        raise Refused(f"a % in {value}")
    return re.sub(r"%u([0-9A-Fa-f]{4})", lambda one: chr(int(one[1], 16)), value)


def parameters(words, allowed):
    found = {}
    for word in words:
        match = re.fullmatch(r"/([A-Za-z0-9.]+):(.*)", word, re.DOTALL)
        if not match or match[1] not in allowed or match[1] in found:
            raise Refused(f"parameter {word}")
        found[match[1]] = decoded(match[2])
    return found


def add_pool(state, words):
    given = parameters(words, {"name", *POOL})
    name = given.pop("name")
    if not name or set(name) & set('|<>&"') or name in state["pools"]:
        raise Refused(f"pool {name}")
    for key, value in given.items():
        if not re.fullmatch(POOL[key], value, re.DOTALL):
            raise Refused(f"{key}:{value}")
    user = given.get("processModel.userName")
    if (user is None) == (given["processModel.identityType"] == "SpecificUser"):
        raise Refused("an account for another identity")
    if (
        user is not None
        and not set(user) & set("\\@")
        and state["accounts"].get(user) != given["processModel.password"]
    ):
        raise Refused(f"the account {user} with this password")
    state["pools"][name] = {**given, "environment": {}}


def set_variables(state, words):
    if words[0] != "-section:system.applicationHost/applicationPools" or words[-1] != "/commit:apphost":
        raise Refused(f"set config {words[0]} … {words[-1]}")
    for word in words[1:-1]:
        found = VARIABLE.fullmatch(word)
        if not found:
            raise Refused(word)
        pool, name, value = (decoded(one.replace("''", "'")) for one in found.groups())
        environment = state["pools"][pool]["environment"]
        if name.upper() in map(str.upper, environment):
            raise Refused(f"a second variable {name}")
        if not value:
            raise Refused(f"an empty value for {name} (microsoft/IIS.ServiceMonitor#73)")
        environment[name] = value


def add_site(state, words):
    given = parameters(words, {"name", "id", "bindings", "physicalPath"})
    binding = BINDING.fullmatch(given["bindings"])
    sites = state["sites"]
    if not binding or set(given["name"]) & set("\\/?;:@=+$,|<>*") or given["name"] in sites:
        raise Refused(f"site {given}")
    if given["id"] in {site["id"] for site in sites.values()} or not given["id"].isdecimal():
        raise Refused(f"id {given['id']}")
    sites[given["name"]] = {
        "id": given["id"],
        "port": int(binding[2]),
        "host": binding[3],
        "applications": {"/": {"folder": existing(given["physicalPath"]), "pool": "DefaultAppPool", "directories": {}}},
    }


def existing(folder):
    if not re.match(r"[A-Z]:\\", folder) or not os.path.isdir(local(folder)):
        raise Refused(f"folder {folder}")
    return folder


def application(state, name):
    site, slash, path = name.partition("/")
    return state["sites"][site]["applications"][slash + path]


def set_app(state, words):
    given = parameters(words, {"app.name", "applicationPool"})
    application(state, given["app.name"])["pool"] = pool_of(state, given)


def pool_of(state, given):
    if given["applicationPool"] not in state["pools"]:
        raise Refused(f"pool {given['applicationPool']}")
    return given["applicationPool"]


def add_app(state, words):
    given = parameters(words, {"site.name", "path", "physicalPath", "applicationPool"})
    applications = state["sites"][given["site.name"]]["applications"]
    if given["path"] in applications or not given["path"].startswith("/"):
        raise Refused(f"application {given['path']}")
    folder = existing(given["physicalPath"])
    applications[given["path"]] = {"folder": folder, "pool": pool_of(state, given), "directories": {}}


def add_directory(state, words):
    given = parameters(words, {"app.name", "path", "physicalPath"})
    directories = application(state, given["app.name"])["directories"]
    if given["path"] in directories or not given["path"].startswith("/"):
        raise Refused(f"virtual directory {given['path']}")
    directories[given["path"]] = existing(given["physicalPath"])


def recycle(state, words):
    given = parameters(words, {"apppool.name"})
    if given["apppool.name"] not in state["pools"]:
        raise Refused(f"pool {given['apppool.name']}")
    subprocess.run(["recycle-pool", given["apppool.name"]], check=True)


def list_processes(state, words):
    given = parameters(words, {"apppool.name"})
    process = Path("/run/pools", given["apppool.name"] + ".pid").read_text().strip()
    say(f'WP "{process}" (applicationPool:{given["apppool.name"]})')


# -- serving ----------------------------------------------------------------------------------------------------


SERVED = Path("/srv/wincontainers")
W3C = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status"
W3C += " sc-substatus sc-win32-status time-taken"
HTTPERR = (
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename"
)
LOGS = "/inetpub/logs/LogFiles/W3SVC"
ERRORS = "/Windows/System32/LogFiles/HTTPERR"
FORMATS = """
map $time_iso8601 $iis_time { "~^([0-9-]+)T([0-9:]+)" "$1 $2"; }
map $args $iis_query { "" -; default $args; }
map $http_user_agent $iis_agent { "" -; "~ " Mozilla/5.0+(of+several+words); default $http_user_agent; }
map $http_referer $iis_referer { "" -; default $http_referer; }
map $request_time $iis_taken { "~^0[.]0*([0-9]+)$" $1; "~^([1-9][0-9]*)[.]([0-9]+)$" $1$2; }
map $request_uri $iis_stem { "~^([^?]*)" $1; }
log_format iis_err '$iis_time $remote_addr $remote_port $server_addr $server_port $server_protocol '
    '$request_method $request_uri - $status - Hostname -';
"""


def configure(state):
    """Have nginx and Mono serve what the calls have made."""
    shutil.rmtree(SERVED / "pools", ignore_errors=True)
    (SERVED / "pools").mkdir()
    ports = {name: 20_000 + number for number, name in enumerate(state["pools"])}
    for name, pool in state["pools"].items():
        (SERVED / "pools" / f"{name}.sh").write_text(pool_script(state, name, pool, ports[name]), "utf-8")
    for site in state["sites"].values():
        begin_log(f"{LOGS}{site['id']}/u_ex.log", W3C)
    begin_log(f"{ERRORS}/httperr1.log", HTTPERR)
    blocks = [FORMATS, *(server_block(site, ports) for site in state["sites"].values())]
    for port in sorted({site["port"] for site in state["sites"].values()}):
        # HTTP.sys answers what no binding takes.
        if all(site["host"] for site in state["sites"].values() if site["port"] == port):
            log = f"access_log {ERRORS}/httperr1.log iis_err;"
            blocks.append(f"server {{ listen {port} default_server; {log} return 400; }}\n")
    (SERVED / "sites.conf").write_text("".join(blocks), "utf-8")


def begin_log(path, fields):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    lines = f"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: {fields}\r\n"
    Path(path).write_text(lines, newline="")


def pool_script(state, name, pool, port):
    """What starts a pool's worker process."""
    applications = []
    number = ""
    for site in state["sites"].values():
        for path, one in site["applications"].items():
            if one["pool"] == name:
                number = site["id"]
                applications.append(f"{path}:{local(one['folder'])}")
                link_sections(Path(local(one["folder"])))
                for at, folder in one["directories"].items():
                    link = Path(local(one["folder"]) + at)
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.unlink(missing_ok=True)
                    link.symlink_to(local(folder))
    # ASP.NET's events name the site. Services do not pass the container's variables on to worker processes.
    words = [
        "env",
        "-i",
        f"PATH={os.environ['PATH']}",
        f"MONO_PATH={os.environ['MONO_PATH']}",
        f"WINCONTAINERS_SITE={number}",
        *(f"{key}={value}" for key, value in pool["environment"].items()),
        "fastcgi-mono-server4",
    ]
    words += [f"/applications={','.join(applications)}", f"/socket=tcp:127.0.0.1:{port}"]
    return f"exec {shlex.join([*words, '/printlog=True', '/loglevels=Error'])}\n"


def link_sections(folder):
    """Have Mono find the files of a web.config's sections as Windows does: a link has the name that it looks for."""
    for config in [path for path in folder.iterdir() if path.name.lower() == "web.config"]:
        for name in re.findall(rb"""\s(?:configSource|file)\s*=\s*["']([^"'/]+)""", config.read_bytes()):
            found = [folder]
            for part in name.decode().split("\\"):
                found = [
                    one for path in found if path.is_dir() for one in path.iterdir() if one.name.lower() == part.lower()
                ]
            if found and not (folder / name.decode()).exists():
                (folder / name.decode()).symlink_to(found[0])


def server_block(site, ports):
    """A site for nginx."""
    places = []
    for path, one in site["applications"].items():
        if one["pool"] not in ports:
            # The one that a site begins with, until the next call.
            continue
        match = "/" if path == "/" else f"~ ^{path}(/|$)"
        places.append(f"location {match} {{ include fastcgi.conf; fastcgi_pass 127.0.0.1:{ports[one['pool']]}; }}\n")
    return f"""
log_format iis{site["id"]} '$iis_time $server_addr $request_method $iis_stem $iis_query $server_port - '
    '$remote_addr $iis_agent $iis_referer $status 0 0 $iis_taken';
server {{
    listen {site["port"]}{"" if site["host"] else " default_server"};
    server_name {site["host"] or "_"};
    root {local(site["applications"]["/"]["folder"])};
    access_log {LOGS}{site["id"]}/u_ex.log iis{site["id"]};
    {"".join(places)}}}
"""
