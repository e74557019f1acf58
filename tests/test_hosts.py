"""A team on two hosts, with a server on a third machine, and a network that is cut.

Mark and Maria work on one host, Martha and Omar on the other, each by a login of their own at the
server, over TLS, and cron on both. What the operator does is done on the server.
"""

import json
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support import servers
from tests.support.hosts import URL, Hosts, Listening, done
from tests.support.needs import needs
from tests.support.network import HOST_A, HOST_B, network
from tests.support.processes import Process, result, wait_until

pytestmark = pytest.mark.xdist_group("hosts")

PLACES = {"mark": HOST_A, "maria": HOST_A, "martha": HOST_B, "omar": HOST_B, "cron": HOST_A}
ACCOUNTS = {login: 54_340 + number for number, login in enumerate(PLACES)}
USERS = "id,name,role\nmaria,Maria,manager\nmark,Mark,user\nmartha,Martha,user\nomar,Omar,user\n"
CHATS = [f"c{number}" for number in range(1, 9)]
CONFIG = 'identity = "database"\n'
QUICK = f"{URL}?connect_timeout=2&keepalives_idle=1&keepalives_interval=1&tcp_user_timeout=3000"


@pytest.fixture(scope="module")
def office(machine: Path) -> Iterator[Hosts]:
    """The machines, the server and the logins, with a team that has no chats yet."""
    needs("openssl")
    with (
        network(machine / "network", ACCOUNTS) as net,
        servers.server(kind=partial(Listening, net)) as server,
    ):
        hosts = Hosts(machine / "bin" / "assignchat", net, server, PLACES)
        server.run("CREATE DATABASE team")
        hosts.operate("init")
        hosts.operate("import", "users", "-", stdin=USERS)
        for grant in hosts.operate("init", "--roles")["grants"]:
            server.run(grant)
        server.run("CREATE ROLE cron LOGIN; GRANT assignchat_member TO cron")
        for login in PLACES:
            hosts.let_in(login, CONFIG + ('busy_timeout = "2s"\n' if login == "omar" else ""))
        server.run("ALTER DATABASE team RENAME TO team_at_first")
        yield hosts


@pytest.fixture
def hosts(office: Hosts) -> Iterator[Hosts]:
    """A day that begins with all chats Mark's, and ends with none lost, and one sound history."""
    office.server.run("CREATE DATABASE team TEMPLATE team_at_first")
    rows = "".join(f"{chat},Customer {chat},mark\n" for chat in CHATS)
    office.operate("import", "chats", "-", stdin=f"id,customer,owner_id\n{rows}")
    yield office
    office.network.mend(HOST_B)
    found = [office.ok(login, "check", "--full") for login in ("maria", "omar")]
    assert [one["problems"] for one in found] == [[], []]
    assert found[0]["head"] == found[1]["head"]
    assert sorted(office.owners()) == CHATS
    office.server.run("DROP DATABASE team WITH (FORCE)")


def ask(hosts: Hosts, chat: str, recipient: str, *words: str) -> str:
    """Mark asks a colleague on the other host. The number of the request."""
    return str(hosts.ok("mark", "assign", chat, "--to", recipient, *words)["id"])


def shows(watch: Process, chats: list[str]) -> None:
    """A watched inbox comes to show requests for these chats."""
    assert watch.stdout is not None
    for line in watch.stdout:
        if [request["chat_id"] for request in json.loads(line)["requests"]] == chats:
            return
    pytest.fail(f"it ended: {result(watch)}")


def test_who_watches_on_one_host_sees_what_happens_on_the_other(hosts: Hosts) -> None:
    watch = hosts.begin("martha", "inbox", "--watch")
    shows(watch, [])
    first = ask(hosts, "c1", "martha")
    waiting = hosts.begin("mark", "wait", first)
    shows(watch, ["c1"])
    hosts.ok("martha", "accept", first)
    assert done(waiting)["status"] == "accepted"
    second = ask(hosts, "c2", "martha")
    shows(watch, ["c2"])
    waiting = hosts.begin("mark", "wait", second)
    hosts.ok("martha", "reject", second, "--reason", "In a meeting")
    assert result(waiting).json["reason"] == "In a meeting"
    third = ask(hosts, "c3", "martha")
    shows(watch, ["c3"])
    hosts.ok("mark", "withdraw", third, "--reason", "No longer needed")
    shows(watch, [])
    watch.send_signal(signal.SIGTERM)
    assert result(watch).exit_code == 0
    owners = hosts.owners()
    assert [owners[chat] for chat in CHATS[:3]] == ["martha", "mark", "mark"]


def test_sweeps_of_both_hosts_time_each_request_out_once(hosts: Hosts) -> None:
    chats = CHATS[:4]
    hosts.ok("mark", "assign", *chats, "--to", "martha", "--then", "omar", "--timeout", "1s")
    swept: list[int] = []

    def all_are_settled() -> bool:
        both = [hosts.begin("cron", "sweep-timeouts", host=host) for host in (HOST_A, HOST_B)]
        for sweep in both:
            swept.extend(done(sweep)["request_ids"])
        return len(swept) >= 2 * len(chats)

    wait_until(all_are_settled)
    assert sorted(swept) == list(range(1, 2 * len(chats) + 1))
    for chat in chats:
        assert hosts.events(chat)[1:] == ["requested", "timed_out"] * 2


