from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        from governance import auditing, facts, gate_texts, mirror, moves, texts  # noqa: F401  (registers jobs and texts)
