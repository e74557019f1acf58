"""The user who runs the program, as the system knows them."""

import os
import pwd
from typing import NamedTuple


class Identity(NamedTuple):
    """`login` is the person's own, also under sudo; `os_user` is the one that tracking records."""

    login: str
    os_user: str


def who_am_i(owner_id: int | None = None) -> Identity:
    """Look up the login of the real uid. Under sudo it is the caller's, and both are recorded.

    `$LOGNAME` and `$USER` are not asked, because anybody can set them, and so they can
    `$SUDO_USER`. It counts only where nothing is gained by that: if the real uid is root's, or
    `owner_id`, that of the owner of the database, who can write into it what they like.
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
        return f"uid-{uid}"


def _is_sudo(caller: str, sudo_uid: str) -> bool:
    try:
        uid = pwd.getpwnam(caller).pw_uid
    except KeyError:
        return False
    return sudo_uid == str(uid) and uid != os.getuid()
