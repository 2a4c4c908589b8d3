from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    name = "assessments"

    def ready(self) -> None:
        from assessments import jobs, messages, reports, team_facts  # noqa: F401  (registers kinds, texts and a collector)
