"""The audit engines: pure calculations over tables and models, without Django, for jobs and notebooks alike."""
