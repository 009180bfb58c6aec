"""What all packages share: random streams, names of arrays, files written by rename, folded batch norms."""
