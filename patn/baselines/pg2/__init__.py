"""PG2: "Pose Guided Person Image Generation" (Ma et al., NIPS 2017)."""
