"""Deform: "Deformable GANs for Pose-based Human Image Generation" (Siarohin et al., CVPR 2018)."""
