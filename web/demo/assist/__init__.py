"""Acme Assist, the bundled chat: what somebody builds with Valetkey. It imports nothing of `core` or of the rest of `web`.

    valetkey                          the public HTTP API, the only thing it knows of Valetkey
    chat  people                      a conversation; who is signed in here
    desk  sharing                     the tools of one turn; what was allowed, and ending it
    sentences  wishes  answers        the assistant without a model: what is understood, done, and shown
    model                             a real model at the same desk
    refusals  cards                   what a refusal says; the card that asks for access
    assistant                         a sentence in, an answer or a waiting question out
    render  pages  app                the pages, the endpoints, all of it put together

The way of a question: pages -> assistant -> wishes or model -> desk -> valetkey. The way of a consent: card -> the widget's
window -> /api/connect (or /connected) -> assistant.confirm -> assistant.go_on with the question that waited.
"""

from web.demo.assist.app import Settings, create_app

__all__ = ["Settings", "create_app"]
