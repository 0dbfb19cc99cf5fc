"""A WS-Management server for tests: shells, commands and their output in pieces, over TLS, with faults on request."""

import base64
import contextlib
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree as ET

import spnego

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
NAMES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    f'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="{SHELL}" '
    'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"'
)
MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
NOTHING_YET = 2150858793
NO_SUCH_SHELL = 2150858843


class WsMan:
    """Serves at `url`. What it does with a command is `outcome`: pieces of output and error, and the exit code."""

    user, password = "tester", "Pass-word 1"

    def __init__(self, context, scheme="basic"):
        self.scheme = scheme
        self.scripts = []
        self.shells = set()
        self.opened = 0
        self.commands = {}
        self.cleaned = 0
        self.outcome = ([(b"Gr\xc3\xbc\xc3\x9fe\r\n", b""), (b"done\r\n", b"")], 0)
        self.hang = threading.Event()
        self.hangs_at = ""
        self.cuts_at = ""
        self.quiet_rounds = 0
        self._contexts = {}
        server = self

        class Handler(_Handler):
            wsman = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self._http.server_address[1]}/wsman"

    def close(self):
        self.hang.set()
        self._http.shutdown()
        self._http.server_close()

    def answer(self, action, root):
        """Status and body for one message."""
        if action == "Create":
            self.opened += 1
            shell = str(uuid.uuid4()).upper()
            self.shells.add(shell)
            return 200, f'<x><w:Selector Name="ShellId">{shell}</w:Selector></x>'
        shell = next(node.text for node in root.iter() if node.get("Name") == "ShellId")
        if shell not in self.shells:
            return self._fault(NO_SUCH_SHELL, f"the shell was not found on the server: {shell}")
        if action == "Delete":
            self.shells.discard(shell)
            return 200, ""
        if action == "Command":
            words = [node.text for node in root.iter() if node.tag.endswith(("}Command", "}Arguments"))]
            self.scripts.append(base64.b64decode(words[-1].split()[-1]).decode("utf-16-le"))
            command = str(uuid.uuid4()).upper()
            self.commands[command] = [list(self.outcome[0]), self.quiet_rounds]
            return 200, f"<rsp:CommandResponse><rsp:CommandId>{command}</rsp:CommandId></rsp:CommandResponse>"
        command = next(node.get("CommandId") for node in root.iter() if node.get("CommandId"))
        if action == "Signal":
            self.cleaned += 1
            return 200, ""
        pieces, quiet = self.commands[command]
        if quiet:
            self.commands[command][1] -= 1
            return self._fault(NOTHING_YET, "nothing within the time that was given")
        out, error = pieces.pop(0) if pieces else (b"", b"")
        streams = "".join(
            f'<rsp:Stream Name="{name}" CommandId="{command}">{base64.b64encode(data).decode()}</rsp:Stream>'
            for name, data in (("stdout", out), ("stderr", error))
        )
        state = "Running" if pieces else "Done"
        code = "" if pieces else f"<rsp:ExitCode>{self.outcome[1]}</rsp:ExitCode>"
        ended = (
            f'<rsp:CommandState CommandId="{command}" State="{SHELL}/CommandState/{state}">{code}</rsp:CommandState>'
        )
        return 200, f"<rsp:ReceiveResponse>{streams}{ended}</rsp:ReceiveResponse>"

    @staticmethod
    def _fault(code, text):
        return 500, (
            f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>{text}</s:Text></s:Reason>"
            f'<s:Detail><f:WSManFault Code="{code}"/></s:Detail></s:Fault>'
        )

    def allows(self, given, connection, certificate):
        """Whether the header lets this caller in; else what to answer it with. `certificate` is what TLS has checked."""
        if self.scheme == "certificate":
            # As a host that maps the certificates of one subject to an account.
            names = dict(part for parts in (certificate or {}).get("subject", ()) for part in parts)
            return given == MUTUAL and names.get("commonName") == self.user, "Negotiate"
        if self.scheme == "basic":
            expected = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return given == f"Basic {expected}", "Basic realm=WSMAN"
        if connection in self._contexts and self._contexts[connection].complete:
            return True, ""
        found = re.fullmatch(r"(NTLM|Negotiate) (.+)", given or "")
        if not found:
            return False, "NTLM"
        context = self._contexts.setdefault(
            connection, spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        )
        try:
            token = context.step(base64.b64decode(found[2]))
        except spnego.exceptions.SpnegoError:
            return False, "NTLM"
        return context.complete, f"{found[1]} {base64.b64encode(token).decode()}" if token else "NTLM"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wsman: WsMan

    def log_message(self, *arguments):
        pass

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        peer = self.connection.getpeercert()
        allowed, challenge = self.wsman.allows(self.headers.get("Authorization"), self.client_address, peer)
        if not allowed:
            self._send(401, b"", challenge)
            return
        root = ET.fromstring(body)
        action = next(node.text for node in root.iter() if node.tag.endswith("}Action")).rpartition("/")[2]
        message = next(node.text for node in root.iter() if node.tag.endswith("}MessageID"))
        if action == self.wsman.hangs_at:
            self.wsman.hang.wait(60)
            return
        status, answer = self.wsman.answer(action, root)
        head = f"<s:Header><a:RelatesTo>{message}</a:RelatesTo></s:Header>"
        content = f"<s:Envelope {NAMES}>{head}<s:Body>{answer}</s:Body></s:Envelope>".encode()
        if action == self.wsman.cuts_at:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:20])
            self.close_connection = True
            time.sleep(0.05)
            return
        self._send(status, content)

    def _send(self, status, content, challenge=""):
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
