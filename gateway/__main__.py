"""``python -m gateway`` is the ``care-gateway`` command."""

from gateway.cli import main

main()
