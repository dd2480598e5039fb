"""Whatever is secret stays where it belongs: marked secrets, and a look at everything that is written."""
