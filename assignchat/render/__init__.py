"""Values as text: for a terminal, a pipe, JSON, JSON lines and CSV.

Here is what most commands need. Those that page, copy, count or write many rows import the modules.
The only package that imports rich. Lines, tables and cards make text from data safe to show;
only `say_page` prints it as it is.
"""

from assignchat.render.formats import (
    Form,
    json_text,
    plain,
    say_json,
)
from assignchat.render.output import (
    STDOUT,
    ClosedOutput,
    deliver,
    discard,
    flush,
    for_a_reader,
    note,
    readers,
    say,
    say_page,
    stderr_is_terminal,
    stdout_is_terminal,
    terminal_is_dumb,
    write_file,
)
from assignchat.render.tables import (
    Cells,
    event_text,
    field,
    moment,
    say_card,
    say_chat,
    say_lines,
    say_pairs,
    say_request,
    say_requests,
    say_rows,
    say_table,
    say_user,
)
from assignchat.render.text import (
    duration,
    status_label,
    time_left,
    with_local_times,
)
from assignchat.texts import visible
