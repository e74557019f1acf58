"""The user who runs the program, as the system knows them."""

import os
import pwd

from assignchat.namedtuples import NamedTuple


class Identity(NamedTuple):
    """The person's own `login`, also under sudo, and the `os_user` that tracking records."""

    login: str
    os_user: str


def who_am_i(owner_id: int | None = None) -> Identity:
    """Find the login of the real uid. Under sudo it is the caller's, and both are recorded.

    `$LOGNAME` and `$USER` are not used, because anybody can set them. The same is true of
    `$SUDO_USER`: it counts only if nothing is gained by that, because the real uid is root's, or
    `owner_id`, that of the owner of the database, who can change it anyway.
    """
    account = _account(os.getuid())
    caller = os.environ.get("SUDO_USER")
    trusted = os.getuid() in (0, owner_id)
    if caller and trusted and _is_sudo(caller, os.environ.get("SUDO_UID", "")):
        return Identity(caller, f"{caller} (sudo as {account})")
    return Identity(account, account)


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # as in a container that was started with a bare number
        _check_could_look()
        return f"uid-{uid}"


def _is_sudo(caller: str, sudo_uid: str) -> bool:
    try:
        uid = pwd.getpwnam(caller).pw_uid
    except KeyError:
        _check_could_look()
        return False
    return sudo_uid == str(uid) and uid != os.getuid()


def _check_could_look() -> None:
    """Raise `LimitReached` if the system could not open its list of users: it does not say so."""
    from assignchat.system import limits  # only needed when something is wrong

    if not limits.may_open(_FILES):
        raise limits.error(limits.FILES)


_FILES = 4  # more than it opens at once
