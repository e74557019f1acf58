"""Where a database is: a server and its database, named by a URL."""

import os
import re

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_OWN_AUTHORITIES = "~/.postgresql/root.crt"
_SINCE_SYSTEM_AUTHORITIES = 16_00_00  # the first libpq that can go by those of the system


def shown(url: str) -> str:
    """Return the URL with its passwords masked."""
    # Up to the last @, so that nothing of a password with an @ or a slash in it is left.
    url = re.sub(r"^(\w+://[^:@/?]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1***", url)


def has_password(url: str) -> bool:
    """Return whether there is a password in the URL."""
    return shown(url) != url


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
