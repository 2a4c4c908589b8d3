from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "portal.inbox"
    label = "inbox"

    def ready(self) -> None:
        from portal.inbox import jobs, texts  # noqa: F401  (registers duties, kinds and words)
