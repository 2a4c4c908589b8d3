"""The maturity pages, a module each."""
