"""The built-in connectors, one provider a file; the registry imports those named here."""

CONNECTORS: tuple[str, ...] = (
    "connectors.asana",
    "connectors.attio",
    "connectors.github",
    "connectors.github_oauth",
    "connectors.gitlab",
    "connectors.hubspot",
    "connectors.jira",
    "connectors.linear",
    "connectors.northwind",
    "connectors.notion",
    "connectors.pipedrive",
    "connectors.salesforce",
    "connectors.todoist",
    "connectors.zoho_crm",
)
