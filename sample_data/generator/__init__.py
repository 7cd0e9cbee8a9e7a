"""A made-up shop, its customers and three years of what they did; the same every time."""
