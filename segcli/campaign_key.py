"""The secret that a run's unique codes and recipients' tokens are made with."""

from __future__ import annotations

import os

from segcli.campaign_preparing import PreparedCampaigns
from segcli.campaigns.offers import needs_key
from segcli.campaigns.secret_key import ENVIRONMENT, fingerprint, make_key, read_key
from segcli.history import History
from segcli.problems import DataError, Problem

STAND_IN = b"no key was made yet, and no code is shown"


def secret_key(prepared: PreparedCampaigns, history: History, *, make: bool = False) -> bytes | None:
    """The secret of unique codes and recipients' tokens, if any step has some; `make` writes it before the first run
    that needs it.

    Where there is none yet and nothing is written, another stands in for it: the codes are shown to nobody.
    Raises DataError for a key other than the one that earlier codes were made with: they would all change.
    """
    if not prepared.messages and not needs_key([each.campaign for each in prepared.campaigns]):
        return None
    known = next((run.facts["key_fingerprint"] for run in reversed(history.runs) if run.facts["key_fingerprint"]), None)
    file = prepared.prepared.project.key_file
    if not os.environ.get(ENVIRONMENT) and known is None and not file.exists():
        if not make:
            return STAND_IN
        make_key(file)
    key = read_key(file, os.environ)
    if known is not None and fingerprint(key) != known:
        hint = f"Put back the key that the history was made with, in {file.name} or in {ENVIRONMENT}."
        raise DataError([Problem("this key is another one: codes that were mailed would change.", hint=hint)])
    return key
