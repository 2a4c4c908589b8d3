"""What the demo's models are for: their profiles, as their teams wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TABLE = "evaluation/evaluation.parquet"


@dataclass(frozen=True)
class About:
    """A model of the demo: its name in the registry, its team, and its profile's fields."""

    name: str
    team: str
    manager: str
    intended_use: str
    population: str
    risk: str
    metric: str
    sensitive: tuple[str, ...]
    excluded: tuple[str, ...]
    evaluation: str = TABLE

    def fields(self) -> dict[str, Any]:
        """The profile's fields, complete."""
        return {
            "kind": "tabular",
            "risk": self.risk,
            "intended_use": self.intended_use,
            "population": self.population,
            "metric": self.metric,
            "metric_direction": "higher",
            "evaluation_data": self.evaluation,
            "label_column": "label" if self.evaluation else "",
            "prediction_column": "prediction" if self.evaluation else "",
            "positive": "1" if self.evaluation else "",
            "score_column": "score" if self.evaluation else "",
            "sensitive_columns": list(self.sensitive),
            "bins": {},
            "excluded_columns": list(self.excluded),
        }


MODELS = {
    "lending": About(
        name="loan-approval",
        team="lending",
        manager="ono",
        intended_use="Proposes whether a consumer loan is granted; a clerk decides.",
        population="Applicants for consumer loans from 18 years of age. Not for business loans.",
        risk="high",
        metric="balanced_accuracy",
        sensitive=("sex", "age_band"),
        excluded=("sex", "age", "age_band", "score"),
    ),
    "diabetes": About(
        name="diabetes-progression",
        team="diabetes-care",
        manager="suzuki",
        intended_use="Marks patients whose disease is likely to progress fast, so that a nurse calls them first.",
        population="Adults with diabetes in outpatient care. Not for children, nor for diagnosis.",
        risk="high",
        metric="roc_auc",
        sensitive=("sex", "age_band"),
        excluded=("age_band", "score"),
    ),
    "imaging": About(
        name="breast-imaging",
        team="imaging",
        manager="hara",
        intended_use="Suggests which fine-needle samples a pathologist should look at first.",
        population="Samples from the breast clinic. Not for other tissue.",
        risk="high",
        metric="recall",
        sensitive=(),
        excluded=(),
        evaluation="",
    ),
}
