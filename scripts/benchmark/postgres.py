"""A server against SQLite, against psql, and against programs written by hand."""

import os
import select
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmark.clients import Client, serve
from benchmark.hosts import SOCKET, Relay, have_networks, hosts
from benchmark.measuring import ASSIGNCHAT, MILLION, Group, Job, Row, Run, Team, chat_ids, expect
from benchmark.served import ServedTeam, server
from benchmark.server_floors import ACCEPT, BULK, IMPORT, LISTEN

CLIENTS, HOSTS = 64, 8
ROUND_TRIP = 0.0005  # seconds, between the hosts and the server


def groups(*, quick: bool) -> dict[str, Group]:
    """Return the groups of jobs by name."""
    return {
        "one": lambda folder: one(folder, 15 if quick else 25),
        "wait": lambda folder: wait(folder, 25 if quick else 100),
        "hosts": lambda folder: on_hosts(folder, 10 if quick else 50),
        "many": lambda folder: many(folder, 100_000 if quick else MILLION, 3 if quick else 1),
    }


def _with_requests(folder: Path, count: int) -> Team:
    """A team with 20,000 chats, and requests on some of them that martha can answer."""
    team = _with_file(folder, 20_000)
    team.run(*_IMPORT)
    team.send_requests(chat_ids(count))
    return team


def _with_file(folder: Path, size: int) -> Team:
    """A team with a file of so many chats, which are not imported yet."""
    team = Team(folder / "team")
    team.write_chats(size)
    return team


def one(folder: Path, runs: int) -> Iterator[Job | Row]:
    """One accept as a whole process, and its messages."""
    team = _with_requests(folder, runs + 1)
    with server() as on:
        served = ServedTeam(on, "served", team)

        def accept(on: Team | ServedTeam) -> Run:
            numbers = iter(range(1, runs + 1))
            return lambda: on.run("accept", str(next(numbers)), "--as", "martha")

        yield Job("accept, unix socket", "SQLite", accept(served), accept(team), 1.25, runs)
        door = socket.socket(socket.AF_UNIX)
        (on.folder / "door").mkdir()
        door.bind(str(on.folder / "door" / SOCKET))
        door.listen()
        with Relay(on, [door]) as relay:
            url = f"postgresql://?host={on.folder / 'door'}&user=owner&dbname=served"
            team.run("--db", url, "accept", str(runs + 1), "--as", "martha")
        yield Row("round trips of an accept", "", relay.answers - 1, 8)  # the first is a welcome


def wait(folder: Path, times: int) -> Iterator[Row]:
    """The end of `wait` after a commit, and that of a program that only ends."""
    team = _with_requests(folder, times)
    with server() as on:
        served = ServedTeam(on, "served", team)
        words = ["--db", served.url, "run", "-", "--as", "martha"]
        accepting = Client([*ASSIGNCHAT, *words], team.folder)
        ours, theirs = list[float](), list[float]()
        for number in range(1, times + 1):
            ends = _ends_after_commit(served, accepting, number)
            committed = served.value(_COMMITTED_AT)
            ours.append(1000 * (ends[0] - committed))
            theirs.append(1000 * (ends[1] - committed))
        accepting.end()
    more = sorted(ours)[-1 - times // 100] - statistics.median(theirs)
    yield Row("wait, from commit to exit, p99 in ms more", "program that only exits", more, 20.0)


_COMMITTED_AT = "SELECT extract(epoch FROM timestamp) FROM pg_last_committed_xact()"

# `wait` has looked, and nothing has happened for a while.
_IS_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = '' AND state = 'idle' AND now() - state_change > interval '50 ms'"
)


