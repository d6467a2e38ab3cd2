"""Referral and counter-referral: 34 moves between the one who refers and the one who receives."""
