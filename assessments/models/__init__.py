"""What the maturity half keeps: frameworks, assessments, evidence, reviews, levels and the way up."""

from assessments.models.assessment import (
    Answer,
    Answerer,
    AnswerValue,
    Assessment,
    AssessmentState,
    Attachment,
    Delegation,
    IndependentAnswer,
)
from assessments.models.campaigns import Campaign, CampaignTeam, Pulse, PulseAnswer, PulseInvitation
from assessments.models.evidence import Evidence, TeamTool
from assessments.models.frameworks import FrameworkState, FrameworkVersion
from assessments.models.levels import (
    Contradiction,
    ContradictionState,
    LevelRecord,
    Milestone,
    Resolution,
    Target,
    TeamStanding,
)
from assessments.models.review import CriterionReview, ReviewVerdict
from assessments.models.roadmap import ItemComment, ItemState, RoadmapItem

__all__ = [
    "Answer",
    "AnswerValue",
    "Answerer",
    "Assessment",
    "AssessmentState",
    "Attachment",
    "Campaign",
    "CampaignTeam",
    "Contradiction",
    "ContradictionState",
    "CriterionReview",
    "Delegation",
    "Evidence",
    "FrameworkState",
    "FrameworkVersion",
    "IndependentAnswer",
    "ItemComment",
    "ItemState",
    "LevelRecord",
    "Milestone",
    "Pulse",
    "PulseAnswer",
    "PulseInvitation",
    "Resolution",
    "ReviewVerdict",
    "RoadmapItem",
    "Target",
    "TeamStanding",
    "TeamTool",
]
