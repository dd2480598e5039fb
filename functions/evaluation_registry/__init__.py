"""Store, list and activate evaluation policies; read evaluation runs."""
