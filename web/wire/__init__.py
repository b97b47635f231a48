"""The wire forms: what goes in and out over HTTP, a file for each noun. Nothing is decided here (domain: `core/model.py`).

`...In` and `...Patch` are bodies of requests, `...Out` and the rest are answers. What a form is made of is in `body.py` and
`fields.py`, lists and their cursors in `listings.py`.
"""
