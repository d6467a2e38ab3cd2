"""Following patients: pathways, the engine that applies protocols, visits, referrals, worklists."""
