"""Random features: risk, decomposition, ensembles, deep features and tuning."""
