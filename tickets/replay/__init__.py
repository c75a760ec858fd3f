"""Replaying recorded conversations through the running server's REST API, and proving what became of them.

`conversations` reads the file, `api` speaks to the server and outlasts its restarts, `send` keeps the order inside a
conversation, `compare` (pure) judges what is read back, `run` puts them in a row, `figures` is what comes out.
"""
