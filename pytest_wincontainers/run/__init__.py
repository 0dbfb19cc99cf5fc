"""One run: its containers started side by side, waited for, and removed. Knows neither pytest nor pytest-xdist."""
