"""The pages people see: consent and its ends, "Who may use my data", the workspace admin's.

    text  times                  how words and instants are written
    assets  render               files by content hash, the template environment, the response's headers
    cookies  forms               what binds a browser, and what proves that a form came from it
    logos  mine  export          an assistant's picture; what one person may see, and all of it as JSON
    views/                       what each template gets, and nothing else
    faults  outcome              the page for each error code; where a connect session goes when it is answered
    connect  portal  admin/      the controllers
    routes                       all of them, for web/app.py

Every page works without script, carries no inline script or style, and loads nothing from another host.
"""
