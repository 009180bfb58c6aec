"""Reduced sets M^R_p and augmented sets M^A_p: plan, target poses, generation, filter, manifest."""
