"""The pages (spec section 7)."""
