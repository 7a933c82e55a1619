"""The command `mam`: what a person types. Each command is a module of its own; nothing heavy is imported before it is
chosen, so that `mam --help` answers at once.

Belongs here: starting, stopping, asking and showing. Does not belong here: decisions (domain), SQL (store), the net
(resources).
"""

from __future__ import annotations


def app() -> None:
    """Run the command line and end the process with its exit code: 0 right, 1 something failed, 2 it could not begin,
    130 stopped by Ctrl-C."""
    from mam_assets.cli import interrupts

    interrupts.install()
    try:
        from mam_assets.cli.commands import app as commands

        commands()
    except interrupts.Stop as stop:
        raise SystemExit(stop.exit_code) from None
    finally:
        # The embedded PostgreSQL is stopped at exit by its last user.
        interrupts.ignore()
