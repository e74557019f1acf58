"""Files of CRMs: what a file is, where the table is in it, and what its words mean.

Each stage does one thing and hands rows on as they come, some at a time (`parts`): bytes
(`kinds`) become text (`encodings`), that becomes a table (`separated`, `workbooks`, `tables`) or
objects (`objects`), those become our columns (`columns`) with our words (`words`) and points in
time (`times`). `reading` puts the stages together; `sources` says what can be told them.
"""
