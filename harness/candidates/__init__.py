"""Candidates: trainable ways to score, one file each. `use: package.module:Name` reaches a scikit-learn estimator."""
