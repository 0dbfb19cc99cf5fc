"""Hosts, the machines whose DNS client cache and ports matter: this machine and the engine's machine."""
