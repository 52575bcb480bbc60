"""Settings: flags, configs, presets and the table of attacks."""