def _ends_after_commit(served: ServedTeam, accepting: Client, number: int) -> list[float]:
    """Accept a request for which two processes wait. Returns the times at which they ended."""
    words = ["--db", served.url, "wait", str(number), "--json"]
    listening = Client([sys.executable, "-c", LISTEN, served.url], served.folder)
    waiting = Client([*ASSIGNCHAT, *words], served.folder)
    listening.hear()
    while not served.value(_IS_WAITING):
        time.sleep(0.01)
    accepting.tell([f"accept {number}"])
    left = {os.pidfd_open(client.pid): client for client in (waiting, listening)}
    ended = dict[Client, float]()
    while left:
        for descriptor in select.select(list(left), [], [])[0]:
            ended[left.pop(descriptor)] = time.time()
            os.close(descriptor)
    accepting.hear()
    for client in ended:
        client.end()
    return [ended[waiting], ended[listening]]


def on_hosts(folder: Path, each: int) -> Iterator[Row]:
    """Clients on several hosts, each a process that accepts one request after the other.

    Not a process for each accept: then the start of Python is all that is measured.
    """
    team = _with_requests(folder, CLIENTS * each)
    with server() as on, hosts(on, HOSTS, ROUND_TRIP) as places:
        ours, theirs = (ServedTeam(on, name, team) for name in ("ours", "theirs"))
        at = [places[number % HOSTS] for number in range(CLIENTS)]
        program = [[*one.prefix, *ASSIGNCHAT, "--db", one.url(ours.name), "run"] for one in at]
        by_hand = [[*one.prefix, sys.executable, "-c", ACCEPT, one.url(theirs.name)] for one in at]
        floor = serve(by_hand, folder, each, "{}")
        mine = serve(program, folder, each, "accept {} --as martha", first="user list")
        accepted = ours.value("SELECT count(*) FROM requests WHERE status = 'accepted'")
        tracked = ours.value("SELECT count(*) FROM engagement_tracking WHERE event = 'accepted'")
        ours.run(*_CHECK)
    wrong = abs(accepted - CLIENTS * each) + abs(tracked - CLIENTS * each)
    job = f"{CLIENTS} clients on {HOSTS} hosts x {each}" + ("" if have_networks() else ", loopback")
    yield Row(job, "psycopg2, same SQL and lock", mine.seconds / floor.seconds, 1 / 0.9)
    yield Row(f"{job}, slowest", "their median", max(mine.waits) / statistics.median(mine.waits), 3)
    yield Row(f"{job}, lost or doubled", "", wrong, 0)


def many(folder: Path, size: int, runs: int) -> Iterator[Job | Row]:
    """An import, a check of all of it, and a bulk assignment."""
    team = _with_file(folder, size)
    move = ("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria", "--yes")
    with server() as on:
        ours, theirs = (ServedTeam(on, name, team) for name in ("ours", "theirs"))
        ours.keep()
        import_ours, import_theirs = ours.anew(ours, *_IMPORT), theirs.anew_in_psql(ours, IMPORT)
        yield Job(
            f"import chats, {size:,}",
            "psql \\copy, same SQL",
            import_ours,
            import_theirs,
            1.3,
            runs,
        )
        if not ours.value("SELECT count(*) FROM chats"):  # the job was not asked for
            import_ours()
        team.run(*_IMPORT)
        ours.settle()
        check_ours, check_theirs = (lambda: ours.run(*_CHECK)), (lambda: team.run(*_CHECK))
        yield Job(f"check --full, {size:,}", "SQLite", check_ours, check_theirs, 2.0, runs)
        ours.keep()
        move_ours, move_theirs = ours.anew(ours, *move), theirs.anew_in_psql(ours, BULK)
        peaks = list[float]()

        def moved() -> tuple[float, float]:
            elapsed, peak = move_ours()
            peaks.append(peak)
            return elapsed, peak

        yield Job(f"bulk-assign, {size:,}", _PSQL, moved, move_theirs, 1.15, runs)
        if peaks:
            yield Row(f"bulk-assign, {size:,}, the client's MiB", "", max(peaks), 48.0)
            expect(ours, "SELECT count(*) FROM chats WHERE owner_id = 'martha'", size)


_PSQL = "psql, same SQL"
_IMPORT = ("import", "chats", "chats.csv")
_CHECK = ("check", "--full")
