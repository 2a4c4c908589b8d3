from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "portal.ledger"
    label = "ledger"

    def ready(self) -> None:
        from portal.ledger import duties, sentences, texts  # noqa: F401  (registers duties, and the floor's words)
