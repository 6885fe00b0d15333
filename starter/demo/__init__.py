"""The main job on real input, told and checked (`make demo`): five invitations, each to another end,
three registrations by strong identification, and authorizations that are levelled, removed and given up.

They run on the real server, but for the one whose week is skipped, on Temporal's time-skipping server.
Everything that people do goes through the HTTP API and the test broker's pages; what they got by e-mail is
read from the real mailbox.
"""

from starter.demo.run import Demo

__all__ = ["Demo"]
