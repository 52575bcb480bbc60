"""Settings: flags, configs and presets."""
