"""The writer who has the lock, as others may learn of it."""

from assignchat.namedtuples import NamedTuple


class Holder(NamedTuple):
    """A writer who has the lock. What is not known is None; without a command it is not ours."""

    command: str | None = None
    actor: str | None = None
    process: int | None = None
    os_user: str | None = None
    since: str | None = None
    percent: int | None = None
    """How much of bulk work is done."""
    host: str | None = None
    """Where the process runs, if that may be another machine than this."""

    def __str__(self) -> str:
        """Such as `maria's bulk-assign, process 1234 on host, since …, 43 % done`."""
        place = f" on {self.host}" if self.host else ""
        unknown = "another program" + (f" of {self.os_user}" if self.os_user else "")
        parts = (
            (self.command, f"{self.actor}'s {self.command}"),
            (not self.command, unknown),
            (self.process, f"process {self.process}{place}"),
            (self.since, f"since {self.since}"),
            (self.percent is not None, f"{self.percent} % done"),
            # What the server knows: the rest is said by the writer, who may say anything.
            (self.host and self.os_user != self.actor, f"by the login {self.os_user}"),
        )
        return ", ".join(text for known, text in parts if known)
