"""A run's contents to its folder of send lists."""

from segcli.exports.campaign_lists import StepList
from segcli.exports.campaign_run import CampaignContents, write_campaign_files
from segcli.exports.contents import RunContents
from segcli.exports.coupons import coupons_of
from segcli.exports.facts import manifest_facts
from segcli.exports.formats import format_names, load_format, wanted_columns, with_every_column
from segcli.exports.old_runs import delete_old_runs
from segcli.exports.preflight import preflight
from segcli.exports.previous_runs import read_manifest
from segcli.exports.writing import write_run
from segcli.history.folders import run_name
from segcli.history.publishing import finished_runs, latest_run
from segcli.segments import SegmentMembers

__all__ = [
    "CampaignContents",
    "RunContents",
    "SegmentMembers",
    "StepList",
    "coupons_of",
    "delete_old_runs",
    "finished_runs",
    "format_names",
    "latest_run",
    "load_format",
    "manifest_facts",
    "preflight",
    "read_manifest",
    "run_name",
    "wanted_columns",
    "with_every_column",
    "write_campaign_files",
    "write_run",
]
