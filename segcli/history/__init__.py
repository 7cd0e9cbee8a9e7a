"""What was sent to whom, and who was in which segment when: read as tables, added to by a commit."""

from segcli.history.commit import (
    CommittedRun,
    NewRun,
    already_committed,
    check_history_is_there,
    commit_run,
    recover,
    write_rehearsal,
)
from segcli.history.folders import CAMPAIGNS, REHEARSAL, run_name
from segcli.history.forgetting import is_interrupted
from segcli.history.identity import (
    forgotten_customers,
    next_people,
    read_forgotten,
    resolve,
    with_ids_of_today,
    with_parted,
)
from segcli.history.locking import project_lock
from segcli.history.memberships import next_memberships
from segcli.history.past_runs import PastRun, committed_run, committed_runs
from segcli.history.rebuilding import rebuild_state
from segcli.history.salt import make_salt, read_salt
from segcli.history.store import History, open_history
from segcli.history.used_codes import used_codes

__all__ = [
    "CAMPAIGNS",
    "REHEARSAL",
    "CommittedRun",
    "History",
    "NewRun",
    "PastRun",
    "already_committed",
    "check_history_is_there",
    "commit_run",
    "committed_run",
    "committed_runs",
    "forgotten_customers",
    "is_interrupted",
    "make_salt",
    "next_memberships",
    "next_people",
    "open_history",
    "project_lock",
    "read_forgotten",
    "read_salt",
    "rebuild_state",
    "recover",
    "resolve",
    "run_name",
    "used_codes",
    "with_ids_of_today",
    "with_parted",
    "write_rehearsal",
]
