"""Decoding beside other toolkits: `make bench-decode` (see `run`)."""
