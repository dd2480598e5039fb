"""DynamoDB stores of derived reports, signals, forecasts and input notes."""
