"""What a workspace has and lacks: images, identities, key points, weight files."""
