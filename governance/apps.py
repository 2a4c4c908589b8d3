from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        # These register jobs and texts; stored messages of workers are read in every process.
        from governance import (  # noqa: F401
            auditing,
            evaluation_texts,
            facts,
            freshness,
            gate_texts,
            interpreter_texts,
            mirror,
            moves,
            record_words,
            reports,
            texts,
        )
        from governance.engine import explanation_texts, performance_texts  # noqa: F401
        from governance.registry import texts as registry_texts  # noqa: F401
        from governance.sandbox import texts as sandbox_texts  # noqa: F401
