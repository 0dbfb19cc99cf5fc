"""A display as a VNC client sees it that gets to its server through noVNC's WebSocket (RFC 6143)."""

import struct
from urllib.parse import parse_qs, urlsplit

import websocket
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

VNC_AUTHENTICATION = 2


class Refused(Exception):
    """The password is wrong."""


class Display:
    """The display behind the address of noVNC's page, whose fragment has the password. Raises Refused."""

    def __init__(self, url, password=None):
        address = urlsplit(url)
        known = parse_qs(address.fragment)["password"][0]
        self._socket = websocket.create_connection(
            f"ws://{address.netloc}/websockify", subprotocols=["binary"], timeout=10
        )
        self._left = b""
        self.version = self._read(12)
        self._socket.send_binary(self.version)
        self.security = list(self._read(self._read(1)[0]))
        self._socket.send_binary(bytes([VNC_AUTHENTICATION]))
        self._socket.send_binary(_answer(known if password is None else password, self._read(16)))
        if self._read(4) != bytes(4):
            raise Refused(self._read(struct.unpack(">I", self._read(4))[0]).decode())
        self._socket.send_binary(b"\x01")
        self.size = struct.unpack(">HH", self._read(4))
        self._read(16)
        self._read(struct.unpack(">I", self._read(4))[0])
        # 32 bits: red, green and blue in the first three bytes.
        self._socket.send_binary(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 0, 8, 16))
        # Nothing but raw pixels.
        self._socket.send_binary(struct.pack(">BxHi", 2, 1, 0))

    def pixel(self, x, y):
        """Its colour there: red, green and blue."""
        self._socket.send_binary(struct.pack(">BBHHHH", 3, 0, x, y, 1, 1))
        kind, rectangles = struct.unpack(">BxH", self._read(4))
        assert (kind, rectangles) == (0, 1)
        self._read(12)
        return tuple(self._read(4)[:3])

    def close(self):
        """Hang up."""
        self._socket.close()

    def _read(self, length):
        while len(self._left) < length:
            self._left += self._socket.recv()
        piece, self._left = self._left[:length], self._left[length:]
        return piece


def _answer(password, challenge):
    # VNC has the bits of each byte of the key the other way round.
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode().ljust(8, b"\0")[:8])
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()
    return encryptor.update(challenge) + encryptor.finalize()
