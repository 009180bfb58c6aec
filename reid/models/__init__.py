"""Re-ID networks: backbones, torchvision's and torchreid's, their weight files."""
