"""Messages of making documents."""

from portal.ledger.words import register_actions, register_fields
from portal.message import gettext_noop, register

register(
    {
        "pdf.no_pango": gettext_noop(
            "The PDF cannot be made, since Pango is missing on this machine. Install it with: "
            "apt-get install libpango-1.0-0 libpangoft2-1.0-0"
        ),
        "pdf.too_large": gettext_noop("The document is too large to be printed."),
        "pdf.too_slow": gettext_noop("Making the PDF took more than %(seconds)s seconds and was stopped."),
        "pdf.failed": gettext_noop("The PDF could not be made: %(detail)s"),
        "pdf.language": gettext_noop("There are no documents in the language %(language)s. Choose en or ja."),
        "pdf.gone": gettext_noop("What the document should be about does not exist any more."),
        "pdf.reading": gettext_noop("Gathering what the document says."),
        "pdf.rendering": gettext_noop("Laying out the pages."),
    }
)

register_actions({"document.make": gettext_noop("Document made")})
register_fields({"kind": gettext_noop("Kind"), "sha256": gettext_noop("SHA-256 of the file")})
