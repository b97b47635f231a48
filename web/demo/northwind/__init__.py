"""Northwind, the bundled provider: a CRM and project tool of another company, with an OAuth 2.0 server of its
own.

    names  records  seed  book        the data, the same on every machine for the same day, and who sees what
    permissions  provider  faults     what an app may be allowed; one Northwind with all its state; troubles for tests
    browsers  limits  problems        sessions of people; requests of apps; errors
    gate  visits                      what every request passes; one call of the API
    crm  work  oauth  pages  paper    the API, the OAuth endpoints, the pages
    app  serve  __main__              put together, on a port, as a command

Sign-in form: `email`, `password`, `next`, `csrf_token` to `/sign-in`. Consent form: `scope` (several),
`decision` (`allow` or `deny`), `csrf_token` to the address of the page itself.
"""

from web.demo.northwind.app import create_app
from web.demo.northwind.provider import PASSWORD, Northwind
from web.demo.northwind.seed import PEOPLE
from web.demo.northwind.serve import serving

__all__ = ["PASSWORD", "PEOPLE", "Northwind", "create_app", "serving"]