def test_of_two_hosts_that_change_a_chat_at_once_one_comes_first(hosts: Hosts) -> None:
    for chat in CHATS[:3]:
        number = ask(hosts, chat, "martha")
        accepting = hosts.begin("martha", "accept", number)
        moving = hosts.begin("maria", "bulk-assign", chat, "--to", "omar", "--yes")
        accepted = result(accepting)
        done(moving)
        assert hosts.owners()[chat] == "omar"
        hosts.ok("maria", "undo", "--last", "--yes")
        if accepted.exit_code == 0:
            assert hosts.owners()[chat] == "martha"
        else:
            assert accepted.error == "request_not_pending"
            assert hosts.owners()[chat] == "mark"


def test_whoever_leaves_keeps_nothing_that_they_accept_at_that_moment(hosts: Hosts) -> None:
    hosts.ok("mark", "assign", *CHATS, "--to", "martha")
    accepting = hosts.begin("martha", "accept", "--all")
    leaving = hosts.begin("maria", "user", "deactivate", "martha", "--reassign-to", "omar", "--yes")
    accepted = result(accepting)
    done(leaving)
    owner = "omar" if accepted.exit_code == 0 else "mark"
    assert set(hosts.owners().values()) == {owner}


def test_a_server_that_is_out_of_reach_is_told_and_the_day_goes_on(hosts: Hosts) -> None:
    number = ask(hosts, "c1", "martha")
    hosts.network.cut(HOST_B)
    refused = hosts.run("martha", "accept", number, url=QUICK)
    assert (refused.exit_code, refused.error) == (6, "database_unreachable")
    assert "timeout expired" in refused.err
    hosts.network.mend(HOST_B)
    assert hosts.ok("martha", "accept", number)["status"] == "accepted"


def test_a_host_that_is_cut_off_in_a_change_stands_in_nobodys_way(hosts: Hosts) -> None:
    number = ask(hosts, "c1", "martha")
    with hosts.held("c1"):
        accepting = hosts.begin("martha", "accept", number, url=QUICK)
        hosts.stands("martha", "wait_event = 'transactionid'")
        hosts.network.cut(HOST_B)
    ask(hosts, "c2", "omar")  # once the server has given Martha's host up
    refused = result(accepting)
    assert (refused.exit_code, refused.error) == (6, "database_unreachable")
    assert "Nothing was changed" in refused.err
    hosts.network.mend(HOST_B)
    assert hosts.owners()["c1"] == "mark"
    hosts.ok("martha", "accept", number)
    assert hosts.events("c1")[1:] == ["requested", "accepted"]


def test_ctrl_c_ends_what_waits_for_a_server_that_is_out_of_reach(hosts: Hosts) -> None:
    number = ask(hosts, "c1", "martha")
    with hosts.held("c1"):
        accepting = hosts.begin("martha", "accept", number)  # which would wait for half a minute
        hosts.stands("martha", "wait_event = 'transactionid'")
        hosts.network.cut(HOST_B)
        accepting.send_signal(signal.SIGINT)
        stopped = result(accepting)
    assert (stopped.exit_code, "nothing was changed" in stopped.err) == (130, True)
    hosts.end_connections("martha")
    assert hosts.owners()["c1"] == "mark"


def test_a_commit_that_is_cut_off_for_good_is_said_to_be_unknown(hosts: Hosts) -> None:
    number = ask(hosts, "c1", "omar")
    with hosts.commits_held():
        accepting = hosts.begin("omar", "accept", number, url=QUICK)
        hosts.stands("omar", "wait_event = 'SyncRep'")
        hosts.network.cut(HOST_B)
    refused = result(accepting)
    assert (refused.exit_code, refused.error) == (6, "database_unreachable")
    assert "it is not known whether the change was made" in refused.err
    hosts.network.mend(HOST_B)
    assert hosts.run("omar", "accept", number).error == "request_not_pending"
    assert hosts.events("c1")[1:] == ["requested", "accepted"]


def test_a_commit_that_is_cut_off_is_asked_about_when_the_network_is_back(hosts: Hosts) -> None:
    number = ask(hosts, "c1", "martha")
    with hosts.commits_held():
        accepting = hosts.begin("martha", "accept", number, url=QUICK)
        hosts.stands("martha", "wait_event = 'SyncRep'")
        hosts.network.cut(HOST_B)
    hosts.end_connections("martha")
    hosts.network.mend(HOST_B)
    assert done(accepting)["status"] == "accepted"
    assert hosts.owners()["c1"] == "martha"


def test_who_waits_through_a_cut_misses_nothing(hosts: Hosts) -> None:
    number = ask(hosts, "c1", "martha")
    waiting = hosts.begin("omar", "wait", number, url=QUICK)
    following = hosts.begin("martha", "tracking", "--follow", url=QUICK)
    assert following.stdout is not None
    hosts.stands("omar", "query IN ('ROLLBACK', 'LISTEN assignchat')")  # it has looked once
    seen = [json.loads(following.stdout.readline()) for _ in range(3)]
    hosts.network.cut(HOST_B)
    hosts.ok("mark", "withdraw", number, "--reason", "No longer needed")
    ask(hosts, "c2", "martha")
    for login in ("omar", "martha"):
        hosts.end_connections(login)
    hosts.network.mend(HOST_B)
    assert result(waiting).json["status"] == "withdrawn"
    while seen[-1]["chat_id"] != "c2" or seen[-1]["event"] != "requested":
        seen.append(json.loads(following.stdout.readline()))
    numbers = [row["id"] for row in seen]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    following.send_signal(signal.SIGTERM)
    assert result(following).exit_code == 0
