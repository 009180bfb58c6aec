"""What the numbers of a configuration may be: each check raises DataError with the field, its value and the range."""

from collections.abc import Sequence

from patn import DataError


def at_least(training: object, least: float, fields: Sequence[str]) -> None:
    """Refuse a field below a number.

    Args:
        training: the configuration.
        least: what is allowed.
        fields: names of its fields.

    Raises:
        DataError: naming the field.
    """
    for field in fields:
        if not getattr(training, field) >= least:
            raise DataError(f"{field} is {getattr(training, field)}; it must be at least {least}")


def above_zero(training: object, fields: Sequence[str]) -> None:
    """Refuse a field that is 0 or below.

    Args:
        training: the configuration.
        fields: names of its fields.

    Raises:
        DataError: naming the field.
    """
    for field in fields:
        if not getattr(training, field) > 0:
            raise DataError(f"{field} is {getattr(training, field)}; it must be above 0")


def one_of(training: object, field: str, choices: Sequence[str]) -> None:
    """Refuse a field that is none of the choices.

    Args:
        training: the configuration.
        field: the name of its field.
        choices: what is allowed.

    Raises:
        DataError: naming the field.
    """
    if getattr(training, field) not in choices:
        raise DataError(f"{field} is {getattr(training, field)!r}; it must be one of {', '.join(choices)}")


def decay_rates(training: object, field: str) -> None:
    """Refuse a field that is not the two decay rates of Adam.

    Args:
        training: the configuration.
        field: the name of its field.

    Raises:
        DataError: naming the field.
    """
    rates = getattr(training, field)
    if len(rates) != 2 or not all(0 <= rate < 1 for rate in rates):
        raise DataError(f"{field} is {rates}; it must be two numbers in [0, 1)")


def decay_rate(training: object, field: str) -> None:
    """Refuse a field that is not the decay rate of an average.

    Args:
        training: the configuration.
        field: the name of its field.

    Raises:
        DataError: naming the field.
    """
    if not 0 <= getattr(training, field) < 1:
        raise DataError(f"{field} is {getattr(training, field)}; it must be in [0, 1)")
