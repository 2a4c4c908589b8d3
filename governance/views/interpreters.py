"""Interpreters: which Pythons models may be run with in the sandbox."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.actions import interpreters
from governance.forms import InterpreterForm
from governance.models import Interpreter
from governance.views.connections import add_errors
from portal.accounts.permissions import permission_required
from portal.jobs.models import Job
from portal.web.errors import Invalid
from portal.web.lists import ListPage

# Without these the program in the sandbox cannot read a table; MLflow brings them.
NEEDED = ("pandas", "pyarrow", "pyyaml")
SHOWN = ("scikit-learn", "numpy", "mlflow", "xgboost", "lightgbm", "torch")


@permission_required("connection.view")
@require_safe
def interpreter_list(request: HttpRequest) -> HttpResponse:
    """Sekisho's own, and those that were registered."""
    page = ListPage(request, Interpreter.objects.for_user(request.user), search=("name", "executable"), order="name")
    rows = [(row, _named(row, SHOWN), _lacking(row)) for row in page.rows]
    return render(request, "governance/interpreters.html", {"list": page, "rows": rows})


@permission_required("connection.manage")
@require_http_methods(["GET", "POST"])
def interpreter_new(request: HttpRequest) -> HttpResponse:
    form = InterpreterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            interpreter = interpreters.add_interpreter(by=request.user, **form.cleaned_data)
        except Invalid as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Registered. A worker asks it which packages it has."))
            return redirect("interpreter", interpreter.pk)
    return render(request, "governance/interpreter_form.html", {"form": form}, status=422 if form.errors else 200)


@permission_required("connection.view")
@require_safe
def interpreter(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Interpreter.objects.for_user(request.user), pk=pk)
    jobs = Job.objects.about("interpreter", one.pk)
    context = {
        "interpreter": one,
        "packages": sorted(one.packages.items()),
        "lacking": _lacking(one),
        "job": jobs.active().first() or jobs.first(),
    }
    return render(request, "governance/interpreter.html", context)


@permission_required("connection.manage")
@require_POST
def interpreter_check(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Interpreter.objects.for_user(request.user), pk=pk)
    interpreters.check_interpreter(interpreter=one, by=request.user)
    return redirect("interpreter", one.pk)


@permission_required("connection.manage")
@require_POST
def interpreter_remove(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Interpreter.objects.for_user(request.user), pk=pk)
    interpreters.remove_interpreter(interpreter=one, by=request.user)
    messages.success(request, _("Removed. No model is run with it any more."))
    return redirect("interpreters")


def _named(one: Interpreter, names: tuple[str, ...]) -> list[str]:
    return [f"{name} {one.packages[name]}" for name in names if name in one.packages]


def _lacking(one: Interpreter) -> list[str]:
    return [name for name in NEEDED if one.python and name not in one.packages]
