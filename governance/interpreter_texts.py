"""Messages of interpreters, and the words of their records."""

from portal.ledger.words import register_actions
from portal.message import gettext_noop, register

register(
    {
        "interpreter.path": gettext_noop("Enter the whole path of a Python, such as /opt/models-2024/bin/python."),
        "interpreter.name_taken": gettext_noop("An interpreter named %(name)s exists already. Choose another name."),
        "interpreter.asking": gettext_noop("Asking the interpreter, in the sandbox, which packages it has."),
        "interpreter.gone": gettext_noop("The interpreter is not registered any more."),
        "interpreter.missing": gettext_noop("There is no file %(path)s on the worker's host."),
        "interpreter.lacks": gettext_noop(
            "Not evaluated: the interpreter that fits the model, %(name)s, lacks packages that an explanation needs: "
            "%(packages)s. An administrator installs them there and checks the interpreter again."
        ),
        "interpreter.silent": gettext_noop("%(path)s did not say which Python it is: %(reason)s"),
    }
)

register_actions(
    {
        "interpreter.add": gettext_noop("Interpreter registered"),
        "interpreter.check": gettext_noop("Interpreter checked"),
        "interpreter.remove": gettext_noop("Interpreter removed"),
    }
)
