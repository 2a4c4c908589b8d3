"""English texts of what can go wrong between Sekisho and a registry."""

from portal.message import gettext_noop, register

register(
    {
        "registry.address.form": gettext_noop(
            "“%(address)s” is not the address of a registry: give http:// or https://, the host and, if needed, "
            "port and path, without a user name, a query or a fragment."
        ),
        "registry.address.host": gettext_noop(
            "“%(host)s” is not on this installation's list of allowed registry hosts."
        ),
        "registry.address.network": gettext_noop(
            "“%(host)s” leads to %(ip)s, an address that Sekisho never connects to."
        ),
        "registry.address.redirect": gettext_noop(
            "%(address)s redirects to %(target)s. Redirects are not followed: enter the final address."
        ),
        "registry.address.files": gettext_noop(
            "The files lie at %(location)s, which the registry's server does not hand out. Log the model to "
            "the server's own artifact store."
        ),
        "registry.address.store": gettext_noop(
            "The MLflow server at %(address)s keeps files at %(location)s and takes none for there. Start it with "
            "--serve-artifacts, so that it has an artifact store of its own."
        ),
        "registry.experiment": gettext_noop(
            "At %(address)s the experiment %(name)s, which holds what Sekisho brought there, was deleted. Restore it."
        ),
        "registry.address.path": gettext_noop("The registry named a file by an unsafe path: %(path)s."),
        "registry.unasked": gettext_noop(
            "No worker has asked the server for more than %(minutes)s minutes: start one, or look into its log."
        ),
        "registry.unreachable": gettext_noop("Nothing answers at %(address)s: %(reason)s."),
        "registry.unreachable.refused": gettext_noop("the connection was refused"),
        "registry.unreachable.name": gettext_noop("the host name is not known"),
        "registry.unreachable.certificate": gettext_noop("the server's certificate is not trusted (%(detail)s)"),
        "registry.unreachable.closed": gettext_noop("the connection was closed before an answer came"),
        "registry.unreachable.network": gettext_noop("the network failed (%(detail)s)"),
        "registry.timeout": gettext_noop("%(address)s did not answer within %(seconds)s seconds."),
        "registry.credentials": gettext_noop("%(address)s refused the user name and password."),
        "registry.denied": gettext_noop("%(address)s does not permit this to the account: %(detail)s"),
        "registry.denied.host": gettext_noop(
            "The MLflow server does not accept the host name in %(address)s. Start it with --allowed-hosts "
            "naming that host."
        ),
        "registry.not_mlflow": gettext_noop("What answers at %(address)s is not an MLflow server."),
        "registry.not_found": gettext_noop("The registry does not have it: %(detail)s"),
        "registry.rejected": gettext_noop("The registry rejected the request: %(detail)s"),
        "registry.failed": gettext_noop("The registry failed with status %(status)s: %(detail)s"),
        "registry.too_large": gettext_noop("The registry sent more than the %(limit)s bytes allowed."),
        "registry.too_many": gettext_noop("The model has more than the %(limit)s files allowed."),
        "registry.unreadable": gettext_noop("%(path)s could not be read: %(detail)s"),
    }
)
