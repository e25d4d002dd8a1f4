"""A corral-host of the benchmark's own, and how it is spoken to."""
import concurrent.futures
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time


class Connection(http.client.HTTPConnection):
    """HTTP over the host's Unix socket."""

    def __init__(self, path):
        super().__init__("corral", timeout=300)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class Host:
    """A corral-host with directories of its own."""

    def __init__(self, programs, work):
        self.socket = f"{work}/run/corral.sock"
        self.log = open(f"{work}/log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [f"{programs}/corral-host", "--state-directory", f"{work}/state", "--runtime-directory", f"{work}/run",
             "--log-level", "error"], stderr=self.log)
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
            sys.exit(f"bench: {method} {path}: {answer.status} {content.decode()}")
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

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
