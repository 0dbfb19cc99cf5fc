"""What tests need done from within Windows, by one process of its Python under Wine: named pipes, and ends of processes.

It reads a command per line, and answers each with a line:

    pipe NAME PORT      serve the pipe as the engine at that port of this machine; port 0 takes calls and never answers
    terminate PID       end a process as TerminateProcess does
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time

import pywintypes
import win32event
import win32file
import win32pipe
import winerror

PIECE = 65536
# Clients wait a whole second where no instance of the pipe is free at the moment.
INSTANCES = 8


def serve(name: str, port: int) -> None:
    for _ in range(INSTANCES):
        threading.Thread(target=_listen, args=(name, port, instance(name)), daemon=True).start()


def instance(name: str) -> int:
    """One more instance, as Docker's own listener makes it: of whole messages (Microsoft/go-winio pipe.go)."""
    return win32pipe.CreateNamedPipe(
        f"\\\\.\\pipe\\{name}",
        win32pipe.PIPE_ACCESS_DUPLEX | win32file.FILE_FLAG_OVERLAPPED,
        win32pipe.PIPE_TYPE_MESSAGE | win32pipe.PIPE_READMODE_MESSAGE | win32pipe.PIPE_WAIT,
        win32pipe.PIPE_UNLIMITED_INSTANCES,
        PIECE,
        PIECE,
        0,
        None,
    )


def _listen(name: str, port: int, pipe: int) -> None:
    while True:
        with contextlib.suppress(pywintypes.error):
            overlapped = _overlapped()
            if win32pipe.ConnectNamedPipe(pipe, overlapped) == winerror.ERROR_IO_PENDING:
                win32event.WaitForSingleObject(overlapped.hEvent, win32event.INFINITE)
            threading.Thread(target=_relay, args=(pipe, port), daemon=True).start()
        pipe = instance(name)


def _overlapped() -> pywintypes.OVERLAPPEDType:
    made = pywintypes.OVERLAPPED()
    made.hEvent = win32event.CreateEvent(None, True, False, None)
    return made


def _relay(pipe: int, port: int) -> None:
    if not port:
        time.sleep(3600)
    try:
        engine = socket.create_connection(("127.0.0.1", port))
    except OSError:
        pipe.Close()
        return
    threading.Thread(target=_to_engine, args=(pipe, engine), daemon=True).start()
    with contextlib.suppress(OSError, pywintypes.error):
        while piece := engine.recv(PIECE):
            _write(pipe, piece)
        # Else what the client has not read yet could be lost.
        win32file.FlushFileBuffers(pipe)
    # Not disconnected, which clients would take for an error.
    pipe.Close()
    with contextlib.suppress(OSError):
        engine.shutdown(socket.SHUT_RDWR)
    engine.close()


def _to_engine(pipe: int, engine: socket.socket) -> None:
    with contextlib.suppress(OSError, pywintypes.error):
        while True:
            piece = _read(pipe)
            if piece:
                engine.sendall(piece)
            else:
                # An empty message closes this half (Microsoft/go-winio pipe.go, CloseWrite).
                engine.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):
        engine.shutdown(socket.SHUT_RDWR)


def _read(pipe: int) -> bytes:
    overlapped = _overlapped()
    buffer = win32file.AllocateReadBuffer(PIECE)
    win32file.ReadFile(pipe, buffer, overlapped)
    try:
        length = win32file.GetOverlappedResult(pipe, overlapped, True)
    except pywintypes.error as problem:
        # The rest of a longer message comes next.
        if problem.winerror != winerror.ERROR_MORE_DATA:
            raise
        length = PIECE
    return bytes(buffer[:length])


def _write(pipe: int, piece: bytes) -> None:
    overlapped = _overlapped()
    win32file.WriteFile(pipe, piece, overlapped)
    win32file.GetOverlappedResult(pipe, overlapped, True)


def main() -> None:
    # What Ctrl+C ends is on another console.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        try:
            command, *words = line.split()
            if command == "pipe":
                serve(words[0], int(words[1]))
            else:
                # On Windows, that is TerminateProcess.
                os.kill(int(words[0]), signal.SIGTERM)
            print("done", flush=True)
        except Exception as problem:
            print(repr(problem), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
