"""The main job on real input, told and checked (`make demo`): five invitations, each to another end.

Four run on the real server and one, whose week is skipped, on Temporal's time-skipping server. Everything
that people do goes through the HTTP API; what they got by e-mail is read from the real mailbox.
"""

from starter.demo.run import Demo

__all__ = ["Demo"]
