"""The vocabulary of FHIR R4 as plain Python values: JSON, dates, codes, references, bundles. Pure."""
