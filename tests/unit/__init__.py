"""One file for each file of gateway/, in the same folders."""
