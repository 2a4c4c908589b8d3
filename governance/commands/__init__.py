"""The engines at the command line: one module a subcommand of ``manage.py audit``.

Each has ``add_arguments(parser)``, ``run(options) -> dict`` (the JSON that ``--json`` prints) and
``describe(result, out)`` (what a person reads), and needs no database, server or environment.
"""
