"""Ansible connection to a directory that holds a root file system, or to a container that runs on one.

``-i DIR, -c rootdir`` runs commands by ``chroot DIR``; with ``-e rootdir_leader=PID`` in the namespaces of
the container whose first process is PID. Files are copied straight into the directory.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: rootdir
short_description: Run in a root directory
description: Runs commands by chroot(8), or by nsenter(1) in a container that runs on the directory.
author: box400
options:
  remote_addr:
    description: The directory.
    default: inventory_hostname
    vars: [{name: inventory_hostname}, {name: ansible_host}]
  leader:
    description: Process id of the container's first process; empty means that nothing runs there.
    default: ""
    vars: [{name: rootdir_leader}]
"""

ENVIRONMENT = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root")


class Connection(ConnectionBase):
    """One root directory."""

    transport = "rootdir"
    has_pipelining = True
    has_tty = False

    def _connect(self):
        self._root = Path(self.get_option("remote_addr")).absolute()
        if not (self._root / "bin/sh").exists():
            raise AnsibleError(f"{self._root} holds no root file system")
        self._connected = True
        return self

    def _command(self, command: str) -> list[str]:
        leader = str(self.get_option("leader") or "")
        if leader:
            entered = ["nsenter", "-t", leader, "-m", "-u", "-i", "-n", "-p", "--"]
        else:
            entered = ["chroot", str(self._root)]
        return [*entered, *ENVIRONMENT, "/bin/sh", "-c", command]

    def exec_command(self, cmd, in_data=None, sudoable=False):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        done = subprocess.run(self._command(cmd), input=in_data, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def _inside(self, path: str) -> Path:
        leader = str(self.get_option("leader") or "")
        return (Path("/proc") / leader / "root" if leader else self._root) / path.lstrip("/")

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        shutil.copyfile(in_path, self._inside(out_path))

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        shutil.copyfile(self._inside(in_path), out_path)

    def close(self):
        self._connected = False
