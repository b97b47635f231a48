"""The rules of Valetkey: grants, tokens, consent, tool calls, revocation, audit. No web framework, no provider.

Reading order (each file imports only from those above it):

    errors  secret  ids  clock  settings          words every other file uses
    destinations  http                             where we may connect to; the one outbound client
    connector/  registry                           what a connector author writes, and how it is found
    model                                          the nouns: assistants, sessions, grants ...
    vault/  store/  audit                          what is kept, and how it is kept safe
    policy  consent  receipts                      what may be asked, and what was agreed
    oauth/                                         Valetkey as an OAuth client of the providers
    sessions  grants  tokens  calls                the two ways through the house
    revocation  outbox  housekeeping               how things end
    checkup                                       what `valetkey doctor` looks at
    authserver/                                    an OAuth 2.0 authorization server, provider-neutral
"""
