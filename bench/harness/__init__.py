"""The parts of `bench/run`: processes and their clocks, the proxies, the loads, the table."""
