"""Fields in the sentences of errors: a Python caller reads a field's name, a terminal the option that sets it.

A sentence holds a field between ⟨ and ⟩, as its name (`⟨target_poses⟩`), or as its name and option where the option is
spelled otherwise (`⟨folder --data⟩`).
"""

import re

FIELD = re.compile(r"⟨(?P<name>[a-z][a-z_]*)(?: (?P<option>--[a-z][a-z-]*))?⟩")


def as_fields(sentence: str) -> str:
    """The sentence for Python callers, with names: `target_poses file`.

    Args:
        sentence: in which fields are marked.
    """
    return FIELD.sub(r"\g<name>", sentence)


def as_options(sentence: str) -> str:
    """The sentence for a terminal, with options: `--target-poses file`.

    Args:
        sentence: in which fields are marked.
    """
    return FIELD.sub(option_of, sentence)


def option_of(field: re.Match[str]) -> str:
    """The option that sets a field, such as `--target-poses`.

    Args:
        field: a match of FIELD.
    """
    return field["option"] or f"--{field['name'].replace('_', '-')}"
