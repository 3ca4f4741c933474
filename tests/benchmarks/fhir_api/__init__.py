"""What the FHIR API does in a second on one core, measured with wrk: `python -m tests.benchmarks.fhir_api`.

Every operation is measured beside a view of the same application that authenticates, answers nothing and
touches nothing else, in the same run. Then the same with ten times as many resources, and what a request
spends its time on. Nothing here fails on an absolute time.
"""
