"""Downloads, one row for each gap, whose release changes with each attempt: a module for each part of their life.

queue.py says what may go, sending.py sends it, watching.py follows it in the client, imports.py takes it into the
library, attempts.py tells what a failure costs. stages.py holds what concerns every part, invariants.py what the checks
ask.

Belongs here: SQL on downloads, blocked_releases, outbox and imported_files. Does not belong here: which move is right
(domain.lifecycle), the tally of failures for ever (history).
"""
