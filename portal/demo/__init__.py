"""The demo: a real MLflow server, real training, and the story told through the product's own code paths."""
