"""The calls of a notebook: workspaces, generators, generated images, re-ID models, rankings.

Each is a command's work as one call, with its defaults; `import augment` offers all of them without importing torch.
Every folder is what the command of that name would make, so that a notebook and a shell can take turns: what is
finished is not done again, what was interrupted goes on.
"""
