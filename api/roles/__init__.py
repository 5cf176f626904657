"""How staff would design their roles, and the support managers owe them."""
