"""notify: what mails and chats really receive is text, whatever a name or a note holds."""

import email
import json
import re
import sys
from collections.abc import Callable
from email.message import Message
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from assignchat.config.addresses import cut_to_fit, pieces
from assignchat.texts import inert
from assignchat.times import utc_now
from tests.support.hostile import TEXTS, assert_harmless
from tests.support.processes import run
from tests.support.receivers import MailReceiver, WebReceiver
from tests.support.team import Team

EVIL = "https://evil.example"
NAME = f"1. Ma\nrk <@U024BE7LH> [click]({EVIL}) \u202e@everyone"
CUSTOMER = f"<script>alert(1)</script>  <img src={EVIL}> @ann \u3164&lt;b&gt;"
NOTE = (
    "# now\n\n- @here @channel @all @room x@everyone é@all _@all (@omar) <!channel> <!here|x>"
    f" <!subteam^S1|x> <{EVIL}|bank> <{EVIL}> <a href='{EVIL}'>bank</a> <b>b</b> <at>Ann</at>"
    f" ![i]({EVIL}/i.png) [r][x] **b** *i* _i_ __u__ ~~s~~ `c` ||hidden|| :rotating_light:"
    f" /leave ~town-square #tag <#C1> <users/all>\n\n[x]: {EVIL}\n> quoted\n\ta\\*b"
)
PLAIN = (
    "She pays 5 - 6 € (or 7 | 8) by Friday; ann@example.com knows, see snake_case & https://x.y/z"
)
MENTION = re.compile(
    r"(?:\B|\b_+)@[a-z0-9._-]+|@(?:everyone|here|channel|all)", re.IGNORECASE | re.ASCII
)

# The real plugin of a channel whose host is fixed, up to where its request goes to the network.
AT_THE_NETWORK = """
import json, sys
from requests import Response
from requests.adapters import HTTPAdapter
def keep(_, request, **options):
    with open("sent.jsonl", "a") as file:
        print(json.dumps(json.loads(request.body)), file=file)
    answer = Response()
    content = b"ok" if "slack.com" in request.url else b'{"ok": true}'
    answer.status_code, answer._content, answer.url = 200, content, request.url
    return answer
HTTPAdapter.send = keep
from assignchat.cli import main
sys.exit(main())
"""


@pytest.fixture
def attacked(team: Team) -> Team:
    """Martha is to be told of a request whose every text is an attack."""
    team.ok("user", "set", "mark", "--name", NAME)
    team.ok("chat", "add", "<@U1>*7*", "--customer", CUSTOMER, "--owner", "mark")
    done = team.process("assign", "<@U1>*7*", "--to", "martha", "--as", "mark", "--note", NOTE)
    assert done.exit_code == 0, done.err
    return team


def deliver(team: Team, url: str, *, hooked: bool = False, sent: int = 1) -> None:
    """Deliver what waits for Martha, to the address of a team."""
    path = team.folder / "notify.toml"
    path.write_text(f"team.urls = [{json.dumps(url)}]\n")
    path.chmod(0o600)
    program = ("-c", AT_THE_NETWORK) if hooked else ("-m", "assignchat")
    done = run(team.folder, sys.executable, *program, "notify")
    assert done == (0, f"{sent} sent\n", "")


def wide(signs: str) -> str:
    """Signs as they are written among Chinese letters."""
    return "".join(chr(ord(sign) - ord("!") + 0xFF01) for sign in signs)


def handed_over(team: Team, url: str, *, sent: int = 1) -> list[Any]:
    """Deliver to a channel whose host is fixed. Returns what goes to the network."""
    deliver(team, url, hooked=True, sent=sent)
    return [json.loads(line) for line in (team.folder / "sent.jsonl").read_text().splitlines()]


