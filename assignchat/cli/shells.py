"""Completion in bash, zsh and fish: the script of each, and offers that are safe in its line.

Typer finds out what can follow. Its own scripts put an offer into the line, or even into an
`eval`, as it is; but an id is anybody's text, and `$(…)` in a customer's chat id must not run.
Here an offer is one line of output, and it is quoted: by zsh and fish themselves, for bash by us.
"""

import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from typing import Any, NamedTuple

from typer import _completion_shared

from assignchat.cli.commands import COMMANDS
from assignchat.cli.groups import COMPLETION_VARIABLE
from assignchat.render import say, visible

_BASH = r"""
%(complete_func)s() {
    mapfile -t COMPREPLY < <(
        %(autocomplete_var)s=offer_bash _ASSIGNCHAT_WORDBREAKS=$COMP_WORDBREAKS \
            "${1/#\~\//$HOME/}" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null
    )
}

complete -o default -F %(complete_func)s %(prog_name)s
"""

_ZSH = r"""
#compdef %(prog_name)s

%(complete_func)s() {
    local -a offers values shown
    offers=("${(@f)$(%(autocomplete_var)s=offer_zsh "${words[1]/#\~\//$HOME/}" \
        "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    offers=("${(@)offers:#}")
    if (( ! $#offers )); then
        _files
        return
    fi
    values=("${(@)offers%%%%$'\t'*}")
    if [[ "${(pj:\n:)offers}" == *$'\t'* ]]; then
        shown=("${(@)offers/$'\t'/  -- }")
        compadd -l -d shown -a values
    else
        compadd -a values
    fi
}

if [[ $funcstack[1] == _%(prog_name)s ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = r"""
function __%(prog_name)s_offers
    set -l words (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    set -l current (commandline -ct)
    set -l offers (env %(autocomplete_var)s=offer_fish $program $words "$current" 2>/dev/null)
    if set -q offers[1]
        printf '%%s\n' $offers
    else
        __fish_complete_path "$current"
    end
end

complete --command %(prog_name)s --no-files --arguments '(__%(prog_name)s_offers)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def answer(words: Sequence[str], build: Callable[[], Any]) -> bool:
    """Answer what a script of ours asks; whether it was one. Typer answers anything else."""
    # Typer installs and shows what stands here.
    _completion_shared._completion_scripts.update(_SCRIPTS)  # noqa: SLF001
    action, _, shell = os.environ.get(COMPLETION_VARIABLE, "").partition("_")
    if shell not in _SCRIPTS or action not in ("offer", "source"):
        return False
    if action == "source":
        script = _completion_shared.get_completion_script
        say(script(prog_name="assignchat", complete_var=COMPLETION_VARIABLE, shell=shell))
    else:
        say(*_OFFERS[shell](words, build))
    return True


def _zsh_offers(words: Sequence[str], build: Callable[[], Any]) -> list[str]:
    *before, current = words
    return _offers(before, current, build)


def _fish_offers(words: Sequence[str], build: Callable[[], Any]) -> list[str]:
    *before, raw = words
    return _offers(before, _parsed(raw).words[-1], build)


def _bash_offers(words: Sequence[str], build: Callable[[], Any]) -> list[str]:
    line = _parsed(words[0])
    *before, current = line.words[1:] or [""]
    offers = (offer.partition("\t")[0] for offer in _offers(before, current, build))
    # What bash replaces begins after an opening quote, else after the last of the word breaks.
    kept, last = line.in_quote, line.raw[line.begin :]
    if not line.quote:
        if "'" in last or '"' in last:
            return []
        kept = len(_parsed(last[: _last_break(last)]).words[-1])
    return [
        _quoted(offer[kept:], line.quote)
        for offer in offers
        if not ("!" in offer and line.quote == '"')  # bash would expand it, quoted or not
    ]


def _last_break(word: str) -> int:
    """Where in a word the part begins that bash replaces."""
    breaks = re.escape(os.environ.get("_ASSIGNCHAT_WORDBREAKS") or " ")
    # One that begins the name of a host or of a variable belongs to what follows it.
    starts = [
        found.start() if found[1] in "@$" else found.end()
        for found in re.finditer(rf"\\.|([{breaks}])", word)
        if found[1]
    ]
    return max(starts, default=0)


_OFFERS = {"bash": _bash_offers, "zsh": _zsh_offers, "fish": _fish_offers}


class _Line(NamedTuple):
    """A line as a shell reads it, up to the cursor.

    The last word is what is being typed; it begins at `begin`, and if it ends inside a
    `quote`, `in_quote` of its characters stand before that.
    """

    raw: str
    words: list[str]
    begin: int
    quote: str
    in_quote: int


def _parsed(raw: str) -> _Line:
    words, quote, begin, in_quote, escaped = [""], "", 0, 0, False
    for place, char in enumerate(raw):
        if escaped:
            words[-1] += char
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif char == quote:
            quote = ""
        elif quote:
            words[-1] += char
        elif char in "'\"":
            quote, in_quote = char, len(words[-1])
        elif char.isspace():
            if place > begin:
                words.append("")
            begin = place + 1
        else:
            words[-1] += char
    return _Line(raw, words, begin, quote, in_quote)


def _quoted(text: str, quote: str) -> str:
    """The text as bash reads it inside an open quote of this kind, or outside of any.

    Bash closes the quote by itself, but for a text that seems to have closed it.
    """
    if quote == "'":
        escaped = text.replace("'", r"'\''")
        return escaped[:-1] if text.endswith("'") else escaped
    if quote == '"':
        escaped = re.sub(r'([\\$`"])', r"\\\1", text)
        return f'{escaped}"' if text.endswith('"') else escaped
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)


def _offers(before: Sequence[str], current: str, build: Callable[[], Any]) -> list[str]:
    """What can stand in place of the current word, each perhaps with a tab and what it is.

    Left out is what a terminal would not show as it is.
    """
    option, is_set, value = current.partition("=")
    if not (is_set and option.startswith("--")):
        option, value = "", current
    if not option and _awaits_command(before) and not current.startswith("-"):
        return [f"{n}\t{c.summary}" for n, c in COMMANDS.items() if n.startswith(current)]
    line = [*before, option, value] if option else [*before, value]
    offers = [offer for offer in _asked_of_typer(line, build) if _is_shown_as_it_is(offer)]
    return [f"{option}={offer}" for offer in offers] if option else offers


def _awaits_command(before: Sequence[str]) -> bool:
    words = iter(before)
    for word in words:
        if word in ("--config", "--db"):
            if next(words, None) is None:
                return False
        elif not word.startswith("-"):
            return False
    return True


def _is_shown_as_it_is(offer: str) -> bool:
    value = offer.partition("\t")[0]
    return bool(value) and visible(value) == value


def _asked_of_typer(line: Sequence[str], build: Callable[[], Any]) -> list[str]:
    os.environ[COMPLETION_VARIABLE] = (
        "complete_fish"  # of its forms, the one that gives a line to each
    )
    os.environ["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    *before, current = line
    os.environ["_TYPER_COMPLETE_ARGS"] = shlex.join(["assignchat", *before]) + (
        f" {shlex.quote(current)}" if current else " "
    )
    # Typer renders each help text with rich, if there is rich, which takes twice as long as all
    # the rest; ours have nothing to be rendered.
    sys.modules["rich"] = None  # type: ignore[assignment]
    found = io.StringIO()
    with redirect_stdout(found), suppress(SystemExit):
        build().main(args=[], prog_name="assignchat", standalone_mode=False)
    return found.getvalue().split("\n")
