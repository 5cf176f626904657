"""Amounts of money as people read them: kept in whole minor units, printed in units."""

from decimal import Decimal

from babel.numbers import get_currency_precision


def amount(minor: int, currency: str) -> str:
    """Say an amount in its currency, with as many decimals as that has.

    Examples
    --------
    >>> amount(123_456, "EUR"), amount(123_456, "JPY"), amount(-5, "BHD")
    ('1,234.56 EUR', '123,456 JPY', '-0.005 BHD')
    """
    return f"{number(minor, currency)} {currency}"


def number(minor: int, currency: str) -> str:
    """Say an amount without its currency's name, for a second figure beside one that has it."""
    places = get_currency_precision(currency)
    return f"{Decimal(minor).scaleb(-places):,.{places}f}"
