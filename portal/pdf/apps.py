from django.apps import AppConfig


class PdfConfig(AppConfig):
    name = "portal.pdf"
    label = "pdf"

    def ready(self) -> None:
        from portal.pdf import texts  # noqa: F401  (registers messages)
