"""Machines on a network of a test's own: network namespaces, whose accounts nobody else has."""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support import processes
from tests.support.needs import lacking, needs, needs_root

SERVER, HOST_A, HOST_B = "server", "host-a", "host-b"
NAME = "db.example"  # of the server, in every host's own /etc/hosts
_ADDRESSES = {SERVER: "192.0.2.1", HOST_A: "192.0.2.2", HOST_B: "192.0.2.3"}
_SWITCH = "02:00:00:00:00:01"
_ETC = ("passwd", "group", "hosts")
_IN_ETC = f'for name in {" ".join(_ETC)}; do mount --bind "$0/$name" "/etc/$name"; done'
_ACCOUNT = "{name}:x:{uid}:{uid}::{home}:/bin/sh\n"
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Network:
    """A server and two hosts at one switch, which is in the server."""

    def __init__(self, folder: Path, accounts: Mapping[str, int]) -> None:
        self._folder = folder
        self._etc = folder / "etc"
        self._accounts = {"root": 0, "nobody": pwd.getpwnam("nobody").pw_uid} | dict(accounts)
        self._names = {place: f"assignchat-{os.getpid()}-{place}" for place in _ADDRESSES}

    def home(self, account: str) -> Path:
        """The folder of an account, which is the same on all machines."""
        return self._folder / "home" / account

    def at(self, place: str, *command: str | Path) -> list[str | Path]:
        """The command, for root to start on a machine."""
        apart = ["ip", "netns", "exec", self._names[place], "sh", "-euc"]
        return [*apart, f'{_IN_ETC}; exec "$@"', self._etc, *command]

    def by(self, account: str, place: str, *command: str | Path) -> list[str | Path]:
        """The command, for root to start as whoever has an account on a machine."""
        become = ["setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups", "--"]
        env = ["env", "-i", f"PATH={_PATH}", "LC_ALL=C.UTF-8", f"HOME={self.home(account)}"]
        return self.at(place, *become, *env, *command)

    def cut(self, host: str) -> None:
        """Take a host off the network: nothing that it says arrives, nor comes anything back."""
        self._ip(SERVER, f"link set {host} nomaster")

    def mend(self, host: str) -> None:
        """Put it back."""
        self._ip(SERVER, f"link set {host} master switch")

    def make(self) -> None:
        """Make machines and accounts."""
        self._etc.mkdir(parents=True)
        for account, uid in self._accounts.items():
            self.home(account).mkdir(parents=True, mode=0o700)
            os.chown(self.home(account), uid, uid)
        rows = self._accounts.items()
        passwd = (_ACCOUNT.format(name=name, uid=uid, home=self.home(name)) for name, uid in rows)
        (self._etc / "passwd").write_text("".join(passwd))
        (self._etc / "group").write_text("".join(f"{name}:x:{uid}:\n" for name, uid in rows))
        (self._etc / "hosts").write_text(f"127.0.0.1 localhost\n{_ADDRESSES[SERVER]} {NAME}\n")
        self._connect()

    def _connect(self) -> None:
        for place, name in self._names.items():
            if (made := processes.run(self._folder, "ip", "netns", "add", name)).exit_code != 0:
                lacking(f"this machine lets nobody make a network: {made.err}")
            self._ip(place, "link set lo up")
        self._ip(
            SERVER,
            f"link add switch address {_SWITCH} type bridge",
            f"address add {_ADDRESSES[SERVER]}/24 dev switch",
            "link set switch up",
        )
        for host in (HOST_A, HOST_B):
            self._ip(SERVER, f"link add {host} type veth peer name net netns {self._names[host]}")
            self._ip(SERVER, f"link set {host} master switch up")
            self._ip(
                host,
                f"address add {_ADDRESSES[host]}/24 dev net",
                "link set net up",
                # Or a host that is cut off would soon find out that nobody has this address.
                f"neighbour add {_ADDRESSES[SERVER]} lladdr {_SWITCH} dev net nud permanent",
            )

    def _ip(self, place: str, *lines: str) -> None:
        command = ("ip", "-netns", self._names[place], "-batch", "-")
        done = processes.run(self._folder, *command, stdin="\n".join(lines))
        assert done.exit_code == 0, (lines, done.err)

    def remove(self) -> None:
        """Remove the machines."""
        for name in self._names.values():
            processes.run(self._folder, "ip", "netns", "delete", name)


@contextmanager
def network(folder: Path, accounts: Mapping[str, int]) -> Iterator[Network]:
    """Have a network for the block; without what it needs, the test is skipped."""
    needs_root()
    needs("ip")
    made = Network(folder, accounts)
    try:
        made.make()
        yield made
    finally:
        made.remove()
