"""The built-in connectors, one provider a file. The registry imports the modules named here (`core/registry.py`)."""

CONNECTORS: tuple[str, ...] = ()
