"""Plans of studies: their runs, a preview, a probe, tuning, and seeds added by result."""
