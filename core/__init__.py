"""The rules of Valetkey: grants, tokens, consent, tool calls, revocation, audit. No web framework, no provider.

Reading order. A line imports only from lines above it, and from its left:

    errors  secret  ids  clock  months  plain_text  settings    words every other file uses
    observing                                           what is told to whoever watches: times and names, nobody's data
    destinations  http  addresses  browsers             where we may connect to and send people; the one outbound client
    store/  vault/  sealed  model  segments  audit      what is kept, how it is kept safe; the nouns: grants, sessions ...
    connector/  registry                                what a connector author writes, and how it is found
    scrubbing  pseudonyms  cassettes                    recordings of a provider, without secrets and of nobody
    rehearsal  evidence                                 a tool run outside the service; what a connector brings beside its code
    oauth/                                              Valetkey as an OAuth client of the providers
    callers  house                                      who asked lately; the parts every flow needs, in one object
    policy  consent  receipts                           what may be asked, and what was agreed
    workspaces  assistants  registrations  toolbox      who may ask, and with which tools
    grants  idempotency  recording                      what was given, and the trace of its use
    closing  retention                                  the trail by month, and how long it is kept
    outbox  revocation                                  how things end, here and at the provider
    sessions  connecting  choosing                      the first way through the house: the person agrees, and chooses
    whose  granting  confirming                         the right user is named, and it becomes a grant
    tokens  narrowing  calls                            the second: a grant becomes an answer
    tickets  overview  rotation                         links that sign in, figures for admins, changing keys
    startup  housekeeping                               what a start checks; what happens by itself
    checkup                                             what `valetkey doctor` looks at
    authserver/                                         an OAuth 2.0 authorization server, provider-neutral
"""
