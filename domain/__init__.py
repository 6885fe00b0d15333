"""The vocabulary of Fullmakt and its pure rules.

Imports nothing of ours, reads no clock, no file and no setting.
"""
