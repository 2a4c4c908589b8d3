"""Warnings that Ibis raises for its libraries' newest versions, and that are no concern of ours."""


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore:fetch_arrow_table:DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:The 'future.infer_string' option")
