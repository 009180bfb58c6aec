"""The paper's baselines: PG2, Deform, VUNet."""
