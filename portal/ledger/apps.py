from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "portal.ledger"
    label = "ledger"

    def ready(self) -> None:
        from portal.ledger import texts  # noqa: F401  (registers the words of the floor's records)
