"""The pages people see: consent and its ends, "Who may use my data", the workspace admin's.

    text  times                  how words and instants are written
    assets  render               files by content hash, the template environment, the response's headers
    cookies  forms               what binds a browser, and what proves that a form came from it
    faults                       the page for each error code
    views/                       what each template gets, and nothing else
    connect  portal  admin/      the controllers

Every page works without script, carries no inline script or style, and loads nothing from another host.
"""
