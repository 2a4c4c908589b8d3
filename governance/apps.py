from django.apps import AppConfig

from governance.areas import modules


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        self._configure_sandbox()
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
            notices,
            record_words,
            reports,
            sandbox_hosts,
            texts,
            titles,
        )
        from governance.auditing import evaluation_jobs, leftovers  # noqa: F401
        from governance.engine.texts import safety as safety_texts  # noqa: F401
        from governance.registry import texts as registry_texts  # noqa: F401
        from governance.sandbox import texts as sandbox_texts  # noqa: F401

        # Areas bring modules of their own beside those above, such as texts_findings.
        for beginning in ("texts_", "record_words_", "notices_", "jobs_"):
            list(modules("governance", begins=beginning))

    @staticmethod
    def _configure_sandbox() -> None:
        from django.conf import settings

        from governance.sandbox import Limits, limits, unsandboxed

        limits.configure(Limits(**settings.SANDBOX_LIMITS))
        unsandboxed.allow(settings.UNSANDBOXED)
