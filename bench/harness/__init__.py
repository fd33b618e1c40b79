"""The parts of the benchmarks: processes and their clocks, the proxies, the loads, the tables."""
