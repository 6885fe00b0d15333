"""A test broker: an OpenID Provider of ours that speaks the Trust Network's profile strictly (spec 5).

For development and tests: it believes whoever chooses a test person. It is a process of its own (`process`),
so that everything between it and us goes over HTTP, as with a real one. Production refuses it.
"""
