"""Back-test: compare stored forecasts with the returns realised afterwards."""
