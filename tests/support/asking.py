"""Mark asks Martha, by the machine's clock, by which the processes of a test go."""

from datetime import UTC, datetime

from tests.support.team import Team


def ask(team: Team, chat: str, *more: str) -> str:
    """Let Mark ask Martha to take a chat now. Returns the id of the request."""
    team.now = datetime.now(UTC)
    return str(team.ok("assign", chat, "--to", "martha", "--as", "mark", *more)["id"])


def statuses(team: Team) -> list[tuple[str, str | None]]:
    """Status and reason of each request."""
    return team.rows("SELECT status, reason FROM requests ORDER BY id")
