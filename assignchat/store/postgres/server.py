"""How safe a connection to a server must be, by the URL that names it."""

import os

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_OWN_AUTHORITIES = "~/.postgresql/root.crt"
_SINCE_SYSTEM_AUTHORITIES = 16_00_00  # the first libpq that can go by those of the system


def security(options: dict[str, str], libpq_version: int) -> dict[str, str]:
    """Return the options without which anybody in between could read along, or be the server.

    `options` are those in the URL, which go first.
    """
    if "sslmode" in options or _is_local(options):
        return {}
    found = {"sslmode": "verify-full"}
    named = "sslrootcert" in options or "PGSSLROOTCERT" in os.environ
    if (
        not named
        and libpq_version >= _SINCE_SYSTEM_AUTHORITIES
        and not os.path.exists(os.path.expanduser(_OWN_AUTHORITIES))
    ):
        found["sslrootcert"] = "system"
    return found


def _is_local(options: dict[str, str]) -> bool:
    """Return whether the connection stays on this machine."""
    if "service" in options or "PGSERVICE" in os.environ:  # which may name any host
        return False
    hosts = options.get("hostaddr") or options.get("host") or os.environ.get("PGHOST") or ""
    return all(host in _LOCAL_HOSTS or host[:1] in ("", "/", "@") for host in hosts.split(","))
