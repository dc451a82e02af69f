"""What the answers to questions must be, computed from the events alone.

Written from the definitions in docs/questions.md with `zoneinfo`, `decimal` and plain loops; shares nothing
with the server but the definitions.
"""
