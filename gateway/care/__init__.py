"""The rules of care coordination: the referral's life, matching persons, consolidation, deadlines. Pure."""
