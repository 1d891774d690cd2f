"""One window of one series: put on its grid, forecast, compared, and concluded from."""