class Tags(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_text(received: str) -> None:
    """It is on the lines where we put it, mentions nobody, and stays text as Markdown or HTML."""
    lines = received.splitlines()
    assert [line.partition(" ")[0] for line in lines[-4:]] == [
        wide("1."),
        "Request",
        "Note:",
        "Answer",
    ]
    assert_harmless(received)
    assert MENTION.findall(received) == []
    assert not re.search(r"<|\]\(|(?<!\S)/\w|:rotating_light:|(?<!\w)#", received)
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(received)
    assert Tags(page).tags <= {"p", "br"}, page
    assert Tags(received).tags == set()


def telegram(sent: Any) -> str:
    seen = Tags(sent["text"])
    assert sent["parse_mode"] == "HTML"
    assert seen.tags <= {"b"}  # its title
    return seen.text


def slack(sent: Any) -> str:
    text = sent["attachments"][0]["text"]
    assert sent["mrkdwn"] is False
    assert "<" not in text
    return str(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


FIXED: dict[str, tuple[str, Callable[[Any], str]]] = {
    "slack": ("slack://123456789/123456789/abcdefghijklmnopqrstuvwx/#general", slack),
    "discord": ("discord://123456789012345678/abcdefghijabcdefghij", lambda sent: sent["content"]),
    "discord in an embed": (
        "discord://123456789012345678/abcdefghijabcdefghij?format=markdown",
        lambda sent: sent["embeds"][0]["description"],
    ),
    "telegram": ("tgram://123456789:abcdefg_hijklmnop/12345678/", telegram),
    "teams": (
        "workflows://host.example:443/WWWWWWWW/abcdefgh123",
        lambda sent: sent["attachments"][0]["content"]["body"][-1]["text"],
    ),
}


@pytest.mark.parametrize("channel", FIXED)
def test_a_chat_of_a_fixed_host_receives_text(attacked: Team, channel: str) -> None:
    url, text_of = FIXED[channel]
    (sent,) = handed_over(attacked, url)
    assert "allow_mentions" not in sent
    # Where a channel takes Markdown, Apprise escapes it; the text must do without.
    assert_text(re.sub(r"\\(?=[^\w\s\\])", "", text_of(sent)).replace("\r\n", "\n"))
    assert MENTION.findall(json.dumps(sent, ensure_ascii=False)) == []


@pytest.mark.parametrize(
    "kind", ["json://{}/", "mmost://{}/3ccdd113474722377935511f", "ntfy://{}/t"]
)
def test_mattermost_ntfy_and_web_hooks_receive_text(
    attacked: Team, receiver: WebReceiver, kind: str
) -> None:
    deliver(attacked, kind.format(receiver.place))
    assert_text(receiver.messages[0].replace("\r\n", "\n"))


@pytest.mark.parametrize("form", ["", "&format=text", "&format=markdown"])
def test_a_mail_receives_text_in_each_of_its_parts(
    attacked: Team, mail: MailReceiver, form: str
) -> None:
    deliver(attacked, mail.url + form)
    whole = email.message_from_string(mail.messages[0])
    assert_harmless(str(email.header.make_header(email.header.decode_header(whole["Subject"]))))
    parts = {part.get_content_type(): _content(part) for part in whole.walk()}
    for kind in ("text/plain", "text/html"):
        if kind in parts:
            seen = Tags(parts[kind]) if kind == "text/html" else None
            text = parts[kind] if seen is None else seen.text
            assert seen is None or seen.tags <= {"html", "body", "br", "p", "b"}, parts[kind]
            assert "alert(1)" in text
            assert MENTION.findall(text.replace("martha@example.com", "")) == []
    assert {"text/plain", "text/html"} & set(parts)


def _content(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode() if isinstance(content, bytes) else ""


# What is too long for one message of a channel.

SIZES = {
    "slack": 40_000,
    "discord": 2_000,
    "discord in an embed": 4_096,
    "telegram": 4_096,
    "teams": 1_100,  # its Markdown is escaped after it was measured
    "mail": 40_000,
    "mmost": 4_000,
    "ntfy": 4_096,
}


@pytest.fixture
def asked_much(team: Team) -> Team:
    """Martha has been sent twenty requests with long notes, each with Arabic and a face."""
    team.now = utc_now()  # notify goes by the machine's clock
    for number in range(1, 21):
        team.ok("chat", "add", f"c-{number}", "--customer", "Ana & Co", "--owner", "mark")
        note = f"begin-{number} " + "سلام & 😀 she pays 5 - 6 € by Friday " * 80 + f"end-{number}"
        team.ok("assign", f"c-{number}", "--to", "martha", "--as", "mark", "--note", note)
    return team


def assert_arrives_whole(channel: str, made: list[str]) -> None:
    """Each piece is short enough, and all that is needed to act is in one of them."""
    assert 1 < len(made) <= 13
    assert max(map(_size_in(channel), made)) <= SIZES[channel]
    for number in range(1, 21):
        about = f"Request {number}, chat c-{number} (Ana & Co) Note: begin-{number} "
        assert any(about in " ".join(piece.split()) for piece in made)
    assert " ".join(made).count("Answer by 20") == 20


def _size_in(channel: str) -> Callable[[str], int]:
    """How a channel measures a text."""
    if channel == "telegram":
        return lambda text: len(text.encode("utf-16-le")) // 2
    return (lambda text: len(text.encode())) if channel == "ntfy" else len


@pytest.mark.parametrize("channel", FIXED)
def test_a_long_digest_arrives_in_pieces_at_a_fixed_host(asked_much: Team, channel: str) -> None:
    url, text_of = FIXED[channel]
    sent = [text_of(piece) for piece in handed_over(asked_much, url, sent=20)]
    assert_arrives_whole(channel, [re.sub(r"\\(?=[^\w\s\\])", "", text) for text in sent])


@pytest.mark.parametrize(
    "kind",
    ["mmost://{}/3ccdd113474722377935511f", "ntfy://{}/t", "ntfy://robot:overflow=cut@{}/t?x=y"],
)
def test_a_long_digest_arrives_in_pieces(
    asked_much: Team, receiver: WebReceiver, kind: str
) -> None:
    deliver(asked_much, kind.format(receiver.place), sent=20)
    assert_arrives_whole(kind.partition(":")[0], receiver.messages)


def test_a_long_digest_arrives_as_a_url_of_its_own_says(
    asked_much: Team, receiver: WebReceiver
) -> None:
    deliver(
        asked_much, f"mmost://{receiver.place}/3ccdd113474722377935511f?Overflow=upstream", sent=20
    )
    assert len(receiver.messages) == 1


def test_a_long_digest_arrives_in_mails(asked_much: Team, mail: MailReceiver) -> None:
    deliver(asked_much, mail.url + "&format=text", sent=20)
    mails = [email.message_from_string(text) for text in mail.messages]
    assert_arrives_whole("mail", [_content(part) for part in mails])


def test_a_text_is_split_where_it_may_be() -> None:
    text = "one two\n\nthree\nfour five six\n\nseveneight\n\nnine"
    assert pieces(text, 9) == ["one two", "three", "four five", "six", "seveneigh", "t\n\nnine"]
    assert pieces(text, 20) == ["one two", "three\nfour five six", "seveneight\n\nnine"]
    assert pieces(text, len(text)) == [text]


def test_what_is_left_out_of_a_digest_is_counted() -> None:
    text = "\n\n".join(f"Told {number}.\nNote: {'x' * 200}" for number in range(1, 101))
    made = cut_to_fit(text, 5_000)
    assert len(made) <= 5_000
    assert made.startswith("63 more, see assignchat inbox\n\nTold 64.\n")
    assert made.endswith("x…")
    assert cut_to_fit(text, 50_000) == text


def test_a_user_in_the_title_for_a_team_is_text(team: Team, receiver: WebReceiver) -> None:
    team.ok("user", "add", "<!here> @all")
    chat = ("assign", "chat-1", "--to", "<!here> @all", "--as", "mark", "--json")
    assert team.process(*chat).exit_code == 0
    deliver(team, f"mmost://{receiver.place}/3ccdd113474722377935511f")
    assert receiver.messages[0].startswith(f"assignchat, for {wide('<')}!here> {wide('@')}all\r\n")


def test_an_ordinary_note_arrives_as_it_was_written(team: Team, receiver: WebReceiver) -> None:
    words = ("assign", "chat-1", "--to", "martha", "--as", "mark", "--note", PLAIN)
    assert team.process(*words).exit_code == 0
    deliver(team, f"json://{receiver.place}/")
    assert f"\nNote: {PLAIN}\n" in receiver.messages[0]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_leaves_its_line(text: str) -> None:
    made = inert(f"x {text}")
    assert len(made.splitlines()) == 1
    assert_harmless(made)


def test_what_was_changed_is_still_to_be_read() -> None:
    made = inert("*Hi* @everyone, see [this](x) <b>")
    assert made == "{}Hi{} {}everyone, see [this{}(x) {}b>".format(*wide("**@]<"))
