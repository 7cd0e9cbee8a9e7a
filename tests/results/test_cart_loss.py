"""The arithmetic of carts that are left."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.results.cart_loss import abandonment_for, loss_of_visitors

shares = st.decimals("0.01", "0.99", places=4)


@given(visitors=st.integers(1, 10**7), price=st.decimals("0.01", "9999", places=2), conversion=shares, rate=shares)
def test_the_abandonment_that_a_loss_implies_is_the_one_it_was_reckoned_with(
    visitors: int, price: Decimal, conversion: Decimal, rate: Decimal
) -> None:
    loss = loss_of_visitors(Decimal(visitors), price, conversion, rate)
    assert loss.carts - loss.abandoned == pytest.approx(visitors * conversion)
    assert float(loss.rate) == pytest.approx(float(rate))
    implied = abandonment_for(Decimal(visitors), price, conversion, loss.left)
    assert float(implied) == pytest.approx(float(rate))


@pytest.mark.parametrize(("conversion", "rate"), [("1.1", "0.5"), ("-0.1", "0.5"), ("0.1", "1"), ("0.1", "-1")])
def test_what_is_no_share_is_refused(conversion: str, rate: str) -> None:
    with pytest.raises(ValueError, match="shares"):
        loss_of_visitors(Decimal(10), Decimal(1), Decimal(conversion), Decimal(rate))
