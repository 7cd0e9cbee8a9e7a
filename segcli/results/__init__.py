"""What campaigns brought: those who were sent a message against those who were held out."""

from segcli.results.counting import campaign_results, results_of_shards
from segcli.results.intervals import Difference, statistics
from segcli.results.outcomes import FEWEST_BUYERS, FEWEST_PEOPLE, Group, LastTouch, Needed, StepResult, Verdict

__all__ = [
    "FEWEST_BUYERS",
    "FEWEST_PEOPLE",
    "Difference",
    "Group",
    "LastTouch",
    "Needed",
    "StepResult",
    "Verdict",
    "campaign_results",
    "results_of_shards",
    "statistics",
]
