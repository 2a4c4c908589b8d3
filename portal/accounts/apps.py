from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"

    def ready(self) -> None:
        from portal.accounts import rules, schema, texts  # noqa: F401  (registers permissions, messages, API schemes)
