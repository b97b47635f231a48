"""The workspace admin's pages: who gave which assistant access to what, and how to stop it.

    frame  charts  console       what every page carries, pictures as SVG, what to click at a provider
    views/                       what each template gets, made from what core answers
    sign_in  overview  grants  revoke  receipts  policy  audit  connectors  assistants     the controllers

Reached by the one-time link of `valetkey sign-in-link`. Every page works without script; admin.js only counts what is
selected. Lists are keyset pages: no page shows a total that had to be counted row by row.
"""
