"""A person's script in a process of its own: unchanged, limited, ended in every case, and its secrets kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mam_assets.resources import crawler as crawler_module
from mam_assets.resources.crawler import (
    Crawler,
    CrawlerLimits,
    CrawlerProblem,
    environment_for_script,
    secrets_named_in,
)
from mam_assets.resources.redaction import Redactor
from mam_assets.settings import PROJECT_ROOT, Settings
from tests.patience import PATIENCE_SECONDS, jumping_clock, until

MakeCrawler = Callable[..., Crawler]

WELL_BEHAVED = """
    import os, sys
    from pathlib import Path

    GUIDES = [("Seeding", 1), ("Ratio", 2)]

    if __name__ == "__main__":
        folder = Path("guides_output")
        folder.mkdir(exist_ok=True)
        for title, number in GUIDES:
            (folder / f"{title.lower()}.md").write_text(
                f"# {title}\\n\\n**URL:** https://a.example/{number}\\n**Category:** Rules\\n"
                "**Crawled:** 2026-03-01T00:00:00\\n\\n---\\n\\n## Content\\n\\nWords.\\n"
            )
            print("crawled", title)
        print("in", os.getcwd(), "as", sys.argv, file=sys.stderr)
"""


@pytest.fixture
def make_crawler(tmp_path: Path) -> MakeCrawler:
    """A function: a crawler for a script of this text."""

    def make(script: str, *, secrets: tuple[str, ...] = (), name: str = "script.py", **limits: Any) -> Crawler:
        path = tmp_path / "mine" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(script))
        given = {"seconds": 600.0, "look_every_seconds": 0.1, "grace_seconds": PATIENCE_SECONDS}
        return Crawler(
            path,
            tmp_path / "data" / "crawler",
            {"PATH": os.environ["PATH"], "PIDS": str(tmp_path / "pids")},
            Redactor(secrets),
            CrawlerLimits(**{**given, **limits}),
        )

    return make


def alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(process_ids: list[int]) -> bool:
    """Whether they all end. We ask again and again: of a process that is no child of ours nothing tells us."""
    return until(lambda: not any(map(alive, process_ids)), "everything that the script started has ended")


def written_ids(crawler: Crawler, count: int) -> list[int]:
    file = Path(crawler.environment["PIDS"])

    def ids() -> list[int]:
        found = [int(one) for one in file.read_text().split()] if file.exists() else []
        return found if len(found) == count else []

    return until(ids, "the script has begun")


def has_said(crawler: Crawler, words: str) -> bool:
    return crawler.log.exists() and words in crawler.log.read_text()


# --- a script that behaves ------------------------------------------------------------------------------------------


def test_a_script_runs_unchanged_in_a_folder_of_its_own(make_crawler: MakeCrawler) -> None:
    crawler = make_crawler(WELL_BEHAVED)
    before = crawler.script.read_bytes()
    run = crawler.run()
    assert run.went_well
    assert (run.ended, run.exit_code) == ("exit", 0)
    assert f"in {crawler.work}" in run.last_words
    assert crawler.log.read_text().splitlines()[:2] == ["crawled Seeding", "crawled Ratio"]
    assert [(file.name, file.problem) for file in crawler.guides()] == [("ratio.md", None), ("seeding.md", None)]
    assert crawler.script.read_bytes() == before
    assert sorted(path.name for path in crawler.script.parent.iterdir()) == ["script.py"]


def test_what_a_script_keeps_in_its_folder_is_there_the_next_time_and_the_log_before_is_kept(
    make_crawler: MakeCrawler,
) -> None:
    crawler = make_crawler("open('state', 'a').write('x')\nprint(open('state').read())\n")
    crawler.run()
    crawler.run()
    assert crawler.log.read_text() == "xx\n"
    assert crawler.log.with_name("crawler.log.1").read_text() == "x\n"


def test_a_script_that_says_what_runs_it_is_run_by_that(make_crawler: MakeCrawler) -> None:
    crawler = make_crawler("#!/bin/sh\necho from a shell\n", name="crawl")
    crawler.script.chmod(0o755)
    assert crawler.run().last_words == "from a shell"


def test_a_script_gets_nothing_to_read(make_crawler: MakeCrawler) -> None:
    assert "EOFError" in make_crawler("input()\n").run().last_words


# --- one that crashes, hangs, or writes without end -----------------------------------------------------------------


def test_a_crash_is_told_with_its_trace_and_its_exit_code(make_crawler: MakeCrawler) -> None:
    run = make_crawler("def crawl():\n    raise RuntimeError('no such page')\n\ncrawl()\n").run()
    assert (run.ended, run.exit_code, run.went_well) == ("exit", 1, False)
    assert "Traceback" in run.last_words
    assert "RuntimeError: no such page" in run.last_words


def test_a_crash_by_a_signal_has_the_shells_exit_code(make_crawler: MakeCrawler) -> None:
    run = make_crawler("import os\nos.kill(os.getpid(), 11)\n").run()
    assert run.exit_code == 128 + signal.SIGSEGV


FAMILY = """
    import os, subprocess, sys, time, signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = "import time, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    near = subprocess.Popen([sys.executable, "-c", child])
    far = subprocess.Popen([sys.executable, "-c", child], start_new_session=True)
    with open(os.environ["PIDS"], "w") as file:
        file.write(f"{os.getpid()} {near.pid} {far.pid}")
    print("waiting", flush=True)
