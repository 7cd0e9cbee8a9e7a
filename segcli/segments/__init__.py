"""Conditions to members."""

from segcli.segments.members import SegmentMembers, decide_members, membership

__all__ = ["SegmentMembers", "decide_members", "membership"]
