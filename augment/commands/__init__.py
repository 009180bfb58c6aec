"""Commands of the `augment` command line, one module each, loaded when first needed."""
