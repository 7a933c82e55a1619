"""`crawled_guides`: off by default; a person's script is run once a day, and what it wrote becomes rows."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mam_assets.assets.guides import crawled_guides
from mam_assets.checks.discovery import crawler_ended_well
from mam_assets.resources.crawler import Crawler
from mam_assets.settings import Settings
from tests.assets.house import House, Run
from tests.patience import jumping_clock

SECRET = "0f6d3c-the-person's-own"

GUIDES = """
    from pathlib import Path
    folder = Path("guides_output")
    folder.mkdir(exist_ok=True)
    for number, title in enumerate(["Seeding", "Ratio"], start=1):
        (folder / f"{title}.md").write_text(
            f"# {title}\\n\\n**URL:** https://a.example/{number}\\n**Category:** Rules\\n"
            "**Crawled:** 2026-03-01 00:00:00\\n\\n---\\n\\n## Content\\n\\nWords.\\n"
        )
    print("done")
"""


@dataclass(frozen=True)
class Crawl:
    """Called, it runs the asset over a script of this text; None for no script at all."""

    house: House
    script: Path

    def __call__(self, script: str | None, *, force: bool = False, **changes: Any) -> Run:
        if script is not None:
            self.script.write_text(textwrap.dedent(script))
            changes = {"mam_crawler": self.script} | changes
        self.house.settings = self.house.settings.model_copy(update=changes)
        return self.house.run(crawled_guides, crawler_ended_well, crawled_guides={"force": force})


@pytest.fixture
def crawl(make_house: Any, tmp_path: Path) -> Crawl:
    return Crawl(make_house([]), tmp_path / "stealth_mam_crawler.py")


def test_without_a_script_nothing_is_done(crawl: Crawl) -> None:
    run = crawl(None)
    counts = run.of("crawled_guides")
    assert (counts["enabled"], counts["script_run"], counts["problems"]) == (0, 0, 0)
    assert run.checks == {"crawler_ended_well": True}
    assert not (crawl.house.settings.data_dir / "crawler").exists()


def test_what_the_script_wrote_becomes_rows_once(crawl: Crawl) -> None:
    first = crawl(GUIDES)
    counts = first.of("crawled_guides")
    assert (counts["script_run"], counts["script_failed"]) == (1, 0)
    assert (counts["guides_read"], counts["guides_new"], counts["guides_unreadable"]) == (2, 2, 0)
    assert first.checks == {"crawler_ended_well": True}
    assert crawl.house.rows("SELECT url, title, category, file_name FROM crawled_guides ORDER BY 1") == [
        ("https://a.example/1", "Seeding", "Rules", "Seeding.md"),
        ("https://a.example/2", "Ratio", "Rules", "Ratio.md"),
    ]
    again = crawl(GUIDES, force=True).of("crawled_guides")
    assert (again["guides_read"], again["guides_new"], again["guides_changed"]) == (2, 0, 0)
    assert crawl.house.requests("mam") == [], "we ask MAM for nothing here"


def test_the_script_is_run_once_a_day_unless_a_person_insists(crawl: Crawl) -> None:
    crawl("open('runs', 'a').write('x')\n")
    second = crawl("open('runs', 'a').write('x')\n").of("crawled_guides")
    assert second["script_run"] == 0
    assert "once a day at most" in second["problem_list"]
    assert crawl("open('runs', 'a').write('x')\n", force=True).of("crawled_guides")["script_run"] == 1
    crawl.house.clock.sleep(86_400)
    assert crawl("open('runs', 'a').write('x')\n").of("crawled_guides")["script_run"] == 1
    assert (crawl.house.settings.data_dir / "crawler" / "work" / "runs").read_text() == "xxx"


def test_in_a_dry_run_the_script_is_not_run(crawl: Crawl) -> None:
    counts = crawl(GUIDES, mam_dry_run=True).of("crawled_guides")
    assert counts["script_run"] == 0
    assert "dry run" in counts["problem_list"]


def test_a_crash_shows_its_trace_and_keeps_what_was_written(crawl: Crawl) -> None:
    run = crawl(GUIDES + "    raise RuntimeError('the site said no')\n".replace("    raise", "\n    raise"))
    counts = run.of("crawled_guides")
    assert (counts["script_failed"], counts["guides_new"]) == (1, 2)
    assert "exit code 1" in counts["problem_list"]
    assert "RuntimeError: the site said no" in counts["last_words"]
    assert run.checks == {"crawler_ended_well": False}


def test_a_script_that_hangs_is_ended_in_time(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Crawler.from_settings

    def ready_to_wait(settings: Settings) -> Crawler:
        crawler = make(settings)
        crawler.clock = jumping_clock(lambda: crawler.log.exists() and "done" in crawler.log.read_text())
        return crawler

    monkeypatch.setattr(Crawler, "from_settings", ready_to_wait)
    run = crawl(GUIDES + "\n    import time\n    time.sleep(600)\n", mam_crawler_timeout_minutes=30)
    counts = run.of("crawled_guides")
    assert (counts["script_failed"], counts["guides_new"]) == (1, 2)
    assert "still ran after 30 minutes" in counts["problem_list"]
    assert run.checks == {"crawler_ended_well": False}


def test_files_that_are_no_guides_are_named_and_the_others_kept(crawl: Crawl) -> None:
    broken = """
    (folder / "broken.md").write_bytes(b"\\xff\\xfe")
    (folder / "empty.md").write_text("")
    (folder / "huge.md").write_text("x" * 3_000_000)
    (folder / "link.md").symlink_to("/etc/passwd")
    (folder / "nul.md").write_text("# N\\0\\n**URL:** https://a.example/nul\\n## Content\\na\\0b")
