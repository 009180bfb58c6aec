"""VUNet: "A Variational U-Net for Conditional Appearance and Shape Generation" (Esser et al., CVPR 2018)."""
