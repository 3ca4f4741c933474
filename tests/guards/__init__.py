"""Rules of the house that no single test could hold: they read the whole of gateway/."""
