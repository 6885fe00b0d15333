"""Strong identification over OpenID Connect, as the Finnish Trust Network's profile has it (spec section 5).

`provider` says what use cases ask for; `client` does it, with `keys` of ours; the rest is behind it.
"""
