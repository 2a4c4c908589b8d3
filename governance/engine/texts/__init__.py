"""The sentences of the engines, by kind of audit; importing a module registers them."""
