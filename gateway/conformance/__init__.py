"""What R4 allows and what we serve of it: types, search parameters, the shape of resources. Pure."""
