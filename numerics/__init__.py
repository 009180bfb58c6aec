"""What all packages share: random streams, array names, files written by rename, weight files, folded batch norms."""
