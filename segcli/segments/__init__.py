"""Conditions to members."""

from segcli.segments.members import CONTACTABLE, SegmentMembers, decide_members, membership

__all__ = ["CONTACTABLE", "SegmentMembers", "decide_members", "membership"]
