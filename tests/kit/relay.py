"""A door to an engine that tests can shut."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class Relay:
    """A TCP door to the engine that can be shut and opened again while calls go through it."""

    def __init__(self, url):
        self._to = urlsplit(url)
        self._port = 0
        self._open = []
        self.open()

    @property
    def url(self):
        return f"tcp://127.0.0.1:{self._port}"

    def open(self):
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self):
        """Take no more connections and cut the ones that stand."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = self._dial()
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _dial(self):
        if self._to.scheme == "tcp":
            return socket.create_connection((self._to.hostname, self._to.port))
        made = socket.socket(socket.AF_UNIX)
        made.connect(self._to.path)
        return made

    @staticmethod
    def _pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
