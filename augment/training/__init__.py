"""Training: the one loop, generators, re-ID models and the sets they are trained on."""
