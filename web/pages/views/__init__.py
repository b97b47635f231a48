"""What each template gets, as frozen structs, and how it is made from the nouns of core. No requests, no
store.

Words that depend on the case (how many tools are needed, who ended a grant) are chosen here; the rest of the
wording stands in the templates.
"""
