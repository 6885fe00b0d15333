"""The HTTP API that frontends use: JSON under /v1, problem+json for refusals (spec section 4)."""
