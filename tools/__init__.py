"""Tools of this repository's developers; none is installed with the packages."""
