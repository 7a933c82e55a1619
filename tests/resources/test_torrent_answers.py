"""What qBittorrent's answers mean, by the errors of its library. Against its twin: test_torrent_client.py."""

from __future__ import annotations

import pytest
import qbittorrentapi as q

from mam_assets.resources.errors import BadAnswer, NotAuthorised, NotFound, Refused, ServiceDown, ServiceError
from mam_assets.resources.redaction import Redactor
from mam_assets.resources.torrent_answers import is_failed_login, what_it_means


@pytest.mark.parametrize(
    ("error", "kind", "is_login"),
    [
        (q.LoginFailed, NotAuthorised, True),
        (q.Forbidden403Error, NotAuthorised, True),
        (q.Unauthorized401Error, NotAuthorised, False),
        (q.NotFound404Error, NotFound, False),
        (q.Conflict409Error, Refused, False),
        (q.UnsupportedMediaType415Error, Refused, False),
        (q.InternalServerError500Error, ServiceDown, False),
        (q.APIConnectionError, ServiceDown, False),
        (q.APIError, BadAnswer, False),
    ],
)
def test_each_error_of_the_library_is_one_of_ours_without_secrets(
    error: type[q.APIError], kind: type[ServiceError], is_login: bool
) -> None:
    found = error("no: correct-horse " + "x" * 500)
    ours = what_it_means(found, "list torrents", Redactor(["correct-horse"]))
    assert (type(ours), is_failed_login(found)) == (kind, is_login)
    assert (ours.service, ours.call, bool(ours.remedy)) == ("qbittorrent", "list torrents", True)
    assert "correct-horse" not in str(ours)
    assert len(str(ours)) < 500
