"""Misses: a user who lets requests time out is set away, and is back with their next answer."""

from assignchat.model import SET_AWAY_NOTICE, SYSTEM, UNTIL_ANSWER, User
from assignchat.service.find import find_user, is_away
from assignchat.store import notifications, requests, users
from assignchat.store.database import Database
from assignchat.store.sql import Which
from assignchat.texts import how_many


def set_away_who_missed(database: Database, which: Which) -> None:
    """Set away each recipient of some timed out requests with too many misses by the rules.

    They are notified. A user who was set away and came back has as many misses again.
    """
    allowed = database.rules.away_after_misses
    for user_id in requests.recipients(database, which) if allowed else ():
        user = find_user(database, user_id)
        missed = requests.missed_in_a_row(database, user_id, allowed)
        if len(missed) < allowed or not user.active or is_away(user, database.now):
            continue
        count = how_many(allowed, "request")
        users.change(
            database,
            user,
            user._replace(away_until=UNTIL_ANSWER),
            SYSTEM,
            request_id=missed[0],
            reason=f"{count} in a row timed out",
        )
        text = SET_AWAY_NOTICE.format(requests=count)
        notifications.add(database, user_id, text, request_id=missed[0])


def end_absence(database: Database, user: User) -> None:
    """Note that a user who has answered is back, unless they have gone away themselves."""
    if user.away_until == UNTIL_ANSWER:
        users.change(database, user, user._replace(away_until=None), user.id)
