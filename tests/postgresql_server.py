"""A PostgreSQL of our own for tests: Debian's binaries, a data directory in /tmp, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_USER = "postgres"
_OPTIONS = (
    "-F -c listen_addresses='' -c max_connections=200 -c full_page_writes=off -c synchronous_commit=off"
)


class PostgresqlServer:
    """Listens on a Unix socket in its own directory. PostgreSQL refuses to be root: then it is `postgres`."""

    def __init__(self) -> None:
        self._binaries = _binaries()
        self._home = Path(tempfile.mkdtemp(prefix="fullmakt-postgresql-"))
        self._as_user = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]
        if os.geteuid() == 0:
            shutil.chown(self._home, _USER, _USER)
        else:
            self._as_user = []

    def start(self) -> None:
        """Makes the data directory and starts the server; about 2 s, when it returns the server answers."""
        self._run(
            "initdb", "--pgdata=data", f"--username={_USER}", "--auth=trust", "--no-sync", "--locale=C.UTF-8"
        )
        self._run(
            "pg_ctl", "--pgdata=data", "--log=log", "--wait", f"--options={_OPTIONS} -k {self._home}", "start"
        )

    def stop(self) -> None:
        """Breaks all connections, stops the server, removes its files."""
        self._run("pg_ctl", "--pgdata=data", "--wait", "--mode=immediate", "stop")
        shutil.rmtree(self._home)

    def go_down(self) -> None:
        """Breaks all connections and stops, as for a restart: what was committed is kept."""
        self._run("pg_ctl", "--pgdata=data", "--wait", "--mode=fast", "stop")

    def start_again(self) -> None:
        """Starts on the same data directory."""
        self._run(
            "pg_ctl", "--pgdata=data", "--log=log", "--wait", f"--options={_OPTIONS} -k {self._home}", "start"
        )

    def url(self, database: str) -> str:
        """The address of a database in it, as `Settings.database_url` takes it."""
        return f"postgresql://{_USER}@/{database}?host={self._home}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Makes a database, a copy of `template`, to which nobody may be connected. Returns its address."""
        self._sql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Removes a database and whoever is still connected to it."""
        self._sql(f'DROP DATABASE "{database}" WITH (FORCE)')

    def _sql(self, statement: str) -> None:
        self._run("psql", "--quiet", f"--host={self._home}", f"--username={_USER}", f"--command={statement}")

    def _run(self, binary: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as_user, str(self._binaries / binary), *arguments],
            cwd=self._home,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would be kept open by the server that pg_ctl leaves behind
            stderr=subprocess.STDOUT if binary == "pg_ctl" else None,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"PostgreSQL's {binary} failed ({done.returncode}); see {self._home}/log")


def _binaries() -> Path:
    """The newest installed version's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise RuntimeError("Tests need PostgreSQL: install Debian's package `postgresql` (make setup does)")
    return found[-1].parent
