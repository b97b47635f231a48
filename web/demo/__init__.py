"""The bundled demo: Northwind (a provider), Acme Assist (a chat), and the command that runs both beside the service."""
