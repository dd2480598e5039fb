"""Settings, clock and state of a function's process; a handler builds its adapters from them."""
