"""Cost of the hub: real requests of the deployed handlers, counted and priced."""
