"""Training on a cohort: configuration, cache, loop, folds, evaluation, bundles."""