"""
    counts = crawl(GUIDES + broken).of("crawled_guides")
    assert (counts["guides_new"], counts["guides_unreadable"], counts["script_failed"]) == (3, 4, 0)
    for name in ("broken.md: it is not UTF-8", "empty.md", "huge.md: it has more than", "link.md: it is no plain file"):
        assert name in counts["problem_list"]


def test_a_secret_is_in_no_table_no_event_and_no_log(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAM_PASSWORD", SECRET)
    run = crawl(
        """
        import os
        from pathlib import Path
        secret = os.environ["MAM_PASSWORD"]
        assert "MAM_ID" not in os.environ and "ABS_TOKEN" not in os.environ
        folder = Path("guides_output")
        folder.mkdir()
        (folder / "a.md").write_text(
            f"# Mine {secret}\\n**URL:** https://a.example/?passkey={secret}&id=1\\n**Category:** {secret}\\n"
            f"## Content\\nuse {secret}"
        )
        (folder / f"{secret}.md").write_text("no guide")
        print("logging in with", secret)
        raise SystemExit("bad password " + secret)
        """
    )
    assert run.of("crawled_guides")["guides_new"] == 1
    house = crawl.house
    shown = [str(event) for event in run._result.all_events]
    shown.append((house.settings.data_dir / "crawler" / "crawler.log").read_text())
    shown += [str(row) for row in house.rows("SELECT * FROM crawled_guides")]
    shown += [str(row) for row in house.rows("SELECT * FROM sync_marks")]
    assert not [text for text in shown if SECRET in text]
    assert "<hidden>" in run.of("crawled_guides")["last_words"]
    assert house.value("SELECT content FROM crawled_guides") == "use <hidden>"


def test_a_path_that_leads_nowhere_is_a_problem_with_its_remedy(crawl: Crawl, tmp_path: Path) -> None:
    run = crawl(None, mam_crawler=tmp_path / "gone.py")
    assert "correct the path, or empty it" in run.of("crawled_guides")["problem_list"]
    assert run.of("crawled_guides")["script_failed"] == 1
    assert run.checks == {"crawler_ended_well": False}
