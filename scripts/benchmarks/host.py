"""A corral-host of one's own, and how it is spoken to."""
import concurrent.futures
import http.client
import json
import os
import signal
import socket
import subprocess
import time


class Connection(http.client.HTTPConnection):
    """HTTP over the host's Unix socket."""

    def __init__(self, path):
        super().__init__("corral", timeout=300)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class Refusal(SystemExit):
    """An answer that says no; ends the program with its words unless it is caught."""

    def __init__(self, method, path, status, content):
        super().__init__(f"{method} {path}: {status} {content.decode()}")
        self.status = status


class HostSocket:
    """What can be asked of a corral-host, wherever it came from."""

    def __init__(self, path):
        self.socket = path

    def wait_until_ready(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                self.instance = self.ask("GET", "/v1/status")["instance"]
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise

    def ask(self, method, path, body=None):
        connection = Connection(self.socket)
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status >= 300:
            raise Refusal(method, path, answer.status, content)
        return json.loads(content) if answer.headers["content-type"].startswith("application/json") else content

    def workspace(self, directory):
        os.makedirs(directory, exist_ok=True)
        return self.ask("POST", "/v1/workspaces", {"kind": "adopted", "path": directory})

    def session(self, workspace, command):
        return self.ask("POST", f"/v1/workspaces/{workspace}/sessions", {"command": command})

    def sessions(self, workspace, count, command):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            return list(pool.map(lambda _: self.session(workspace, command)["id"], range(count)))

    def delete(self, workspace):
        self.ask("DELETE", f"/v1/workspaces/{workspace}?force&timeout=120")


class Host(HostSocket):
    """A corral-host with directories of its own, as a child of this process."""

    def __init__(self, programs, work):
        super().__init__(f"{work}/run/corral.sock")
        self.programs = programs
        self.log = open(f"{work}/log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [f"{programs}/corral-host", "--state-directory", f"{work}/state", "--runtime-directory", f"{work}/run",
             "--log-level", "error"], stderr=self.log)
        self.wait_until_ready()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