"""


def test_a_script_that_hangs_is_ended_with_all_that_it_started(make_crawler: MakeCrawler) -> None:
    """Each of them ignores being asked, and one has left the process group, as browsers do."""
    crawler = make_crawler(FAMILY + "    time.sleep(600)\n", grace_seconds=0.5)
    crawler.clock = jumping_clock(lambda: has_said(crawler, "waiting"))
    run = crawler.run()
    assert (run.ended, run.exit_code) == ("timeout", None)
    assert run.seconds > 600
    assert "waiting" in run.last_words
    assert gone(written_ids(crawler, 3))


def test_what_a_script_leaves_running_is_ended_when_it_ends(make_crawler: MakeCrawler) -> None:
    crawler = make_crawler(FAMILY, grace_seconds=0.5)
    assert crawler.run().ended == "exit"
    assert gone(written_ids(crawler, 3))


def test_a_script_ends_when_we_are_stopped(make_crawler: MakeCrawler, monkeypatch: pytest.MonkeyPatch) -> None:
    crawler = make_crawler(FAMILY + "    time.sleep(600)\n", grace_seconds=0.5)

    def interrupted() -> float:
        if Path(crawler.environment["PIDS"]).exists():
            raise KeyboardInterrupt
        return time.monotonic()

    crawler.clock = interrupted
    with pytest.raises(KeyboardInterrupt):
        crawler.run()
    assert gone(written_ids(crawler, 3))


def test_a_script_ends_when_we_are_killed(make_crawler: MakeCrawler) -> None:
    crawler = make_crawler(FAMILY + "    time.sleep(600)\n", grace_seconds=0.2)
    ours = textwrap.dedent(
        f"""
        import os
        from pathlib import Path
        from mam_assets.resources.crawler import Crawler, CrawlerLimits
        from mam_assets.resources.redaction import Redactor
        Crawler(Path({str(crawler.script)!r}), Path({str(crawler.folder)!r}), dict(os.environ), Redactor(),
                CrawlerLimits(grace_seconds=0.2)).run()
        """
    )
    environment = {**os.environ, **crawler.environment, "PYTHONPATH": str(PROJECT_ROOT)}
    process = subprocess.Popen([sys.executable, "-c", ours], env=environment)
    script, child, _ = ids = written_ids(crawler, 3)
    process.kill()
    process.wait()
    try:
        assert gone([script, child])
    finally:
        for number in ids:  # the one that left the group has nobody left to end it
            if alive(number):
                os.kill(number, signal.SIGKILL)


def test_a_script_that_fills_the_disk_is_ended(make_crawler: MakeCrawler) -> None:
    crawler = make_crawler(
        "import time\nwith open('huge', 'wb') as file:\n    file.truncate(50_000_000)\ntime.sleep(600)\n",
        folder=10_000_000,
    )
    assert crawler.run().ended == "too_big"


def test_the_log_holds_no_more_than_it_may_and_the_last_words_are_known_all_the_same(
    make_crawler: MakeCrawler,
) -> None:
    run = make_crawler("for n in range(5000): print('line', n)\n", log=2000).run()
    assert run.log.stat().st_size < 2200
    assert "the log is full" in run.log.read_text()
    assert run.last_words.endswith("line 4999")


# --- secrets --------------------------------------------------------------------------------------------------------


def test_a_secret_that_is_printed_is_in_no_log_and_no_last_words(make_crawler: MakeCrawler) -> None:
    secret = "s3cr3t/v=lue"
    crawler = make_crawler(
        f"""
        import sys, urllib.parse
        secret = {secret!r}
        print("cookie", secret, urllib.parse.quote(secret, safe=""))
        print("x" * 30_000 + secret + "y" * 30_000)
        print("mam_id=" + "another" * 3, "https://me:word@a.example/announce")
        sys.stdout.write("no end of line " + secret)
        raise SystemExit("failed with " + secret)
        """,
        secrets=(secret,),
    )
    run = crawler.run()
    for text in (run.last_words, run.log.read_text()):
        assert secret not in text
        assert "s3cr3t" not in text
        assert "anotheranother" not in text
        assert "me:word" not in text
        assert "a line of more than 16,384 bytes is left out" in text
        assert "no end of line <hidden>" in text


def test_the_script_finds_the_persons_environment_without_our_secrets(bare_environment: None) -> None:
    settings = Settings(
        _env_file=None,
        mam_id="our-session",
        abs_token="our-token",
        database_url="postgresql://u:pw@h/d",
        google_books_api_key="gkey-value",
    )
    environment = {
        "HOME": "/home/me",
        "MAM_ID": "our-session",
        "abs_token": "our-token",
        "DATABASE_URL": "postgresql://other",
        "COPY_OF_OURS": "https://x/?key=gkey-value",
        "MAM_USERNAME": "me",
        "MAM_PASSWORD": "my own",
        "MAM_CRAWLER": "/x.py",
    }
    assert environment_for_script(environment, settings) == {
        "HOME": "/home/me",
        "MAM_USERNAME": "me",
        "MAM_PASSWORD": "my own",
        "MAM_CRAWLER": "/x.py",
    }


def test_what_is_a_secret_by_its_name_is_known() -> None:
    named = {
        "MAM_PASSWORD": "a",
        "SITE_COOKIE": "b",
        "X_API_KEY": "c",
        "KEYBOARD": "d",
        "HOME": "e",
    }
    assert secrets_named_in(named) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "MAM_SESSION",
            "MAM_PWD",
            "MAM_AUTH",
            "SESSION_ID",
            "MAMPASSWORD",
            "MAM_UID",
            "MAM_ID",
            "MAM_SID",
            "COOKIE_STRING",
        ),
        *("MAM_CRED", "SITE_CREDENTIALS", "sessionId", "session-token", "MAMCOOKIE", "MAMPWD"),
    ],
)
def test_a_secret_under_another_name_is_known_and_hidden_where_it_is_printed(name: str) -> None:
    assert secrets_named_in({name: "abcdef123"}) == ["abcdef123"]
    forms = ("{}: {}", "{}={}", "INFO:{}:{}", "{{'{}': '{}'}}", '{{"{}" : "{}"}}')
    lines = [form.format(name, "abcdef123") for form in forms]
    for line in lines:
        assert crawler_module._without_named(line) == line.replace("abcdef123", "<hidden>")


@pytest.mark.parametrize("line", ["pages: 12", "https://a.example/1", "12:30:45 crawled Seeding", "the session ended"])
def test_what_is_no_secret_stays_in_the_log(line: str) -> None:
    assert crawler_module._without_named(line) == line


def test_a_session_that_a_script_made_itself_is_not_in_its_log(make_crawler: MakeCrawler) -> None:
    run = make_crawler("print('new session: abc1, uid=77, in', {'pwd': 'two words'})\n").run()
    assert run.last_words == "new session: <hidden>, uid=<hidden>, in {'pwd': '<hidden>'}"
    assert "abc1" not in run.log.read_text()


def test_the_folder_and_the_desktop_are_no_secrets(settings: Settings, make_crawler: MakeCrawler) -> None:
    script = make_crawler("print('in', '/home/me', 'gnome', 'hunter2')\n").script
    found = {"PATH": os.environ["PATH"], "PWD": "/home/me", "DESKTOP_SESSION": "gnome", "XDG_SESSION_ID": "/home"}
    found["MAM_PWD"] = "hunter2"
    run = Crawler.from_settings(settings.model_copy(update={"mam_crawler": script}), found).run()
    assert run.last_words == "in /home/me gnome <hidden>"


def test_secrets_that_the_script_keeps_beside_itself_are_kept_out_of_the_log(
    settings: Settings, make_crawler: MakeCrawler
) -> None:
    script = make_crawler("print(open(__file__.replace('script.py', '.env')).read())\n").script
    (script.parent / ".env").write_text("export MAM_PASSWORD='hunter2hunter2'\nPAGES=12\n# nothing\n")
    crawler = Crawler.from_settings(settings.model_copy(update={"mam_crawler": script}), {"PATH": os.environ["PATH"]})
    run = crawler.run()
    assert "hunter2" not in run.last_words
    assert "PAGES=12" in run.last_words


# --- what it left ---------------------------------------------------------------------------------------------------


def test_only_plain_files_of_a_bearable_size_are_read(make_crawler: MakeCrawler, tmp_path: Path) -> None:
    crawler = make_crawler("", guide=100, guides=5)
    outside = tmp_path / "outside.md"
    outside.write_text("not for you")
    folder = crawler.work / "guides_output"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text("fine")
    (folder / "b.md").symlink_to(outside)
    (folder / "c.md").mkdir()
    (folder / "d.md").write_text("x" * 101)
    (folder / "e.txt").write_text("no Markdown")
    os.mkfifo(folder / "f.md")
    (folder / "g.md").write_text("fine")
    (folder / "h.md").write_text("one too many")
    found = {file.name: (file.data, file.problem) for file in crawler.guides()}
    assert found == {
        "a.md": (b"fine", None),
        "b.md": (b"", "it is no plain file"),
        "c.md": (b"", "it is no plain file"),
        "d.md": (b"", "it has more than 100 bytes"),
        "f.md": (b"", "it is no plain file"),
        "guides_output": (b"", "it holds 7 files; 5 are read"),
    }


def test_a_folder_that_is_a_link_to_elsewhere_is_not_read(make_crawler: MakeCrawler, tmp_path: Path) -> None:
    crawler = make_crawler("")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.md").write_text("not for you")
    crawler.work.mkdir(parents=True)
    (crawler.work / "guides_output").symlink_to(tmp_path / "elsewhere")
    assert list(crawler.guides()) == []


# --- one that can't be run ------------------------------------------------------------------------------------------


def test_a_path_that_leads_nowhere_is_answered_with_the_setting(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(CrawlerProblem, match="MAM_CRAWLER"):
        Crawler.from_settings(settings)
    with pytest.raises(CrawlerProblem, match="is no file; correct the path"):
        Crawler.from_settings(settings.model_copy(update={"mam_crawler": tmp_path}))


def test_a_script_whose_interpreter_is_not_there_ends_with_127(make_crawler: MakeCrawler) -> None:
    crawler = make_crawler("#!/no/such/interpreter\n", name="crawl")
    crawler.script.chmod(0o755)
    run = crawler.run()
    assert run.exit_code == 127
    assert "cannot be started" in run.last_words
