"""Write the samples of the events, as the real functions emit them."""
