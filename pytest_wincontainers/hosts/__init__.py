"""The machines whose own DNS client cache and ports matter: this one, and the one the engine runs on."""
