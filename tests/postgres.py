"""A real PostgreSQL, started by the tests in a folder of its own, with a password that must never be seen."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECRET = "canary-7f3a"


@dataclass
class Server:
    """A running server.

    Parameters
    ----------
    folder : Path
    port : int
    process : Popen, optional
        While it runs.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address, with the password."""
        return f"postgresql://planner:{SECRET}@127.0.0.1:{self.port}/postgres"

    def execute(self, *statements: str) -> None:
        """Run statements, each committed."""
        from adbc_driver_postgresql import dbapi

        with closing(dbapi.connect(self.url, autocommit=True)) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        from adbc_driver_postgresql import dbapi

        with closing(dbapi.connect(self.url)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        user = _user()
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", str(self.port), "-k", str(self.folder)]
        self.process = subprocess.Popen(
            [str(_program("postgres")), "-D", str(self.folder / "data"), *options],
            user=user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            try:
                self.execute("SELECT 1")
                return
            except Exception:
                time.sleep(0.05)
        raise RuntimeError("PostgreSQL does not answer")

    def kill(self) -> None:
        """Stop it at once, as a power cut would: its sessions as well, which may go on to commit without it."""
        if self.process is not None:
            number = self.process.pid
            listed = Path(f"/proc/{number}/task/{number}/children")
            sessions = listed.read_text(encoding="ascii").split() if listed.is_file() else []
            self.process.kill()
            for session in sessions:
                with suppress(ProcessLookupError):
                    os.kill(int(session), signal.SIGKILL)
            self.process.wait()


def installed() -> bool:
    """Whether there is a server to start."""
    return _program("postgres") is not None and _program("initdb") is not None


@contextmanager
def running() -> Iterator[Server]:
    """Start a server and stop it in the end."""
    folder = Path(tempfile.mkdtemp(prefix="contactopt-postgres-"))
    user = _user()
    if user is not None:  # the server refuses to be root
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    folder.chmod(0o755)
    (folder / "password").write_text(SECRET)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make = ["-D", str(folder / "data"), "-U", "planner", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "-N"]
    _call([str(_program("initdb")), *make], user, folder).check_returncode()
    server = Server(folder, port)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _call(command: Sequence[str], user: str | None, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, user=user, cwd=folder, capture_output=True, check=False)


def _program(name: str) -> Path | None:
    found = shutil.which(name)
    places = [Path(found)] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return next((place for place in places if place.exists()), None)


def _user() -> str | None:
    """Return who runs the server: somebody without rights, where the tests run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
