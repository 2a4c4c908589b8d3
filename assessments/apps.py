from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    name = "assessments"

    def ready(self) -> None:
        from assessments import (  # noqa: F401  (registers kinds, texts and a collector)
            jobs,
            messages,
            messages_filling,
            messages_frameworks,
            messages_levels,
            messages_review,
            messages_roadmap,
            messages_tools,
            notices,
            reports,
            rescoring,
            team_facts,
        )
