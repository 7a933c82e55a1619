"""When a run stops asking a service, and when it only leaves one thing out.

Belongs here: the rule, for every asset that asks about many things in turn. Does not belong here: retries within
seconds (resources/http.py), when a thing is due again (domain).
"""

from mam_assets.resources.errors import BadAnswer, NotFound, Refused, ServiceError

# One page that cannot be read says nothing of the next one; several in a row say that the service has changed.
MOST_ODD_ANSWERS = 3


def ends_asking(error: ServiceError) -> bool:
    """Whether the service itself is out of reach (down, limited, blocked, no longer signed in): then the rest waits. An
    answer about one thing that is missing, declined or unreadable is about that thing alone."""
    return not isinstance(error, BadAnswer | NotFound | Refused)
