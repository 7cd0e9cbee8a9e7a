"""The arithmetic of carts that are left."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.results.cart_loss import loss_of_visitors

shares = st.decimals("0.01", "0.99", places=4)


@given(visitors=st.integers(1, 10**7), price=st.decimals("0.01", "9999", places=2), conversion=shares, rate=shares)
def test_who_buys_had_a_cart_and_the_rest_of_the_carts_is_left(
    visitors: int, price: Decimal, conversion: Decimal, rate: Decimal
) -> None:
    loss = loss_of_visitors(Decimal(visitors), price, conversion, rate)
    assert loss.carts - loss.abandoned == pytest.approx(visitors * conversion)
    assert float(loss.rate) == pytest.approx(float(rate))
    bought = visitors * conversion * price
    assert float(loss.left / (loss.left + bought)) == pytest.approx(float(rate))


@pytest.mark.parametrize(("conversion", "rate"), [("1.1", "0.5"), ("-0.1", "0.5"), ("0.1", "1"), ("0.1", "-1")])
def test_what_is_no_share_is_refused(conversion: str, rate: str) -> None:
    with pytest.raises(ValueError, match="shares"):
        loss_of_visitors(Decimal(10), Decimal(1), Decimal(conversion), Decimal(rate))
