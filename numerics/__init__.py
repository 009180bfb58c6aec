"""What all packages calculate with: random streams by name. Below everything else; imports numpy at most."""
