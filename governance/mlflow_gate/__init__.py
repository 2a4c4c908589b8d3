"""The gate: a plugin of the MLflow server that lets governed changes pass only with a signed token.

It is installed beside MLflow (``pip install --no-deps sekisho``) and needs nothing that MLflow does not bring:
no Django, and nothing of the portal. ``docs/enforcement.md`` says what it stops and what it does not.

    tokens         what a token says and signs (pure; the portal signs with the same functions)
    names          how names are compared
    configuration  what the environment says
    spent          tokens work once, whatever worker they come to (SQLite)
    rules          which endpoint of MLflow changes what
    gate           the decision on one request
    app            the entry points of `mlflow server --app-name`
    emergency      sealed tokens for when the portal is down, and the command that opens them
"""
