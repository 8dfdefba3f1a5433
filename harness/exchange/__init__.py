"""Results that leave the machine that made them: archives, merging, and doing them again."""
