#!/usr/bin/env python3
"""What engine tests do inside containers, in words that are the same in every guest. See `VERBS`."""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, "/windows")
from output import local, say, write


def sleep():
    """Stay until ended."""
    while True:
        signal.pause()


def start(text, seconds="0"):
    """Wait, write a line, stay."""
    time.sleep(float(seconds))
    say(text)
    sleep()


def end(code, text=""):
    """Write a line and end."""
    if text:
        say(text)
    sys.exit(int(code))


def until(path, code, text):
    """Wait until a file is there, then write a line and end."""
    while not os.path.exists(local(path)):
        time.sleep(0.05)
    end(code, text)


def serve(port):
    """A web server of a few lines."""
    server = socket.create_server(("", int(port)))
    say(f"listening on {port}")
    while True:
        with server.accept()[0] as client:
            asked = client.recv(4096)
            # A check whether the port is open asks nothing.
            if asked:
                say(asked.decode().splitlines()[0])
                client.sendall(f"HTTP/1.0 200 OK\r\n\r\nhello {os.environ.get('WHO', '')}".encode())


def get(host, port):
    """Ask a web server; its answer's body, or why there is none."""
    try:
        with socket.create_connection((host, int(port)), 5) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            whole = b"".join(iter(lambda: client.recv(4096), b""))
    except OSError as problem:
        end(1, str(problem))
    say(whole.decode().partition("\r\n\r\n")[2])


def lookup(host):
    """The address of a host, by the guest's own resolver with its cache."""
    try:
        say(socket.gethostbyname(host))
    except OSError as problem:
        end(1, str(problem))


def dns():
    """Between the guest and the engine's resolver, the server of a network that says of unknown names: there is none.

    This machine's engine may reach no other server, and then it says that it does not know, which nobody caches.
    """
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        question, client = server.recvfrom(4096)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as engine:
            engine.settimeout(2)
            engine.sendto(question, ("127.0.0.11", 53))
            try:
                answer = bytearray(engine.recv(4096))
            except OSError:
                answer = bytearray(question[:2] + b"\x81\x80" + question[4:])
            if answer[6:8] == b"\0\0":
                answer[3] = answer[3] & 0xF0 | 3
        server.sendto(bytes(answer), client)


def env(name):
    """A variable."""
    say(os.environ.get(name, ""))


def words(*given):
    """The arguments, as JSON in ASCII."""
    say(json.dumps(given))


def read(*paths):
    """Files."""
    for path in paths:
        write(Path(local(path)).read_text("utf-8"))


def show(*paths):
    """Files, then stay."""
    read(*paths)
    sleep()


def show_after(path, *paths):
    """Wait until a file is there, then write others, then stay."""
    while not os.path.exists(local(path)):
        time.sleep(0.05)
    show(*paths)


def touch(path):
    """Make a file."""
    try:
        Path(local(path)).touch()
    except OSError as problem:
        end(1, str(problem))


def has(path):
    """Whether a file or folder is there."""
    sys.exit(not os.path.exists(local(path)))


def job(*steps):
    """Do these in the working directory: write:FILE=TEXT, many:DIRECTORY=COUNT, link:FILE=TARGET, flood:MIB, eat:MIB."""
    for step in steps:
        what, _, given = step.partition(":")
        name, _, value = given.partition("=")
        path = Path(name)
        if what in ("write", "many", "link"):
            path.parent.mkdir(parents=True, exist_ok=True)
        if what == "write":
            path.write_text(value, "utf-8")
        elif what == "many":
            path.mkdir()
            for number in range(int(value)):
                (path / f"{number}.txt").write_text(str(number))
        elif what == "link":
            path.symlink_to(value)
        elif what == "flood":
            for _ in range(int(name)):
                write("".join(f"{number:<99}\n" for number in range(10486)))
        elif what == "eat":
            say(str(len(bytearray(int(name) << 20))))
    say("done")


def begun():
    """When the container began, in seconds since 1970."""
    say(str(os.stat("/proc/1").st_mtime))


def memory():
    """The limit, in bytes."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        if os.path.exists(path):
            say(Path(path).read_text().strip())


VERBS = (
    sleep,
    start,
    end,
    until,
    serve,
    get,
    lookup,
    dns,
    env,
    words,
    read,
    show,
    show_after,
    touch,
    has,
    job,
    begun,
    memory,
)

if __name__ == "__main__":
    # The first process of a container has to ask for being ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    verbs = {verb.__name__: verb for verb in VERBS}
    verbs[sys.argv[1]](*sys.argv[2:])
