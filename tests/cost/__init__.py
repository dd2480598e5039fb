"""What the hub costs: real requests of the deployed handlers, counted and priced."""
