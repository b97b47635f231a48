"""Acme for Valetkey."""
