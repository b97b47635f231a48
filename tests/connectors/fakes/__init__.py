"""Fake providers that hold state, written from the hand-written specifications of the real ones. No network
is needed.

`fake.py` has what they share (tokens, scopes, faults on order, the record of requests), `hubspot.py` and
`jira.py` the records and the rules of one provider each, `server.py` puts one on a loopback socket.
"""
