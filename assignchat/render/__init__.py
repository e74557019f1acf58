"""Values as text: for a terminal, a pipe, JSON, JSON lines and CSV.

The only package that imports rich. Text from data is made safe to show by `visible`.
"""

from assignchat.render.copying import copied
from assignchat.render.formats import (
    FileFormat,
    Form,
    csv_text,
    json_text,
    plain,
    say_csv,
    say_json,
    write_csv_file,
    write_jsonl_file,
)
from assignchat.render.output import (
    STDOUT,
    ClosedOutput,
    deliver,
    discard,
    flush,
    for_a_reader,
    note,
    reader_has_gone,
    readers,
    say,
    say_page,
    stderr_is_terminal,
    stdout_is_terminal,
    terminal_is_dumb,
    write_file,
)
from assignchat.render.pager import paged
from assignchat.render.progress import counted, note_at_once, progress
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
    say_rows,
    say_table,
    say_user,
)
from assignchat.render.text import (
    duration,
    local,
    status_label,
    time_left,
    with_local_times,
)
from assignchat.texts import visible
