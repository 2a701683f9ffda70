"""Files that are not on this machine: web addresses and object stores, through fsspec."""
