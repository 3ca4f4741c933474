"""Run the hospital that is nobody's here: the `sekmet-fhir` server, as a process of its own.

``python -m gateway.demo.sekmet_launcher serve -c settings.yaml`` is ``sekmet serve`` with one addition:
sekmet-fhir 0.1.1 stores Goal and CareTeam but defines no search parameters for them, so that
``Goal?patient=X`` would return everybody's goals. The parameters below are R4's own (seen 2026-11-22; drop
this file when a release lists them). The gateway never imports this module; it is started as a child process.
"""

from __future__ import annotations

MISSING = {
    "Goal": {
        "identifier": ("token", "identifier", None),
        "subject": ("reference", "subject", None),
        "patient": ("reference", "subject", "Patient"),
        "lifecycle-status": ("token", "lifecycleStatus", None),
    },
    "CareTeam": {
        "identifier": ("token", "identifier", None),
        "subject": ("reference", "subject", None),
        "patient": ("reference", "subject", "Patient"),
        "status": ("token", "status", None),
    },
}


def main() -> None:
    """Add what is missing, then hand over to sekmet's own command line."""
    from sekmet.cli import app
    from sekmet.fhir import search_params

    for resource_type, parameters in MISSING.items():
        known = search_params.PARAMS.setdefault(resource_type, {})
        for name, (kind, path, target) in parameters.items():
            known.setdefault(name, search_params.SearchParam(name, kind, (path,), target))
    app()


if __name__ == "__main__":
    main()
