"""Care Gateway: FHIR care plans and referrals between hospitals, agencies and coordinators."""
