"""The user study of Table 3: pictures, a local page that shows each for one second, and the answers."""
